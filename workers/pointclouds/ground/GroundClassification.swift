/// The classes of the LAS specification that this library reads or writes.
public enum PointClass {
  public static let unclassified: UInt8 = 1
  public static let ground: UInt8 = 2
  public static let lowNoise: UInt8 = 7
  public static let highNoise: UInt8 = 18

  static func isNoise(_ class: UInt8) -> Bool { `class` == lowNoise || `class` == highNoise }
}

/// Which points are ground.
public struct GroundClassification: Sendable {
  /// The new class of each point: ground 2, noise as it was (7, 18), all others 1.
  public let classes: [UInt8]
  public let groundCount: Int
  public let frame: GridFrame
}

extension PointCloud {
  /// Finds the ground by the simple morphological filter.
  ///
  /// - Parameters:
  ///   - parameters: with lengths in the unit of the coordinates, whatever `lengthUnit` says.
  ///   - progress: told how far the work is, 0 to 1, on the caller's thread; answers whether to go on.
  /// - Throws: `invalidParameter`, `empty`, `limitExceeded`, `cancelled`.
  /// - Complexity: O(points + cells × (window / cell)²) time, about 60 bytes per cell.
  public func classifyGround(
    _ parameters: GroundParameters, threads: Int = 1, progress: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) -> GroundClassification {
    try classifyGround(Positions(self, threads: threads), parameters, threads: threads, progress: progress)
  }

  func classifyGround(
    _ positions: Positions, _ parameters: GroundParameters, threads: Int, progress: (Double) -> Bool
  ) throws(PointCloudError) -> GroundClassification {
    try classifyGround(positions, .simple(parameters), threads: threads, progress: progress)
  }

  /// For each point, whether it may be ground.
  func candidates(_ classes: [UInt8], _ returns: GroundParameters.Returns, threads: Int) -> [Bool] {
    guard returns == .last else { return classes.map { !PointClass.isNoise($0) } }
    let numbers = returnNumbers(threads: threads)
    let counts = returnCounts(threads: threads)
    return classes.indices.map { index in
      let isLast = numbers[index] >= counts[index] || numbers[index] == 0
      return isLast && !PointClass.isNoise(classes[index])
    }
  }
}
