/// How tiers come to be known, and how long what was seen of them counts.
public struct TierLimits: Hashable, Sendable {
  /// So long the size of a worker that is gone counts as one that jobs may ask for: it may come back.
  public var workerMemory = Duration.seconds(86_400)
  /// How often every controller reads the ledger, and the leader looks at the workers.
  public var interval = Duration.seconds(5)
  /// So much time is between two looks at the workers, however many submissions ask for one.
  public var lookGap = Duration.seconds(1)
  /// A size that was noted longer ago than this is noted again while a worker has it.
  public var noteAge = Duration.seconds(60)
  /// The most that an hour may cost: a million euro, so that sums stay far below what can be counted.
  public var hourMicroEuroMax: Int64 = 1_000_000_000_000

  public init() {}
}
