import StrataCore
import StrataLedger
import StrataQueue

/// The queue as the judge sees it: what is asked there and answered is noted in the same turn in which it is done.
struct WatchedQueue: QueueRelay {
  let next: any JobQueue
  let judge: Judge
  /// Of the server, which this is for.
  let life: Int

  func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    let grant = try await next.lease(request, for: duration)
    note(zip(request.completed.map { ($0.lease, .succeeded) }, grant.verdicts))
    judge.noteGranted(grant.leases, life: life)
    return grant
  }

  func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    let verdicts = try await next.complete(completions)
    note(zip(completions.map { ($0.lease, .succeeded) }, verdicts))
    return verdicts
  }

  func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    let verdicts = try await next.fail(failures)
    note(zip(failures.map { ($0.lease, $0.ending) }, verdicts))
    return verdicts
  }

  func release(_ results: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    let verdicts = try await next.release(results)
    note(zip(results.map { ($0.lease, .released) }, verdicts))
    return verdicts
  }

  private func note(_ verdicts: some Sequence<((LeaseReference, AttemptEnding), LeaseVerdict)>) {
    judge.noteAccepted(verdicts.filter { $0.1 == .accepted }.map { (lease: $0.0.0, ending: $0.0.1) }, life: life)
  }

  func outcomes(
    after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration
  ) async throws(QueueError) -> [QueuedOutcome] {
    let outcomes = try await next.outcomes(after: position, limit: limit, waitingUpTo: duration)
    judge.noteTold(outcomes, life: life)
    return outcomes
  }

  func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError) {
    try await next.acknowledge(positions)
    judge.noteAcknowledged(positions, life: life)
  }
}

/// The ledger as the judge sees it.
struct WatchedLedger: LedgerRelay {
  let next: any JobLedger
  let judge: Judge

  func settle(
    _ outcomes: [SettlementItem], releasing: @escaping Ledger.ReleaseHook
  ) async throws(LedgerError) -> Settlement {
    let settlement = try await next.settle(outcomes, releasing: releasing)
    judge.noteSettled(outcomes, settlement.verdicts, settlement.consequences)
    return settlement
  }

  func resolve(releasing: @escaping Ledger.ReleaseHook) async throws(LedgerError) -> Consequences? {
    let consequences = try await next.resolve(releasing: releasing)
    if let consequences { judge.noteSettled([], [], consequences) }
    return consequences
  }
}
