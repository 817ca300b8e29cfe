public import StrataCore

extension MemoryLedger {
  public func requestCancel(of job: JobID) async throws(LedgerError) {
    if jobs[job]?.ended == nil { jobs[job]?.isCancelRequested = true }
  }

  public func states(of wanted: [JobID]) async throws(LedgerError) -> [JobID: JobState] {
    wanted.reduce(into: [:]) { states, job in states[job] = jobs[job]?.state }
  }

  public func unfinished(after cursor: JobID?, limit: Int) async throws(LedgerError) -> [UnfinishedJob] {
    open(after: cursor).lazy.filter { $0.state != .blocked }.prefix(page(limit)).map { unfinished($0) }
  }

  public func unfinished(after first: JobID, before last: JobID, limit: Int) async throws(LedgerError) -> [JobID] {
    open(after: first).lazy.map(\.submission.job).prefix { $0 < last }
      .filter { self.jobs[$0]?.state != .blocked }.prefix(page(limit)).map(\.self)
  }

  public func cancelling(after cursor: JobID?, limit: Int) async throws(LedgerError) -> [JobID] {
    open(after: cursor).lazy.filter(\.isCancelRequested).prefix(page(limit)).map(\.submission.job)
  }

  private func open(after cursor: JobID?) -> [KeptJob] {
    let start = cursor.map { cursor in open.firstPlace { $0 > cursor } } ?? 0
    return open[start...].compactMap { jobs[$0] }
  }

  public func countUnreadable(_ counted: [JobID]) async throws(LedgerError) {
    for job in counted where jobs[job]?.ended == nil { jobs[job]?.unreadableRestores += 1 }
  }

  public func unreadableRestores(of wanted: [JobID]) async throws(LedgerError) -> [JobID: Int] {
    wanted.reduce(into: [:]) { counts, job in
      if let kept = jobs[job], kept.ended == nil { counts[job] = kept.unreadableRestores }
    }
  }

  public func nextGeneration() async throws(LedgerError) -> QueueGeneration {
    generation += 1
    largest = FencingToken(rawValue: largest.rawValue + QueueGeneration.tokensPassed)
    return QueueGeneration(number: generation, tokenFloor: largest)
  }

  public func gates() async throws(LedgerError) -> [SharedGate] { [] }
  public func sharings() async throws(LedgerError) -> [TenantID: TenantSharing] { [:] }
  public func queueOrder() async throws(LedgerError) -> QueueOrder { QueueOrder() }
  public func isLed(_ role: LeaderRole) async throws(LedgerError) -> Bool { isLed }

  /// As `list_unfinished.sql` has it.
  func unfinished(_ kept: KeptJob) -> UnfinishedJob {
    let submission = kept.submission
    let endings = (attempts[submission.job] ?? []).map(\.item.ending)
    let wasPreempted = endings.contains(.preempted)
    return UnfinishedJob(
      order: submission.order, tier: submission.tier, priority: submission.priority,
      attemptsMax: submission.attemptsMax,
      attemptsMade: endings.count { [.succeeded, .failed, .expired].contains($0) },
      workersLost: endings.count { $0 == .expired }, isCancelRequested: kept.isCancelRequested,
      runAt: submission.runAt?.storable, startBy: wasPreempted ? nil : submission.startBy?.storable,
      priorityClass: .standard)
  }
}
