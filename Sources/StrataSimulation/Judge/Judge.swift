import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Synchronization

/// Looks at what goes over the counters of both servers and at what workers do, keeps its own account of it, and says what
/// breaks a promise. It asks nobody whom it judges.
final class Judge: Sendable {
  /// What the queue has done that it still knows: where it loses its last seconds, so does this.
  struct Seen: Sendable {
    /// The last lease of each job.
    var leases: [JobID: LeaseReference] = [:]
    /// Where the end of each lease was told.
    var ends: [LeaseReference: OutcomePosition] = [:]
    /// Whose outcome was told at each position.
    var told: [OutcomePosition: Ended] = [:]
    /// Jobs that a worker has finished.
    var succeeded: Set<JobID> = []
  }

  /// An attempt that has ended, or a job that never ran.
  struct Ended: Hashable, Sendable {
    let job: JobID
    let token: FencingToken
  }

  /// An attempt that a worker runs.
  struct Running: Sendable {
    let lease: LeaseReference
    let program: Program
    let keeper: LeaseKeeperView
  }

  /// Until when a worker takes the lease for its own.
  typealias LeaseKeeperView = @Sendable () -> Timekeeper.Instant?

  struct State {
    var seen = Seen()
    /// Which life of the queue's server this is.
    var life = 0
    var violations: [Violation] = []
    var acknowledged: Set<JobID> = []
    var refused = 0
    /// All leases that ever were granted.
    var granted: Set<LeaseReference> = []
    var largest = FencingToken(rawValue: 0)
    var settled: [JobID: Int] = [:]
    /// Of which the ledger has been told.
    var settledEnds: Set<Ended> = []
    var running: [LeaseReference: Running] = [:]
    /// What workers said of their leases, and the queue accepted: more than one thing where it has lost the first.
    var accepted: [LeaseReference: Set<AttemptEnding>] = [:]
    /// How often the queue lost anything.
    var losses = 0
    /// Whether something has happened after which a job may be run twice at once.
    var mayRepeat = false
    /// Whether something has happened after which a job may be enqueued that has ended (docs/operations.md).
    var mayEnterLate = false
    /// Whether the clock of the queue was ever set, and how often it lost all.
    var (wasClockSet, totalLosses) = (false, 0)
  }

  let engine: Engine
  let state = Mutex(State())

  init(_ engine: Engine) { self.engine = engine }

  /// More would tell nothing new.
  private static let violationsMax = 20

  func note(_ promise: Violation.Promise, _ what: String) {
    state.withLock { state in
      if state.violations.count < Self.violationsMax { state.violations.append(Violation(promise, what)) }
    }
  }

  var violations: [Violation] { state.withLock(\.violations) }

  // MARK: Clients

  func noteAcknowledged(_ job: JobID) { state.withLock { _ = $0.acknowledged.insert(job) } }
  func noteRefused() { state.withLock { $0.refused += 1 } }

  // MARK: Servers

  var seen: Seen { state.withLock(\.seen) }
  var life: Int { state.withLock(\.life) }

  /// The queue knows no more than this.
  func lose(to seen: Seen, _ loss: QueueServer.Loss) {
    state.withLock { state in
      state.seen = seen
      state.life += 1
      guard loss != .nothing else { return }
      state.losses += 1
      if loss == .everything { state.totalLosses += 1 }
      state.mayRepeat = true
    }
  }

  /// From now on a job may be run by two at once.
  func noteMayRepeat() { state.withLock { $0.mayRepeat = true } }

  /// From now on a job may be enqueued that has ended.
  func noteMayEnterLate() { state.withLock { $0.mayEnterLate = true } }

  /// The clock of the queue's server was set.
  func noteClockSet() { state.withLock { ($0.mayRepeat, $0.wasClockSet) = (true, true) } }

  func noteGranted(_ leases: [Lease], life: Int) {
    guard let token = leases.first?.token else { return }
    let now = engine.now
    let found = state.withLock { state -> [Violation] in
      guard state.life == life else { return [] }
      var found: [Violation] = []
      // A queue that has lost what it had, and whose clock was set, knows no better; but none may be given out twice.
      if token <= state.largest, !(state.wasClockSet && state.losses > 0) {
        found.append(Violation(.tokens, "\(token.rawValue) was granted after \(state.largest.rawValue)"))
      }
      state.largest = max(state.largest, token)
      for lease in leases {
        if !state.granted.insert(lease.reference).inserted, !(state.wasClockSet && state.totalLosses > 1) {
          found.append(Violation(.tokens, "\(lease.job.id): \(token.rawValue) was granted twice"))
        }
        state.seen.leases[lease.job.id] = lease.reference
        if state.seen.succeeded.contains(lease.job.id), !state.mayEnterLate {
          found.append(Violation(.again, "\(lease.job.id) was granted, and had succeeded"))
        }
        // A queue that lost the end of an attempt gives it once more, and the ledger has counted both.
        if lease.attempt > lease.job.attemptsMax + state.losses {
          found.append(Violation(.attempts, "attempt \(lease.attempt) of \(lease.job.id) was granted"))
        }
        if !state.mayRepeat, let other = state.owner(of: lease.job.id, but: lease.worker, at: now) {
          found.append(Violation(.alone, "\(lease.job.id) was granted while \(other) owned and ran it"))
        }
      }
      return found
    }
    for violation in found { note(violation.promise, violation.what) }
  }

  /// - Parameter ended: leases, with what their worker said of each; what was stale is not among them.
  func noteAccepted(_ ended: [(lease: LeaseReference, ending: AttemptEnding)], life: Int) {
    for (lease, ending) in ended {
      let isLast = state.withLock { state -> Bool in
        guard state.life == life else { return true }
        state.accepted[lease, default: []].insert(ending)
        if ending == .succeeded { state.seen.succeeded.insert(lease.job) }
        return state.seen.leases[lease.job] == lease
      }
      if !isLast {
        note(.fenced, "\(lease.job): \(ending) was accepted of token \(lease.token.rawValue), which was over")
      }
    }
  }

  func noteTold(_ outcomes: [QueuedOutcome], life: Int) {
    for outcome in outcomes {
      let end = Ended(job: outcome.job, token: outcome.token)
      state.withLock { if $0.life == life { $0.seen.told[outcome.position] = end } }
      guard let worker = outcome.worker, outcome.token.rawValue > 0 else { continue }
      let lease = LeaseReference(job: outcome.job, worker: worker, token: outcome.token)
      let isAgain = state.withLock { state -> Bool in
        guard state.life == life else { return false }
        let known = state.seen.ends[lease] ?? outcome.position
        state.seen.ends[lease] = known
        return known != outcome.position
      }
      if isAgain { note(.fenced, "\(outcome.job): the lease with token \(outcome.token.rawValue) has ended twice") }
    }
  }

  func noteAcknowledged(_ positions: [OutcomePosition], life: Int) {
    for position in positions {
      let unsettled = state.withLock { state -> Ended? in
        guard state.life == life, let end = state.seen.told[position] else { return nil }
        return state.settledEnds.contains(end) ? nil : end
      }
      if let unsettled { note(.settledFirst, "\(unsettled.job): an outcome was acknowledged that was not settled") }
    }
  }

  func noteSettled(_ items: [SettlementItem], _ verdicts: [SettlementVerdict], _ consequences: Consequences) {
    state.withLock { $0.settledEnds.formUnion(items.map { Ended(job: $0.job, token: $0.token) }) }
    let finished =
      verdicts.compactMap { if case .settled(let job) = $0 { job.job } else { nil } } + consequences.ended.map(\.job)
    for job in finished {
      let count = state.withLock { state in
        state.settled[job, default: 0] += 1
        return state.settled[job] ?? 0
      }
      if count > 1 { note(.settledOnce, "\(job) was settled \(count) times") }
    }
  }

  // MARK: Workers

  func noteRunning(_ attempt: Running) { state.withLock { $0.running[attempt.lease] = attempt } }
  func noteEnded(_ lease: LeaseReference) { state.withLock { $0.running[lease] = nil } }
}

extension Judge.State {
  /// Which program runs a job and takes itself for the owner of its lease.
  fileprivate func owner(of job: JobID, but worker: WorkerID, at now: Timekeeper.Instant) -> String? {
    running.values.first { attempt in
      attempt.lease.job == job && attempt.lease.worker != worker && attempt.program.isAlive
        && (attempt.keeper().map { $0 > now } ?? false)
    }?.program.name
  }
}
