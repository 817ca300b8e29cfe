package import StrataCore
package import StrataQueue

/// Decides what a worker does next: which leases it holds, when it asks for more, whom it stops. `Worker` acts.
package struct WorkerState: Sendable {
  package enum Phase: Hashable, Sendable {
    /// Leases and runs. Can transition to: `draining`.
    case working
    /// Asks for no more leases, lets run what it has. Can transition to: `handingBack`, `stopped`.
    case draining
    /// Ends what runs and returns its leases. Can transition to: `stopped`.
    case handingBack
    /// Nothing is held. Final.
    case stopped
  }

  package enum Event: Hashable, Sendable {
    /// There may be work: at the start, on the queue's signal, and after the queue was away.
    case mayHaveWork
    case granted(
      [Lease], asked: Int, room: ResourceRequest, ownedUntil: ContinuousClock.Instant, now: ContinuousClock.Instant)
    /// The queue did not answer; the shell waits before it says `mayHaveWork`.
    case leaseFailed
    case cancelSignalled(JobID)
    case preemptSignalled(JobID)
    case heartbeat(
      lost: [JobID], cancelRequested: [JobID], preempted: [JobID] = [], wasKnown: Bool, sent: [LeaseReference],
      ownedUntil: ContinuousClock.Instant)
    /// The queue has called a lease stale.
    case leaseLost(LeaseReference)
    case deadlineReached(now: ContinuousClock.Instant)
    /// The attempts' last processes are gone. Their reports, where there are any, are on their way.
    case attemptsEnded([LeaseReference], areReported: Bool)
    /// The queue has answered the reports, or there is no use in retrying them.
    case reportsAnswered([LeaseReference])
    /// A connection to the queue broke: what either side has said last may be lost, and with a server that another takes the
    /// place of, more than that.
    case queueLost
    /// The first starts draining, the second ends it at once.
    case stopRequested
    case drainGraceOver
  }

  package enum Action: Hashable, Sendable {
    /// Ask for so many jobs that together need no more than `room`.
    case lease(count: Int, room: ResourceRequest)
    case start(Lease)
    /// Report that a lease goes back which was never started.
    case release(Lease)
    case end(LeaseReference, StopReason)
    /// Kill what is being ended without waiting for its grace.
    case hasten(LeaseReference)
    case beginDrainGrace
    /// Tell the queue that it asks for no more.
    case leave
    case finish
  }

  private enum Stage: Hashable { case running, saving, ending, lost, reporting }

  private struct Holding {
    var stage: Stage
    /// What the queue counts for it.
    let resources: ResourceRequest
  }

  package private(set) var phase = Phase.working
  /// Until when all leases are the worker's own, by its own clock; nil before the first answer of the queue.
  package private(set) var ownedUntil: ContinuousClock.Instant?
  private let slots: Int
  private let room: ResourceRequest
  /// What the queue took to be free when it last granted less than it was asked for.
  private var roomNoted: ResourceRequest?
  private var holdings: [LeaseReference: Holding] = [:]
  /// Whether a request for leases is out.
  package private(set) var isLeasing = false
  private var thereMayBeWork = false
  /// A signal that came while a lease call was out may be newer than the call's answer.
  private var mustAskAgain = false
  /// Whether the queue is told that it asks for no more.
  private var isLeaving = false

  package init(slots: Int, room: ResourceRequest) {
    self.slots = slots
    self.room = room
  }

  /// The leases that a heartbeat must extend.
  package var held: [LeaseReference] { holdings.filter { $0.value.stage != .lost }.map(\.key) }
  package var runningCount: Int { occupying.count }
  /// What is left of its room beside what runs.
  package var free: ResourceRequest { occupying.reduce(room) { $0.less($1.resources) } }
  private var occupying: [Holding] { holdings.values.filter { $0.stage != .reporting } }

  package mutating func handle(_ event: Event) -> [Action] {
    if phase == .stopped { return [] }
    return react(to: event) + ask() + leaveIfDone()
  }

  private mutating func react(to event: Event) -> [Action] {
    switch event {
    case .mayHaveWork: noteWork()
    case .queueLost:
      noteWork()
      isLeaving = false
    case .leaseFailed: (isLeasing, thereMayBeWork) = (false, false)
    case .granted(let leases, let asked, let room, let until, let now):
      return take(leases, (asked, room), until, now)
    case .cancelSignalled(let job): return held.filter { $0.job == job }.flatMap { end($0, .cancelled) }
    case .preemptSignalled(let job): return held.filter { $0.job == job }.flatMap { end($0, .preempted) }
    case .heartbeat(let lost, let cancelled, let preempted, let wasKnown, let sent, let until):
      return beat(lost, (cancelled, preempted), wasKnown, sent, until)
    case .leaseLost(let lease): return end(lease, .leaseLost)
    case .deadlineReached(let now): return checkDeadline(now)
    case .attemptsEnded(let leases, let areReported): for lease in leases { leave(lease, areReported) }
    case .reportsAnswered(let leases): for lease in leases { holdings[lease] = nil }
    case .stopRequested: return stop()
    case .drainGraceOver: return phase == .draining ? handBack() : []
    }
    return []
  }

  private mutating func noteWork() { (thereMayBeWork, mustAskAgain) = (true, isLeasing) }

  private mutating func leave(_ lease: LeaseReference, _ isReported: Bool) {
    if isReported { holdings[lease]?.stage = .reporting } else { holdings[lease] = nil }
  }

  /// Asks for as many as there are free slots, one call at a time: when there may be work, and when there is more room
  /// than the queue knows of, for work that was passed over may fit now.
  private mutating func ask() -> [Action] {
    // To count what runs takes as long as there are slots, and most events come while a call is out.
    guard phase == .working, !isLeasing, thereMayBeWork || roomNoted != nil else { return [] }
    let (count, free) = (slots - runningCount, free)
    let hasGrown = roomNoted.map { !free.fits(in: $0) } ?? false
    guard thereMayBeWork || hasGrown, count > 0, free.isOfUse else { return [] }
    (isLeasing, mustAskAgain, roomNoted) = (true, false, nil)
    return [.lease(count: count, room: free)]
  }

  /// Not while a call is out: the queue might have it later, and count on the worker again.
  private mutating func leaveIfDone() -> [Action] {
    guard phase != .working, !isLeasing else { return [] }
    if holdings.isEmpty {
      phase = .stopped
      return [.finish]
    }
    defer { isLeaving = true }
    return isLeaving ? [] : [.leave]
  }

  private mutating func take(
    _ leases: [Lease], _ asked: (count: Int, room: ResourceRequest), _ until: ContinuousClock.Instant,
    _ now: ContinuousClock.Instant
  ) -> [Action] {
    isLeasing = false
    let isShort = leases.count < asked.count
    roomNoted = isShort ? leases.reduce(asked.room) { $0.less($1.job.lane.resources) } : nil
    // Fewer than asked: the queue has nothing more that fits, and has noted that it must signal.
    thereMayBeWork = !isShort || mustAskAgain
    extend(to: until)
    // An answer that was longer on its way than the lease lasts is of no use. One that came while it drains is as if it had
    // been told to a moment later: handed back, its jobs would have an attempt more.
    let isOfUse = (phase == .working || phase == .draining) && now < until
    for lease in leases {
      holdings[lease.reference] = Holding(
        stage: isOfUse ? .running : .reporting, resources: lease.job.lane.resources)
    }
    return leases.map { isOfUse ? .start($0) : .release($0) }
  }

  private mutating func beat(
    _ lost: [JobID], _ wanted: (cancelled: [JobID], preempted: [JobID]), _ wasKnown: Bool, _ sent: [LeaseReference],
    _ until: ContinuousClock.Instant
  ) -> [Action] {
    extend(to: until)
    if !wasKnown { noteWork() }
    return sent.filter { lost.contains($0.job) }.flatMap { end($0, .leaseLost) }
      + sent.filter { wanted.cancelled.contains($0.job) }.flatMap { end($0, .cancelled) }
      + sent.filter { wanted.preempted.contains($0.job) }.flatMap { end($0, .preempted) }
  }

  private mutating func extend(to until: ContinuousClock.Instant) { ownedUntil = max(ownedUntil ?? until, until) }

  /// A stale worker must not go on: from here on another may run the same jobs.
  private mutating func checkDeadline(_ now: ContinuousClock.Instant) -> [Action] {
    guard let ownedUntil, now >= ownedUntil else { return [] }
    return held.flatMap { end($0, .leaseLost) }
  }

  /// Reports on their way are left alone: the queue decides whether they are stale.
  private mutating func end(_ lease: LeaseReference, _ reason: StopReason) -> [Action] {
    switch (holdings[lease]?.stage, reason) {
    case (.running, .leaseLost), (.saving, .leaseLost), (.ending, .leaseLost): holdings[lease]?.stage = .lost
    case (.running, .preempted): holdings[lease]?.stage = .saving
    case (.saving, .preempted): return []
    case (.running, _), (.saving, _): holdings[lease]?.stage = .ending
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

extension ResourceRequest {
  /// What is left of it beside `other`. What there is no bound for stays so.
  fileprivate func less(_ other: ResourceRequest) -> ResourceRequest {
    func rest(_ part: KeyPath<ResourceRequest, Int64>) -> Int64 {
      let whole = self[keyPath: part]
      return whole == Self.unlimited[keyPath: part] ? whole : max(0, whole - other[keyPath: part])
    }
    return ResourceRequest(
      cpuMillicores: rest(\.cpuMillicores), memoryBytes: rest(\.memoryBytes), gpuThousandths: rest(\.gpuThousandths))
  }

  /// Every job needs some processor and some memory.
  fileprivate var isOfUse: Bool { cpuMillicores > 0 && memoryBytes > 0 }
}
