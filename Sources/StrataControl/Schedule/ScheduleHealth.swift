import StrataCore
public import StrataLedger

/// How the jobs of a schedule have ended lately.
public struct ScheduleHealth: Hashable, Sendable {
  /// Ended jobs that are looked at: who has failed so often in a row is broken, however often it was before.
  public static let endsMax = 20

  /// The newest job that has ended and was not cancelled.
  public let last: ScheduleEnd?
  /// How many failed, up to the newest one, since one succeeded; at most `endsMax`. What was cancelled counts neither way.
  public let failuresInARow: Int

  /// - Parameter ends: the newest first.
  public init(_ ends: [ScheduleEnd]) {
    let told = ends.filter { $0.state != .cancelled }
    last = told.first
    failuresInARow = told.prefix { $0.state == .failed }.count
  }
}
