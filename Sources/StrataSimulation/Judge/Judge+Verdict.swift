import StrataCore
import StrataLedger
import StrataQueue
import Synchronization

// What is looked at when all is over.
extension Judge {
  /// Compares what clients and workers were told with what the ledger has, and looks whether anything is left.
  func look(at ledger: MemoryLedger, _ queue: MemoryQueue) async {
    await look(at: queue)
    let (records, breaches) = (await ledger.records, await ledger.breaches())
    for breach in breaches { note(.books, breach) }
    let stored = Dictionary(records.map { ($0.job, $0) }) { first, _ in first }
    for job in state.withLock(\.acknowledged).sorted() where stored[job] == nil {
      note(.kept, "\(job) was acknowledged and is not in the ledger")
    }
    for record in records { check(record) }
  }

  /// Looks whether anything is left.
  private func look(at queue: MemoryQueue) async {
    if (try? await queue.generation()) ?? nil == nil { note(.ended, "the queue is lost, and was not rebuilt") }
    let outcomes = (try? await queue.outcomes(after: nil, limit: 1, waitingUpTo: .zero)) ?? []
    let held = (try? await queue.page(after: nil, limit: 10))?.jobs ?? []
    if !outcomes.isEmpty { note(.ended, "an outcome was left in the queue: \(outcomes)") }
    if !held.isEmpty {
      let (now, statuses) = (try? await queue.time().now, (try? await queue.status(of: held)) ?? [])
      note(
        .ended, "the queue has \(held.count) jobs left at \(now.map { "\($0)" } ?? "?"): \(statuses.compactMap(\.self))"
      )
    }
  }

  private func check(_ record: MemoryLedger.Record) {
    let (settled, losses) = state.withLock { ($0.settled[record.job] ?? 0, $0.losses) }
    if !record.state.isFinal { note(.ended, "\(record.job) is \(record.state)") }
    if record.state.isFinal, settled != 1 { note(.settledOnce, "\(record.job) was settled \(settled) times") }
    let counted = record.attempts.count { [.succeeded, .failed, .expired].contains($0.ending) }
    // A queue that lost the end of an attempt gives it once more.
    if counted > record.attemptsMax + losses {
      note(.attempts, "\(record.job) had \(counted) attempts, of \(record.attemptsMax)")
    }
    for attempt in record.attempts { check(attempt, of: record.job) }
    let hasSuccess = state.withLock { state in
      state.accepted.contains { $0.key.job == record.job && $0.value.contains(.succeeded) }
    }
    if record.state == .succeeded, !hasSuccess { note(.outcome, "\(record.job) succeeded, and no worker has said so") }
  }

  private func check(_ attempt: MemoryLedger.Attempt, of job: JobID) {
    guard let worker = attempt.worker else {
      return note(.fenced, "\(job): an attempt of nobody was recorded")
    }
    let lease = LeaseReference(job: job, worker: worker, token: attempt.token)
    let (isGranted, said) = state.withLock { ($0.granted.contains(lease), $0.accepted[lease]) }
    if !isGranted {
      note(.fenced, "\(job): an attempt with token \(attempt.token.rawValue), never granted, was recorded")
    }
    // What nobody said is what the queue ended by itself: leases that were lost, grants that nobody got, and jobs that their
    // owners have cancelled, however their attempts ended.
    let isByQueue = [.expired, .released, .cancelled].contains(attempt.ending)
    let isOwn = isByQueue || said?.contains(attempt.ending) == true
    if !isOwn { note(.outcome, "\(job): recorded as \(attempt.ending), said was \(said.map { "\($0)" } ?? "nothing")") }
  }
}
