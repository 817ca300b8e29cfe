import StrataCore
import StrataLedger
import StrataQueue

/// A rule that is broken on purpose, to show that the simulation would find it.
package enum Mutation: String, Sendable, CaseIterable {
  /// A report is taken whatever token it names.
  case tokenUnchecked = "token-unchecked"
  /// A failed job is tried again as often as it fails.
  case attemptsUnbounded = "attempts-unbounded"
  /// A lease is over sooner than its worker was told.
  case leaseShorter = "lease-shorter"
  /// An outcome is acknowledged before its settlement is committed.
  case acknowledgedEarly = "acknowledged-early"
  /// A queue that was lost is declared complete without its jobs.
  case restoredNothing = "restored-nothing"
  /// A job is acknowledged, now and then, that is not committed.
  case acceptedEarly = "accepted-early"
  /// An attempt that is recorded already is not known again.
  case attemptUnknown = "attempt-unknown"

  /// What it makes of the queue; nil where it breaks a rule elsewhere.
  func queue(_ queue: MemoryQueue) -> (any JobQueue)? {
    switch self {
    case .tokenUnchecked: UnfencedQueue(next: queue)
    case .attemptsUnbounded: PatientQueue(next: queue)
    case .leaseShorter: HastyQueue(next: queue)
    case .restoredNothing: EmptyQueue(next: queue)
    case .acknowledgedEarly, .acceptedEarly, .attemptUnknown: nil
    }
  }

  /// What it makes of what programs ask of the queue, before the judge sees it.
  func asked(_ queue: any JobQueue) -> any JobQueue {
    self == .acknowledgedEarly ? ForgetfulQueue(next: queue) : queue
  }

  /// What it makes of the ledger; nil where it breaks a rule elsewhere.
  func ledger(_ ledger: MemoryLedger, _ engine: Engine) -> (any JobLedger)? {
    switch self {
    case .acceptedEarly: HastyLedger(next: ledger, engine: engine)
    case .attemptUnknown: DoubleLedger(next: ledger, engine: engine)
    default: nil
    }
  }
}

private struct UnfencedQueue: QueueRelay {
  let next: any JobQueue

  func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    var current: [AttemptFailure] = []
    for failure in failures {
      current.append(
        AttemptFailure(
          lease: try await now(failure.lease), ending: failure.ending, isRetryable: failure.isRetryable,
          retryDelay: failure.retryDelay, report: failure.report))
    }
    return try await next.fail(current)
  }

  func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    var current: [AttemptResult] = []
    for result in completions {
      current.append(AttemptResult(lease: try await now(result.lease), report: result.report))
    }
    return try await next.complete(current)
  }

  func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    let verdicts = try await complete(request.completed)
    let grant = try await next.lease(
      LeaseRequest(
        worker: request.worker, tiers: request.tiers, count: request.count, room: request.room,
        wholeRoom: request.wholeRoom, dedication: request.dedication), for: duration)
    return LeaseGrant(leases: grant.leases, deadline: grant.deadline, verdicts: verdicts)
  }

  /// The lease that its job has now.
  private func now(_ lease: LeaseReference) async throws(QueueError) -> LeaseReference {
    guard case .leased(let status)? = try await next.status(of: [lease.job]).first ?? nil else { return lease }
    return LeaseReference(job: lease.job, worker: status.worker, token: status.token)
  }
}

private struct PatientQueue: QueueRelay {
  let next: any JobQueue

  func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    try await next.enqueue(jobs.map(\.withoutBound))
  }
}

private struct HastyQueue: QueueRelay {
  let next: any JobQueue

  func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    try await next.lease(request, for: duration / 4)
  }

  func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration, place: String
  ) async throws(QueueError) -> HeartbeatReply {
    try await next.heartbeat(worker: worker, held: held, for: duration / 4, place: place)
  }
}

private struct ForgetfulQueue: QueueRelay {
  let next: any JobQueue

  func outcomes(
    after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration
  ) async throws(QueueError) -> [QueuedOutcome] {
    let outcomes = try await next.outcomes(after: position, limit: limit, waitingUpTo: duration)
    try await next.acknowledge(outcomes.map(\.position))
    return outcomes
  }
}

private struct EmptyQueue: QueueRelay {
  let next: any JobQueue

  func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] { jobs.map { _ in .enqueued } }
}

private struct HastyLedger: LedgerRelay {
  let next: any JobLedger
  let engine: Engine

  func admit(_ submissions: [JobSubmission]) async throws(LedgerError) -> [AdmissionVerdict] {
    guard submissions.count == 1, engine.happens(onceIn: 20) else { return try await next.admit(submissions) }
    return submissions.map {
      .accepted(AcceptedJob(job: $0.job, state: .queued, held: .zero, createdAt: $0.createdAt))
    }
  }
}

private struct DoubleLedger: LedgerRelay {
  let next: any JobLedger
  let engine: Engine

  func settle(
    _ outcomes: [SettlementItem], releasing: @escaping Ledger.ReleaseHook
  ) async throws(LedgerError) -> Settlement {
    let changed = outcomes.map { outcome in
      var changed = outcome
      if outcome.token.rawValue > 0, engine.happens(onceIn: 20) {
        changed.token = FencingToken(rawValue: outcome.token.rawValue + 1)
      }
      return changed
    }
    return try await next.settle(changed, releasing: releasing)
  }
}

extension QueuedJob {
  fileprivate var withoutBound: QueuedJob {
    QueuedJob(
      id: id, tenant: tenant, lane: lane, priority: priority, attemptsMax: 1_000, attemptsMade: attemptsMade,
      workersLost: workersLost, notBefore: notBefore, startBy: startBy, isPreemptible: isPreemptible, payload: payload)
  }
}
