public import StrataCore

/// What becomes of occurrences that nobody was there for.
public enum MissedRunsPolicy: Hashable, Sendable {
  /// They are gone, but for one that is late by less than the tolerance.
  case skip(tolerance: Duration)
  /// The latest of them happens, now.
  case once
  /// Each of them happens, now, at most the latest so many (`limitMax` whatever is asked for).
  case all(limit: Int)

  /// As anacron(8) does: what should have happened does happen, and an outage makes no flood.
  public static let standard = MissedRunsPolicy.once
  /// More at once is a flood that the queue would have to take in one breath; a day of minutes has 1,440.
  public static let limitMax = 1_440
}

/// What a schedule asks for at an instant.
public struct CronPlan: Hashable, Sendable {
  /// Occurrences to run now, in order.
  public let runNow: [Timestamp]
  /// When to look again; nil where the schedule has no further occurrence within nine years.
  public let next: Timestamp?
}

extension CronSchedule {
  /// What to run at `now`, and when to look again.
  ///
  /// Nothing happens twice: where the clock has gone back before `last`, nothing is due until it has passed it again.
  ///
  /// - Parameter last: the latest occurrence that was run, or when that was last decided; for a schedule that is new,
  ///   when it was made.
  /// - Complexity: O(occurrences returned), however long ago `last` is.
  public func plan(after last: Timestamp, at now: Timestamp, missed: MissedRunsPolicy = .standard) -> CronPlan {
    CronPlan(
      runNow: now > last ? due(after: last, upTo: now, missed: missed) : [], next: next(after: max(last, now)))
  }
}

// As a schedule's definition has it: {"policy": "skip", "tolerance_milliseconds": 60000}, {"policy": "once"},
// {"policy": "all", "limit": 10}.
extension MissedRunsPolicy: Codable {
  private enum CodingKeys: String, CodingKey {
    case policy, limit
    case tolerance = "tolerance_milliseconds"
  }

  private enum Name: String, Codable { case skip, once, all }

  /// - Throws: `DecodingError`, also for a tolerance below 0 or a limit outside 1…`limitMax`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys, in range: ClosedRange<Int64>) throws -> Int64 {
      let value = try container.decode(Int64.self, forKey: key)
      guard range.contains(value) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container,
          debugDescription: "'\(key.rawValue)' is \(value); give \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    switch try container.decode(Name.self, forKey: .policy) {
    case .skip: self = .skip(tolerance: .milliseconds(try number(.tolerance, in: 0...86_400_000)))
    case .once: self = .once
    case .all: self = .all(limit: Int(try number(.limit, in: 1...Int64(Self.limitMax))))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .skip(let tolerance):
      try container.encode(Name.skip, forKey: .policy)
      try container.encode(tolerance.milliseconds, forKey: .tolerance)
    case .once: try container.encode(Name.once, forKey: .policy)
    case .all(let limit):
      try container.encode(Name.all, forKey: .policy)
      try container.encode(limit, forKey: .limit)
    }
  }
}
