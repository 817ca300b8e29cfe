/// What the end of jobs did to those that waited for them. All of it is committed.
public struct Consequences: Sendable {
  /// Jobs that may run now: enqueue them.
  public var released: [UnfinishedJob] = []
  /// Jobs that ended without having run.
  public var ended: [FinishedJob] = []
  /// Batches that are closed and of which the last job ended.
  public var finishedBatches: [StoredBatch] = []
  /// Whether more is to be told to those that wait: call `Ledger.resolve` until it says that nothing is left.
  public var isIncomplete = false

  public init() {}

  public var isEmpty: Bool { released.isEmpty && ended.isEmpty && finishedBatches.isEmpty && !isIncomplete }

  mutating func add(_ other: Consequences) {
    released += other.released
    ended += other.ended
    finishedBatches += other.finishedBatches
    isIncomplete = isIncomplete || other.isIncomplete
  }
}

/// What became of a batch of outcomes, and of the jobs that waited for them.
public struct Settlement: Sendable {
  /// One for each outcome, in order.
  public var verdicts: [SettlementVerdict] = []
  public var consequences = Consequences()

  public init() {}

  mutating func add(_ other: Settlement) {
    verdicts += other.verdicts
    consequences.add(other.consequences)
  }
}
