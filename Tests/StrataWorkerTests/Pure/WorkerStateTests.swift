import StrataCore
import StrataQueue
import StrataWorker
import TestSupport
import Testing

@Suite struct WorkerStateTests {
  private typealias Action = WorkerState.Action
  private let now = ContinuousClock.now
  private var until: ContinuousClock.Instant { now + .seconds(10) }

  private static let room = ResourceRequest(cpuMillicores: 8_000, memoryBytes: 8 << 30)

  private func lease(_ token: UInt64, _ resources: ResourceRequest = ResourceRequest()) -> Lease {
    let lane = Lane(tier: .cpu, capability: "noop", resources: resources)
    let job = QueuedJob(
      id: JobID(high: token, low: 0), tenant: TenantID(high: 1, low: 1), lane: lane, attemptsMax: 3, payload: [])
    return Lease(
      job: job, worker: WorkerID(high: 2, low: 2), token: FencingToken(rawValue: token), attempt: 1)
  }

  private func working(slots: Int, _ leases: [Lease]) -> WorkerState {
    var state = WorkerState(slots: slots, room: .unlimited)
    #expect(state.handle(.mayHaveWork) == [.lease(count: slots, room: .unlimited)])
    _ = state.handle(.granted(leases, asked: slots, room: .unlimited, ownedUntil: until, now: now))
    return state
  }

  @Test func itAsksForItsFreeSlotsOneCallAtATime() {
    var state = WorkerState(slots: 3, room: .unlimited)
    #expect(state.handle(.mayHaveWork) == [.lease(count: 3, room: .unlimited)])
    #expect(state.handle(.mayHaveWork) == [])
    let granted = state.handle(.granted([lease(1)], asked: 3, room: .unlimited, ownedUntil: until, now: now))
    // A signal came while the call was out, so it asks again for the rest.
    #expect(granted == [.start(lease(1)), .lease(count: 2, room: .unlimited)])
    #expect(state.handle(.granted([], asked: 2, room: .unlimited, ownedUntil: until, now: now)) == [])
    #expect(state.handle(.attemptsEnded([lease(1).reference], areReported: true)) == [])
  }

  @Test func aFullGrantAsksAgainOnceASlotIsFree() {
    var state = working(slots: 1, [lease(1)])
    #expect(
      state.handle(.attemptsEnded([lease(1).reference], areReported: true)) == [.lease(count: 1, room: .unlimited)])
    #expect(state.held == [lease(1).reference])
    _ = state.handle(.reportsAnswered([lease(1).reference]))
    #expect(state.held == [])
  }

  @Test func itAsksForNoMoreThanItHasRoomFor() {
    var state = WorkerState(slots: 4, room: Self.room)
    #expect(state.handle(.mayHaveWork) == [.lease(count: 4, room: Self.room)])
    let large = lease(1, ResourceRequest(cpuMillicores: 6_000, memoryBytes: 1 << 30))
    let left = ResourceRequest(cpuMillicores: 2_000, memoryBytes: 7 << 30)
    // A signal came while the call was out.
    #expect(state.handle(.mayHaveWork) == [])
    #expect(
      state.handle(.granted([large], asked: 4, room: Self.room, ownedUntil: until, now: now))
        == [.start(large), .lease(count: 3, room: left)])
    // Nothing that waits fits; that may be different as soon as the large one is over.
    #expect(state.handle(.granted([], asked: 3, room: left, ownedUntil: until, now: now)) == [])
    #expect(
      state.handle(.attemptsEnded([large.reference], areReported: true)) == [.lease(count: 4, room: Self.room)])
    // The queue knows of all its room now: there is no more to ask for.
    #expect(state.handle(.granted([], asked: 4, room: Self.room, ownedUntil: until, now: now)) == [])
    #expect(state.handle(.reportsAnswered([large.reference])) == [])
  }

  @Test func roomThatGrewWhileACallWasOutIsAskedForAgain() {
    var state = WorkerState(slots: 2, room: Self.room)
    _ = state.handle(.mayHaveWork)
    let first = lease(1, ResourceRequest(cpuMillicores: 5_000, memoryBytes: 1 << 30))
    _ = state.handle(.granted([first], asked: 2, room: Self.room, ownedUntil: until, now: now))
    let left = ResourceRequest(cpuMillicores: 3_000, memoryBytes: 7 << 30)
    #expect(state.handle(.mayHaveWork) == [.lease(count: 1, room: left)])
    #expect(state.handle(.attemptsEnded([first.reference], areReported: false)) == [])
    #expect(
      state.handle(.granted([], asked: 1, room: left, ownedUntil: until, now: now))
        == [.lease(count: 2, room: Self.room)])
  }

  /// Whether the signal or the heartbeat comes first, it is told once; a cancellation and a stop are more urgent.
  @Test func aPreemptionIsToldOnceAndYieldsToWhatIsMoreUrgent() {
    let lease = lease(1)
    var state = working(slots: 1, [lease])
    #expect(state.handle(.preemptSignalled(lease.job.id)) == [.end(lease.reference, .preempted)])
    let beat = WorkerState.Event.heartbeat(
      lost: [], cancelRequested: [], preempted: [lease.job.id], wasKnown: true, sent: [lease.reference],
      ownedUntil: until)
    #expect(state.handle(beat) == [])
    #expect(state.handle(.cancelSignalled(lease.job.id)) == [.end(lease.reference, .cancelled)])
    #expect(state.handle(.preemptSignalled(lease.job.id)) == [])
    state = working(slots: 1, [lease])
    #expect(state.handle(beat) == [.end(lease.reference, .preempted)])
    _ = state.handle(.stopRequested)
    #expect(state.handle(.drainGraceOver) == [.end(lease.reference, .handedBack)])
  }

  @Test func aFullWorkerDoesNotAsk() {
    var state = WorkerState(slots: 4, room: Self.room)
    _ = state.handle(.mayHaveWork)
    let all = lease(1, ResourceRequest(cpuMillicores: 8_000, memoryBytes: 1 << 30))
    #expect(state.handle(.granted([all], asked: 4, room: Self.room, ownedUntil: until, now: now)) == [.start(all)])
    #expect(state.handle(.mayHaveWork) == [])
    #expect(state.handle(.attemptsEnded([all.reference], areReported: true)) == [.lease(count: 4, room: Self.room)])
  }

  @Test func aFailedLeaseCallWaitsForTheShell() {
    var state = WorkerState(slots: 1, room: .unlimited)
    _ = state.handle(.mayHaveWork)
    #expect(state.handle(.leaseFailed) == [])
    #expect(state.handle(.mayHaveWork) == [.lease(count: 1, room: .unlimited)])
  }

  @Test func lostLeasesAreEndedAndHeldNoMore() {
    var state = working(slots: 2, [lease(1), lease(2)])
    let beat = WorkerState.Event.heartbeat(
      lost: [lease(1).job.id], cancelRequested: [lease(2).job.id], wasKnown: true,
      sent: [lease(1).reference, lease(2).reference], ownedUntil: until)
    #expect(state.handle(beat) == [.end(lease(1).reference, .leaseLost), .end(lease(2).reference, .cancelled)])
    #expect(state.handle(beat) == [])
    #expect(state.held == [lease(2).reference])
    #expect(state.runningCount == 2)
  }

  @Test func aForgottenWorkerAsksForWork() {
    var state = working(slots: 1, [])
    let actions = state.handle(
      .heartbeat(lost: [], cancelRequested: [], wasKnown: false, sent: [], ownedUntil: until))
    #expect(actions == [.lease(count: 1, room: .unlimited)])
  }

  @Test func aWorkerPastItsDeadlineEndsEverything() {
    var state = working(slots: 2, [lease(1)])
    #expect(state.handle(.deadlineReached(now: until - .nanoseconds(1))) == [])
    #expect(state.handle(.deadlineReached(now: until)) == [.end(lease(1).reference, .leaseLost)])
  }

  @Test func aGrantThatCameTooLateIsReturned() {
    var state = WorkerState(slots: 1, room: .unlimited)
    _ = state.handle(.mayHaveWork)
    #expect(
      state.handle(.granted([lease(1)], asked: 1, room: .unlimited, ownedUntil: until, now: until)).contains(
        .release(lease(1))))
  }

  @Test func drainingLetsWorkEndThenHandsBack() {
    var state = working(slots: 2, [lease(1), lease(2)])
    #expect(state.handle(.stopRequested) == [.beginDrainGrace, .leave])
    #expect(state.handle(.mayHaveWork) == [])
    #expect(state.handle(.attemptsEnded([lease(1).reference], areReported: true)) == [])
    #expect(state.handle(.drainGraceOver) == [.end(lease(2).reference, .handedBack)])
    #expect(state.handle(.reportsAnswered([lease(1).reference])) == [])
    #expect(state.handle(.attemptsEnded([lease(2).reference], areReported: true)) == [])
    #expect(state.handle(.reportsAnswered([lease(2).reference])) == [.finish])
    #expect(state.phase == .stopped)
  }

  /// The server that heard it may be another's predecessor.
  @Test func itIsSaidAgainThatNoMoreIsAskedForWhereAConnectionBroke() {
    var state = working(slots: 2, [lease(1)])
    #expect(state.handle(.stopRequested) == [.beginDrainGrace, .leave])
    #expect(state.handle(.mayHaveWork) == [])
    #expect(state.handle(.queueLost) == [.leave])
    #expect(state.handle(.attemptsEnded([lease(1).reference], areReported: true)) == [])
    #expect(state.handle(.reportsAnswered([lease(1).reference])) == [.finish])
    // Who works asks again: a signal may be lost as well.
    state = working(slots: 2, [lease(1)])
    #expect(state.handle(.queueLost) == [.lease(count: 1, room: .unlimited)])
  }

  @Test func aSecondStopHastens() {
    var state = working(slots: 1, [lease(1)])
    _ = state.handle(.stopRequested)
    #expect(state.handle(.stopRequested) == [.end(lease(1).reference, .handedBack), .hasten(lease(1).reference)])
  }

  /// As what ran already: nobody asked for it to be run twice.
  @Test func leasesGrantedWhileDrainingAreRun() {
    var state = WorkerState(slots: 1, room: .unlimited)
    _ = state.handle(.mayHaveWork)
    #expect(state.handle(.stopRequested) == [.beginDrainGrace])
    let answer = WorkerState.Event.granted([lease(1)], asked: 1, room: .unlimited, ownedUntil: until, now: now)
    // Not before: the queue may have got the call after that.
    #expect(state.handle(answer) == [.start(lease(1)), .leave])
    #expect(state.handle(.attemptsEnded([lease(1).reference], areReported: true)) == [])
    #expect(state.handle(.reportsAnswered([lease(1).reference])) == [.finish])
  }

  @Test func leasesGrantedWhileHandingBackGoStraightBack() {
    var state = WorkerState(slots: 1, room: .unlimited)
    _ = state.handle(.mayHaveWork)
    #expect(state.handle(.stopRequested) == [.beginDrainGrace])
    #expect(state.handle(.drainGraceOver) == [])
    #expect(
      state.handle(.granted([lease(1)], asked: 1, room: .unlimited, ownedUntil: until, now: now)) == [
        .release(lease(1)), .leave,
      ])
    #expect(state.handle(.reportsAnswered([lease(1).reference])) == [.finish])
  }

  @Test func anIdleWorkerStopsAtOnce() {
    var state = working(slots: 1, [])
    #expect(state.handle(.stopRequested).contains(.finish))
  }

  /// Under any order of events a worker never runs more than its slots and its room take, never asks while stopping, and can stop.
  @Test func randomHistoriesKeepTheRules() {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      var model = WorkerModel(slots: Int.random(in: 1...4, using: &random), now: now)
      for _ in 0..<60 { model.step(using: &random) }
      model.stop(using: &random)
      #expect(model.faults.isEmpty, "\(model.faults) STRATA_SEED=\(seed)")
    }
  }
}
