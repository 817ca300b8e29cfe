import StrataCore
import StrataQueue
import StrataWorker
import TestSupport
import Testing

@Suite struct WorkerStateTests {
  private typealias Action = WorkerState.Action
  private let now = ContinuousClock.now
  private var until: ContinuousClock.Instant { now + .seconds(10) }

  private func lease(_ token: UInt64) -> Lease {
    let job = QueuedJob(
      id: JobID(high: token, low: 0), tier: .cpu, priority: .standard, attemptsMax: 3, payload: [])
    return Lease(job: job, token: FencingToken(rawValue: token), attempt: 1)
  }

  private func working(slots: Int, _ leases: [Lease]) -> WorkerState {
    var state = WorkerState(slots: slots)
    #expect(state.handle(.mayHaveWork) == [.lease(count: slots)])
    _ = state.handle(.granted(leases, asked: slots, ownedUntil: until, now: now))
    return state
  }

  @Test func itAsksForItsFreeSlotsOneCallAtATime() {
    var state = WorkerState(slots: 3)
    #expect(state.handle(.mayHaveWork) == [.lease(count: 3)])
    #expect(state.handle(.mayHaveWork) == [])
    let granted = state.handle(.granted([lease(1)], asked: 3, ownedUntil: until, now: now))
    // A signal came while the call was out, so it asks again for the rest.
    #expect(granted == [.start(lease(1)), .lease(count: 2)])
    #expect(state.handle(.granted([], asked: 2, ownedUntil: until, now: now)) == [])
    #expect(state.handle(.attemptEnded(lease(1).reference, isReported: true)) == [])
  }

  @Test func aFullGrantAsksAgainOnceASlotIsFree() {
    var state = working(slots: 1, [lease(1)])
    #expect(state.handle(.attemptEnded(lease(1).reference, isReported: true)) == [.lease(count: 1)])
    #expect(state.held == [lease(1).reference])
    _ = state.handle(.reportAnswered(lease(1).reference))
    #expect(state.held == [])
  }

  @Test func aFailedLeaseCallWaitsForTheShell() {
    var state = WorkerState(slots: 1)
    _ = state.handle(.mayHaveWork)
    #expect(state.handle(.leaseFailed) == [])
    #expect(state.handle(.mayHaveWork) == [.lease(count: 1)])
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
    #expect(actions == [.lease(count: 1)])
  }

  @Test func aWorkerPastItsDeadlineEndsEverything() {
    var state = working(slots: 2, [lease(1)])
    #expect(state.handle(.deadlineReached(now: until - .nanoseconds(1))) == [])
    #expect(state.handle(.deadlineReached(now: until)) == [.end(lease(1).reference, .leaseLost)])
  }

  @Test func aGrantThatCameTooLateIsReturned() {
    var state = WorkerState(slots: 1)
    _ = state.handle(.mayHaveWork)
    #expect(state.handle(.granted([lease(1)], asked: 1, ownedUntil: until, now: until)).contains(.release(lease(1))))
  }

  @Test func drainingLetsWorkEndThenHandsBack() {
    var state = working(slots: 2, [lease(1), lease(2)])
    #expect(state.handle(.stopRequested) == [.beginDrainGrace])
    #expect(state.handle(.mayHaveWork) == [])
    #expect(state.handle(.attemptEnded(lease(1).reference, isReported: true)) == [])
    #expect(state.handle(.drainGraceOver) == [.end(lease(2).reference, .handedBack)])
    #expect(state.handle(.reportAnswered(lease(1).reference)) == [])
    #expect(state.handle(.attemptEnded(lease(2).reference, isReported: true)) == [])
    #expect(state.handle(.reportAnswered(lease(2).reference)) == [.finish])
    #expect(state.phase == .stopped)
  }

  @Test func aSecondStopHastens() {
    var state = working(slots: 1, [lease(1)])
    _ = state.handle(.stopRequested)
    #expect(state.handle(.stopRequested) == [.end(lease(1).reference, .handedBack), .hasten(lease(1).reference)])
  }

  @Test func leasesGrantedWhileStoppingGoStraightBack() {
    var state = WorkerState(slots: 1)
    _ = state.handle(.mayHaveWork)
    #expect(state.handle(.stopRequested) == [.beginDrainGrace])
    #expect(state.handle(.granted([lease(1)], asked: 1, ownedUntil: until, now: now)) == [.release(lease(1))])
    #expect(state.handle(.reportAnswered(lease(1).reference)) == [.finish])
  }

  @Test func anIdleWorkerStopsAtOnce() {
    var state = working(slots: 1, [])
    #expect(state.handle(.stopRequested).contains(.finish))
  }

  /// Under any order of events a worker never runs more than its slots, never asks while stopping, and can stop.
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
