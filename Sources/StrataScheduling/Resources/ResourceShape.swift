/// What a job takes of a worker, rounded up to one of a bounded set of shapes, so that jobs of equal shape can wait in
/// one line.
///
/// Each dimension has two steps per octave: 1, 1.5, 2, 3, 4, 6, 8, 12, … times its unit (a core, a GiB, a GPU), up and
/// down, so that the sizes people ask for are exact. A job is given less than 1.5 times what it asked for in each
/// dimension (1.2 times on average, were sizes spread evenly over an octave), or a dimension's floor where it asked for
/// less than that. GPUs are shared in steps down to an eighth; above one they are whole, so that 1.1 become 2.
///
/// | | floor | greatest | steps |
/// | --- | --- | --- | --- |
/// | cpu | 63 millicores (1/16) | 1,024 cores | 29 |
/// | memory | 64 MiB | 16 TiB | 37 |
/// | gpu | 0, then 125 thousandths (1/8) | 1,024 | 27 |
public struct ResourceShape: Hashable, Sendable {
  public let amounts: ResourceAmounts

  /// The smallest shape that covers `request`.
  ///
  /// - Parameter largest: what the largest worker has that may run it. A step never leads past it where the request
  ///   itself does not: 18 cores become the 20 of the largest worker, not 24 that nobody has. This adds at most one
  ///   step to each dimension.
  /// - Throws: `ResourceShapeError` where an amount is negative or past the greatest step.
  public init(covering request: ResourceAmounts, largest: ResourceAmounts? = nil) throws(ResourceShapeError) {
    var amounts = ResourceAmounts()
    for dimension in ResourceDimension.allCases {
      let asked = request[dimension]
      guard asked >= 0 else { throw .negative(dimension, asked) }
      guard let step = Self.steps(of: dimension).first(where: { $0 >= asked }) else {
        throw .tooLarge(dimension, asked: asked, greatest: Self.steps(of: dimension).last ?? 0)
      }
      let ceiling = largest.map { $0[dimension] } ?? step
      amounts[dimension] = asked <= ceiling ? min(step, ceiling) : step
    }
    self.amounts = amounts
  }

  public func fits(within capacity: ResourceAmounts) -> Bool { amounts.fits(within: capacity) }

  /// All sizes of one dimension, ascending.
  public static func steps(of dimension: ResourceDimension) -> [Int64] {
    switch dimension {
    case .cpu: cpuSteps
    case .memory: memorySteps
    case .gpu: gpuSteps
    }
  }

  private static let cpuSteps = steps(unit: 1_000, octaves: -4...10)
  private static let memorySteps = steps(unit: 1 << 30, octaves: -4...14)
  /// A job on one and a half GPUs would need two devices anyway.
  private static let gpuSteps = [0] + steps(unit: 1_000, octaves: -3...10).filter { $0 <= 1_000 || $0 % 1_000 == 0 }

  /// `unit` · 2^n and `unit` · 1.5 · 2^n, rounded up to whole numbers; the last octave gives only its beginning.
  private static func steps(unit: Int64, octaves: ClosedRange<Int>) -> [Int64] {
    octaves.flatMap { octave -> [Int64] in
      let halves = octave == octaves.upperBound ? [2] : [2, 3] as [Int64]
      // In units of 1/32, so that the smallest octave loses nothing before it is rounded.
      return halves.map { (unit * $0 << (octave + 4) + 31) >> 5 }
    }
  }
}

/// Why a request has no shape.
public enum ResourceShapeError: Error, Hashable, Sendable {
  case negative(ResourceDimension, Int64)
  case tooLarge(ResourceDimension, asked: Int64, greatest: Int64)
}

extension ResourceShapeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .negative(let dimension, let asked): "\(dimension.text(of: asked)) is less than none; give 0 or more"
    case .tooLarge(let dimension, let asked, let greatest):
      "\(dimension.text(of: asked)) is too much; at most \(dimension.text(of: greatest)) can be had"
    }
  }
}
