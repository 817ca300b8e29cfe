import StrataCore
import StrataLedger

/// A ledger that has another one do everything, by way of `pass`: what lies between a program and its database.
protocol LedgerRelay: JobLedger {
  /// The next one on the way.
  var next: any JobLedger { get }

  /// Carries a call there and its answer back, or not.
  func pass<Value: Sendable>(
    _ call: @escaping @Sendable (any JobLedger) async throws(LedgerError) -> Value
  ) async throws(LedgerError) -> Value
}

extension LedgerRelay {
  func pass<Value: Sendable>(
    _ call: @escaping @Sendable (any JobLedger) async throws(LedgerError) -> Value
  ) async throws(LedgerError) -> Value {
    try await call(next)
  }

  func admit(_ submissions: [JobSubmission]) async throws(LedgerError) -> [AdmissionVerdict] {
    try await pass { ledger throws(LedgerError) in try await ledger.admit(submissions) }
  }
  func settle(
    _ outcomes: [SettlementItem], releasing: @escaping Ledger.ReleaseHook
  ) async throws(LedgerError) -> Settlement {
    try await pass { ledger throws(LedgerError) in try await ledger.settle(outcomes, releasing: releasing) }
  }
  func resolve(releasing: @escaping Ledger.ReleaseHook) async throws(LedgerError) -> Consequences? {
    try await pass { ledger throws(LedgerError) in try await ledger.resolve(releasing: releasing) }
  }
  func requestCancel(of job: JobID) async throws(LedgerError) {
    try await pass { ledger throws(LedgerError) in try await ledger.requestCancel(of: job) }
  }
  func states(of jobs: [JobID]) async throws(LedgerError) -> [JobID: JobState] {
    try await pass { ledger throws(LedgerError) in try await ledger.states(of: jobs) }
  }
  func unfinished(after cursor: JobID?, limit: Int) async throws(LedgerError) -> [UnfinishedJob] {
    try await pass { ledger throws(LedgerError) in try await ledger.unfinished(after: cursor, limit: limit) }
  }
  func unfinished(after first: JobID, before last: JobID, limit: Int) async throws(LedgerError) -> [JobID] {
    try await pass { ledger throws(LedgerError) in
      try await ledger.unfinished(after: first, before: last, limit: limit)
    }
  }
  func cancelling(after cursor: JobID?, limit: Int) async throws(LedgerError) -> [JobID] {
    try await pass { ledger throws(LedgerError) in try await ledger.cancelling(after: cursor, limit: limit) }
  }
  func countUnreadable(_ jobs: [JobID]) async throws(LedgerError) {
    try await pass { ledger throws(LedgerError) in try await ledger.countUnreadable(jobs) }
  }
  func unreadableRestores(of jobs: [JobID]) async throws(LedgerError) -> [JobID: Int] {
    try await pass { ledger throws(LedgerError) in try await ledger.unreadableRestores(of: jobs) }
  }
  func nextGeneration() async throws(LedgerError) -> QueueGeneration {
    try await pass { ledger throws(LedgerError) in try await ledger.nextGeneration() }
  }
  func gates() async throws(LedgerError) -> [SharedGate] {
    try await pass { ledger throws(LedgerError) in try await ledger.gates() }
  }
  func sharings() async throws(LedgerError) -> [TenantID: TenantSharing] {
    try await pass { ledger throws(LedgerError) in try await ledger.sharings() }
  }
  func queueOrder() async throws(LedgerError) -> QueueOrder {
    try await pass { ledger throws(LedgerError) in try await ledger.queueOrder() }
  }
  func isLed(_ role: LeaderRole) async throws(LedgerError) -> Bool {
    try await pass { ledger throws(LedgerError) in try await ledger.isLed(role) }
  }
}
