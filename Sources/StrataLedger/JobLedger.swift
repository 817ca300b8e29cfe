public import StrataCore

/// What admission, settlement and recovery ask of the ledger: the part of it that a simulation stands in for. `Ledger` keeps
/// it in PostgreSQL; `MemoryLedger` is its model, and random histories are compared between the two.
///
/// Each operation is one transaction and may be repeated. Where it throws `.disconnected`, nobody knows whether it was done.
public protocol JobLedger: Sendable {
  // MARK: Admission and settlement

  /// Prices submissions, takes their holds and stores the jobs. See `Ledger.admit`.
  func admit(_ submissions: [JobSubmission]) async throws(LedgerError) -> [AdmissionVerdict]

  /// Records ended attempts, finishes jobs, and tells those that waited for them. See `Ledger.settle`.
  func settle(
    _ outcomes: [SettlementItem], releasing: @escaping Ledger.ReleaseHook
  ) async throws(LedgerError) -> Settlement

  /// Takes one step in telling jobs of ends that they wait for; nil where nothing is left to tell. See `Ledger.resolve`.
  func resolve(releasing: @escaping Ledger.ReleaseHook) async throws(LedgerError) -> Consequences?

  /// Notes that the owner of a job wants it cancelled. Changes nothing on a finished job.
  func requestCancel(of job: JobID) async throws(LedgerError)

  // MARK: Recovery

  /// The states of those of `jobs` that the ledger knows.
  func states(of jobs: [JobID]) async throws(LedgerError) -> [JobID: JobState]

  /// Jobs that the queue should hold, oldest first, a page at a time.
  func unfinished(after cursor: JobID?, limit: Int) async throws(LedgerError) -> [UnfinishedJob]

  /// Those of them whose identifiers lie between two others, oldest first.
  func unfinished(after first: JobID, before last: JobID, limit: Int) async throws(LedgerError) -> [JobID]

  /// Unfinished jobs whose owners want them cancelled, oldest first, a page at a time.
  func cancelling(after cursor: JobID?, limit: Int) async throws(LedgerError) -> [JobID]

  /// Counts one more restoring of each of these jobs because an entry of the queue could not be read.
  func countUnreadable(_ jobs: [JobID]) async throws(LedgerError)

  /// How often each of those of `jobs` that are unfinished was restored for that.
  func unreadableRestores(of jobs: [JobID]) async throws(LedgerError) -> [JobID: Int]

  /// What a rebuilt queue begins with.
  func nextGeneration() async throws(LedgerError) -> QueueGeneration

  // MARK: What the queue is told

  /// The limits of capabilities and tiers that were ever set.
  func gates() async throws(LedgerError) -> [SharedGate]

  /// The tenants whose class, weight or limit was ever changed.
  func sharings() async throws(LedgerError) -> [TenantID: TenantSharing]

  /// What an operator wants of the queue's order.
  func queueOrder() async throws(LedgerError) -> QueueOrder

  // MARK: Leadership

  /// Whether any process leads `role` now.
  func isLed(_ role: LeaderRole) async throws(LedgerError) -> Bool
}

extension Ledger: JobLedger {}

/// What a rebuilt queue begins with.
public struct QueueGeneration: Hashable, Sendable {
  /// Greater than those of all before it, also across restarts of the database.
  public let number: UInt64
  /// What its fencing tokens are greater than: the tokens of all ended attempts, and the floors of all generations before it, by
  /// `tokensPassed`. Attempts that were lost with a queue had greater tokens than the last that ended; by ones, where the clock
  /// had been set back.
  public let tokenFloor: FencingToken

  /// More than a queue gives out between an attempt's start and its end.
  public static let tokensPassed: UInt64 = 1_000_000
}
