/// A job's importance among those of its tenant, 0 (least) to 100 (most); 50 unless said otherwise. Higher runs first.
public struct JobPriority: RawRepresentable, Hashable, Comparable, Codable, Sendable {
  public let rawValue: Int

  /// - Returns: nil outside 0…100.
  public init?(rawValue: Int) {
    guard (0...100).contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  private init(known: Int) { rawValue = known }

  public static let standard = JobPriority(known: 50)
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// How important the jobs of a plan are beside those of others, 0 (least) to 9 (most): all jobs of a higher class go
/// before those of a lower one.
public struct PriorityClass: RawRepresentable, Hashable, Comparable, Codable, Sendable {
  public let rawValue: Int

  /// - Returns: nil outside 0…9.
  public init?(rawValue: Int) {
    guard (0...9).contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  private init(known: Int) { rawValue = known }

  public static let standard = PriorityClass(known: 4)
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
