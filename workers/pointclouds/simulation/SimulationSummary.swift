/// What came of a simulation.
public struct SimulationSummary: Hashable, Codable, Sendable {
  public var points: Int
  /// How many points each class has; classes without points are left out.
  public var pointsByClass: [UInt8: Int]
  public var minimum: Vector3
  public var maximum: Vector3

  enum CodingKeys: String, CodingKey {
    case points, minimum, maximum
    case pointsByClass = "points_by_class"
  }
}

/// Counts while points are written.
struct SimulationCounter {
  private var byClass: [Int] = []

  mutating func add(_ result: PartScanner.Result) {
    if byClass.isEmpty { byClass = [Int](repeating: 0, count: result.byClass.count) }
    for index in byClass.indices { byClass[index] += result.byClass[index] }
  }

  func summary(_ header: LASHeader) -> SimulationSummary {
    let counts = byClass.enumerated().filter { $0.element > 0 }.map { (UInt8($0.offset), $0.element) }
    return SimulationSummary(
      points: Int(header.pointCount), pointsByClass: Dictionary(uniqueKeysWithValues: counts),
      minimum: header.minimum, maximum: header.maximum)
  }
}
