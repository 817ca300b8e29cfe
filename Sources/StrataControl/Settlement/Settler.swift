import FoundationEssentials
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Synchronization

/// Carries outcomes from the queue to the ledger (③): settled first, acknowledged after, so that whatever happens in
/// between is repeated. Settlement is exact under repetition.
final class Settler: Sendable {
  /// Outcomes of one transaction.
  static let batchMax = 500

  private let ledger: Ledger
  private let queue: any JobQueue
  private let log: Log
  private let lastPass = Mutex(ContinuousClock.now)

  init(ledger: Ledger, queue: any JobQueue, log: Log) {
    self.ledger = ledger
    self.queue = queue
    self.log = log
  }

  /// How long ago the settler last found its queue answering and everything read settled.
  var sinceLastPass: Duration { ContinuousClock.now - lastPass.withLock { $0 } }

  /// Settles until the task is cancelled. Outages of either side are waited out; nothing is skipped.
  func run() async {
    var position: OutcomePosition?
    var backoff = Backoff()
    while !Task.isCancelled {
      do {
        position = try await settleNext(after: position, waitingUpTo: .seconds(5)) ?? position
        lastPass.withLock { $0 = .now }
        backoff.reset()
      } catch {
        if Task.isCancelled { return }
        log.warning("settlement interrupted; it is repeated", ["error": "\(error)"])
        position = nil
        await backoff.pause()
      }
    }
  }

  /// Settles everything that waits now.
  func drain() async throws {
    var position: OutcomePosition?
    while let next = try await settleNext(after: position, waitingUpTo: .zero) { position = next }
  }

  /// - Returns: the position of the last outcome settled; nil where there was none.
  private func settleNext(after position: OutcomePosition?, waitingUpTo duration: Duration) async throws
    -> OutcomePosition?
  {
    let outcomes = try await queue.outcomes(after: position, limit: Self.batchMax, waitingUpTo: duration)
    guard let last = outcomes.last else { return nil }
    CrashPoint.betweenOutcomeAndSettlement.reached()
    let verdicts = try await ledger.settle(outcomes.map { SettlementItem($0, report: report(of: $0)) })
    CrashPoint.betweenSettlementAndAcknowledgement.reached()
    try await announce(outcomes, verdicts)
    let settled = zip(outcomes, verdicts).filter { isDone($0.0, $0.1) }
    try await queue.acknowledge(settled.map(\.0.position))
    return last.position
  }

  /// Whether nothing is left to do for an outcome. A refused one stays in the queue's log, for the operator to see.
  private func isDone(_ outcome: QueuedOutcome, _ verdict: SettlementVerdict) -> Bool {
    switch verdict {
    case .settled, .recorded, .alreadySettled: return true
    case .unknownJob:
      log.error("outcome of a job that the ledger does not know", ["job": "\(outcome.job)"])
      return true
    case .refused(let reason):
      log.error("outcome that the ledger refuses; it is kept", ["job": "\(outcome.job)", "reason": reason])
      return false
    }
  }

  /// Tells the watchers. That a server forgot its past must not hold up settlement.
  private func announce(_ outcomes: [QueuedOutcome], _ verdicts: [SettlementVerdict]) async throws {
    let notices = finished(verdicts) + (try await finishedBefore(outcomes, verdicts))
    guard !notices.isEmpty else { return }
    do {
      try await queue.announce(notices)
    } catch QueueError.lost {
      log.warning("finished jobs not announced: the queue is being rebuilt", ["jobs": "\(notices.count)"])
    }
  }

  /// Jobs that were settled before, perhaps by this very call, whose answer got lost: nobody may have been told.
  private func finishedBefore(_ outcomes: [QueuedOutcome], _ verdicts: [SettlementVerdict]) async throws
    -> [FinishedNotice]
  {
    var repeated: [JobID] = []
    for (outcome, verdict) in zip(outcomes, verdicts) where outcome.isFinal && verdict == .alreadySettled {
      repeated.append(outcome.job)
    }
    guard !repeated.isEmpty else { return [] }
    var notices: [FinishedNotice] = []
    for (job, state) in try await ledger.states(of: repeated) where state.isFinal {
      notices.append(FinishedNotice(job: job, state: state))
    }
    return notices
  }

  private func finished(_ verdicts: [SettlementVerdict]) -> [FinishedNotice] {
    verdicts.compactMap {
      if case .settled(let job) = $0 { FinishedNotice(job: job.job, state: job.state) } else { nil }
    }
  }

  /// A report that cannot be read must not keep its job from ending: it counts as a report of nothing used.
  private func report(of outcome: QueuedOutcome) -> AttemptReport? {
    guard !outcome.report.isEmpty else { return nil }
    do {
      return try JSONDecoder().decode(AttemptReport.self, from: Data(outcome.report))
    } catch {
      log.error("a worker's report cannot be read", ["job": "\(outcome.job)", "error": "\(error)"])
      return nil
    }
  }
}

extension SettlementItem {
  init(_ outcome: QueuedOutcome, report: AttemptReport?) {
    self.init(
      job: outcome.job, token: outcome.token, worker: outcome.worker, ending: outcome.ending,
      isFinal: outcome.isFinal, startedAt: outcome.startedAt, endedAt: outcome.endedAt, report: report)
  }
}
