public import StrataCore

/// So much of each resource: what a job asks for, what a worker has, or what is left of it.
public struct ResourceAmounts: Hashable, Sendable {
  /// Thousandths of a core.
  public var cpuMillicores: Int64
  public var memoryBytes: Int64
  /// Thousandths of a GPU.
  public var gpuThousandths: Int64

  public init(cpuMillicores: Int64 = 0, memoryBytes: Int64 = 0, gpuThousandths: Int64 = 0) {
    self.cpuMillicores = cpuMillicores
    self.memoryBytes = memoryBytes
    self.gpuThousandths = gpuThousandths
  }

  public init(_ request: ResourceRequest) {
    self.init(
      cpuMillicores: request.cpuMillicores, memoryBytes: request.memoryBytes, gpuThousandths: request.gpuThousandths)
  }

  public subscript(dimension: ResourceDimension) -> Int64 {
    get {
      switch dimension {
      case .cpu: cpuMillicores
      case .memory: memoryBytes
      case .gpu: gpuThousandths
      }
    }
    set {
      switch dimension {
      case .cpu: cpuMillicores = newValue
      case .memory: memoryBytes = newValue
      case .gpu: gpuThousandths = newValue
      }
    }
  }

  /// Whether `capacity` has enough of everything.
  public func fits(within capacity: Self) -> Bool { lacking(in: capacity).isEmpty }

  /// What `capacity` has too little of.
  public func lacking(in capacity: Self) -> [ResourceDimension] {
    ResourceDimension.allCases.filter { self[$0] > capacity[$0] }
  }

  /// What people read of all that is not zero: `2 cores and 1 GiB of memory`.
  public var words: String { words(of: ResourceDimension.allCases.filter { self[$0] > 0 }) }

  /// The same of these alone, zero or not.
  public func words(of dimensions: [ResourceDimension]) -> String {
    let parts = dimensions.map { $0.text(of: self[$0]) }
    return parts.count < 2
      ? parts.joined() : parts.dropLast().joined(separator: ", ") + " and \(parts[parts.count - 1])"
  }
}

/// One kind of resource.
public enum ResourceDimension: String, Hashable, Sendable, CaseIterable {
  case cpu, memory, gpu

  /// What people read: `1.5 cores`, `2 GiB of memory`, `0.25 of a GPU`, `4 GPUs`.
  public func text(of amount: Int64) -> String {
    switch self {
    case .cpu: "\(Self.thousandths(amount)) \(amount == 1_000 ? "core" : "cores")"
    case .memory: "\(Self.binary(amount)) of memory"
    case .gpu:
      "\(Self.thousandths(amount)) \((1..<1_000).contains(amount) ? "of a GPU" : amount == 1_000 ? "GPU" : "GPUs")"
    }
  }

  private static func thousandths(_ amount: Int64) -> String {
    MicroAmount<Never>(micros: Int64(clamping: Int128(amount) * 1_000)).description
  }

  /// In the largest unit that leaves a whole number. Of what is no whole number of MiB, such as all of a machine's
  /// memory, the whole ones count.
  private static func binary(_ amount: Int64) -> String {
    let bytes = amount < 64 << 20 ? amount : amount & ~((1 << 20) - 1)
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")]
    let unit = units.first { bytes != 0 && bytes & ((1 << $0.0) - 1) == 0 }
    return unit.map { "\(bytes >> $0.0) \($0.1)" } ?? "\(bytes) bytes"
  }
}
