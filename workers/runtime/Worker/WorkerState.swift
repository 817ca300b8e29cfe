package import StrataCore
package import StrataQueue

/// Decides what a worker does next: which leases it holds, when it asks for more, whom it stops. `Worker` acts.
package struct WorkerState: Sendable {
  package enum Phase: Hashable, Sendable {
    /// Leases and runs. Can transition to: `draining`.
    case working
    /// Leases nothing, lets run what runs. Can transition to: `handingBack`, `stopped`.
    case draining
    /// Ends what runs and returns its leases. Can transition to: `stopped`.
    case handingBack
    /// Nothing is held. Final.
    case stopped
  }

  package enum Event: Hashable, Sendable {
    /// There may be work: at the start, on the queue's signal, and after the queue was away.
    case mayHaveWork
    case granted([Lease], asked: Int, ownedUntil: ContinuousClock.Instant, now: ContinuousClock.Instant)
    /// The queue did not answer; the shell waits before it says `mayHaveWork`.
    case leaseFailed
    case cancelSignalled(JobID)
    case heartbeat(
      lost: [JobID], cancelRequested: [JobID], wasKnown: Bool, sent: [LeaseReference],
      ownedUntil: ContinuousClock.Instant)
    /// The queue has called a lease stale.
    case leaseLost(LeaseReference)
    case deadlineReached(now: ContinuousClock.Instant)
    /// The attempt's last process is gone. Its report, where there is one, is on its way.
    case attemptEnded(LeaseReference, isReported: Bool)
    /// The queue has answered the report, or there is no use in retrying it.
    case reportAnswered(LeaseReference)
    /// The first starts draining, the second ends it at once.
    case stopRequested
    case drainGraceOver
  }

  package enum Action: Hashable, Sendable {
    case lease(count: Int)
    case start(Lease)
    /// Report that a lease goes back which was never started.
    case release(Lease)
    case end(LeaseReference, StopReason)
    /// Kill what is being ended without waiting for its grace.
    case hasten(LeaseReference)
    case beginDrainGrace
    case finish
  }

  private enum Holding: Hashable { case running, ending, lost, reporting }

  package private(set) var phase = Phase.working
  /// Until when all leases are the worker's own, by its own clock; nil before the first answer of the queue.
  package private(set) var ownedUntil: ContinuousClock.Instant?
  private let slots: Int
  private var holdings: [LeaseReference: Holding] = [:]
  private var isLeasing = false
  private var thereMayBeWork = false
  /// A signal that came while a lease call was out may be newer than the call's answer.
  private var mustAskAgain = false

  package init(slots: Int) { self.slots = slots }

  /// The leases that a heartbeat must extend.
  package var held: [LeaseReference] { holdings.filter { $0.value != .lost }.map(\.key) }
  package var runningCount: Int { holdings.values.count { $0 != .reporting } }

  package mutating func handle(_ event: Event) -> [Action] {
    if phase == .stopped { return [] }
    return react(to: event) + ask() + finishIfDone()
  }

  private mutating func react(to event: Event) -> [Action] {
    switch event {
    case .mayHaveWork: noteWork()
    case .leaseFailed: (isLeasing, thereMayBeWork) = (false, false)
    case .granted(let leases, let asked, let until, let now): return take(leases, asked, until, now)
    case .cancelSignalled(let job): return held.filter { $0.job == job }.flatMap { end($0, .cancelled) }
    case .heartbeat(let lost, let cancelled, let wasKnown, let sent, let until):
      return beat(lost, cancelled, wasKnown, sent, until)
    case .leaseLost(let lease): return end(lease, .leaseLost)
    case .deadlineReached(let now): return checkDeadline(now)
    case .attemptEnded(let lease, let isReported): holdings[lease] = isReported ? .reporting : nil
    case .reportAnswered(let lease): holdings[lease] = nil
    case .stopRequested: return stop()
    case .drainGraceOver: return phase == .draining ? handBack() : []
    }
    return []
  }

  private mutating func noteWork() { (thereMayBeWork, mustAskAgain) = (true, isLeasing) }

  /// Asks for as many as there are free slots, one call at a time.
  private mutating func ask() -> [Action] {
    let free = slots - runningCount
    guard phase == .working, thereMayBeWork, !isLeasing, free > 0 else { return [] }
    (isLeasing, mustAskAgain) = (true, false)
    return [.lease(count: free)]
  }

  private mutating func finishIfDone() -> [Action] {
    guard phase != .working, holdings.isEmpty, !isLeasing else { return [] }
    phase = .stopped
    return [.finish]
  }

  private mutating func take(
    _ leases: [Lease], _ asked: Int, _ until: ContinuousClock.Instant, _ now: ContinuousClock.Instant
  ) -> [Action] {
    isLeasing = false
    // Fewer than asked: the queue is empty, and has noted that it must signal.
    thereMayBeWork = leases.count >= asked || mustAskAgain
    extend(to: until)
    // An answer that was longer on its way than the lease lasts is of no use.
    let isOfUse = phase == .working && now < until
    for lease in leases { holdings[lease.reference] = isOfUse ? .running : .reporting }
    return leases.map { isOfUse ? .start($0) : .release($0) }
  }

  private mutating func beat(
    _ lost: [JobID], _ cancelled: [JobID], _ wasKnown: Bool, _ sent: [LeaseReference],
    _ until: ContinuousClock.Instant
  ) -> [Action] {
    extend(to: until)
    if !wasKnown { noteWork() }
    return sent.filter { lost.contains($0.job) }.flatMap { end($0, .leaseLost) }
      + sent.filter { cancelled.contains($0.job) }.flatMap { end($0, .cancelled) }
  }

  private mutating func extend(to until: ContinuousClock.Instant) { ownedUntil = max(ownedUntil ?? until, until) }

  /// A stale worker must not go on: from here on another may run the same jobs.
  private mutating func checkDeadline(_ now: ContinuousClock.Instant) -> [Action] {
    guard let ownedUntil, now >= ownedUntil else { return [] }
    return held.flatMap { end($0, .leaseLost) }
  }

  /// Reports on their way are left alone: the queue decides whether they are stale.
  private mutating func end(_ lease: LeaseReference, _ reason: StopReason) -> [Action] {
    switch (holdings[lease], reason) {
    case (.running, .leaseLost), (.ending, .leaseLost): holdings[lease] = .lost
    case (.running, _): holdings[lease] = .ending
    default: return []
    }
    return [.end(lease, reason)]
  }

  private mutating func stop() -> [Action] {
    switch phase {
    case .working:
      phase = .draining
      return [.beginDrainGrace]
    case .draining: return handBack() + holdings.keys.map { .hasten($0) }
    case .handingBack: return holdings.keys.map { .hasten($0) }
    case .stopped: return []
    }
  }

  private mutating func handBack() -> [Action] {
    phase = .handingBack
    return held.flatMap { end($0, .handedBack) }
  }
}
