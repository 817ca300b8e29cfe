import FoundationEssentials

/// What there is to tell of a stage that was run over a tile, or over several.
struct StageAccount: Codable, Sendable {
  var pointsBefore = 0
  var pointsAfter = 0
  var facts: [String: StageValue] = [:]
  var warnings: [String] = []
  /// Over all threads.
  var seconds = 0.0

  /// Bytes of what one stage may have to tell of a tile, and how many warnings.
  private static let bytesMax = 1 << 14
  private static let warningsMax = 16
  /// Thirty years.
  private static let secondsMax = 1e9

  mutating func add(_ other: Self) {
    pointsBefore += other.pointsBefore
    pointsAfter += other.pointsAfter
    seconds += other.seconds
    facts.merge(other.facts) { one, other in
      guard case .integer(let one) = one, case .integer(let other) = other else { return one }
      return .integer(one + other)
    }
    warnings += other.warnings.filter { !warnings.contains($0) }
  }

  /// Accounts as JSON, behind the number of its bytes.
  static func append(_ accounts: [StageAccount], to bytes: inout [UInt8]) throws(PointCloudError) {
    let json = try summaryJSON(accounts)
    bytes.append(UInt32(json.count))
    bytes += json
  }

  /// - Parameters:
  ///   - stages: how many accounts there are.
  ///   - points: of the tile.
  /// - Throws: `corrupt`, naming the place.
  static func read(
    stages: Int, points: Int, from bytes: inout FindingReader
  ) throws(PointCloudError) -> [StageAccount] {
    let length = Int(try bytes.number(UInt32.self))
    guard length <= bytesMax * stages else { throw bytes.corrupt("\(length) bytes of what is told") }
    let json = try bytes.bytes(length)
    guard let told = try? JSONDecoder().decode([StageAccount].self, from: Data(json)), told.count == stages,
      told.allSatisfy({ $0.isPlausible(points: points) })
    else { throw bytes.corrupt("no account of \(stages) stages") }
    return told
  }

  /// Whether it can be of so many points: what is counted of many tiles is to be summed.
  private func isPlausible(points: Int) -> Bool {
    let counts =
      [pointsBefore, pointsAfter] + facts.values.compactMap { if case .integer(let count) = $0 { count } else { nil } }
    return counts.allSatisfy { (0...points).contains($0) } && (0...Self.secondsMax).contains(seconds)
      && warnings.count <= Self.warningsMax
  }
}
