import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// Jobs that are to run later.
@Suite struct ScheduleTests {
  private let clock = HeldClock()

  private func fixture() async throws -> ControlFixture {
    let clock = clock.clock
    return try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock))) { $0.clock = clock }
  }

  private func draft(_ start: StartTime?) -> JobDraft {
    var draft = JobDraft(capability: "test.echo", parametersJSON: #"{"text":"hi"}"#)
    draft.start = start
    return draft
  }

  @Test func aJobForLaterIsScheduledAndRunsWhenItsTimeHasCome() async throws {
    let fixture = try await fixture()
    let due = clock.now + .seconds(3_600)
    let job = try await fixture.control.submit(draft(.at(due)), tenant: fixture.tenant)
    #expect(job.state == .scheduled)
    #expect(try await fixture.lease().isEmpty)
    let shown = try await fixture.control.job(job.id, tenant: fixture.tenant)
    #expect(shown.state == .scheduled && shown.scheduledFor == due && shown.record.runAt == due)

    let waits = fixture.queue.holdDueSignals()
    let promoter = Promoter(queue: fixture.queue)
    let running = Task { await promoter.run() }
    var iterator = waits.makeAsyncIterator()
    // No longer than a broken connection may go unseen, whenever the next is due.
    #expect(await iterator.next() == Promoter.waitMax)
    clock.advance(by: .seconds(3_590))
    fixture.queue.giveDueSignal()
    #expect(await iterator.next() == .seconds(10))
    #expect(try await fixture.lease().isEmpty)
    clock.advance(by: .seconds(10))
    fixture.queue.giveDueSignal()
    #expect(await iterator.next() == Promoter.waitMax)
    #expect(try await fixture.lease().map(\.job.id) == [job.id])
    running.cancel()
    fixture.queue.giveDueSignal()
    await running.value
  }

  @Test func aJobThatIsDueBeforeTheOthersEndsTheWait() async throws {
    let fixture = try await fixture()
    _ = try await fixture.control.submit(draft(.after(.seconds(600))), tenant: fixture.tenant)
    let promoter = Promoter(queue: fixture.queue)
    let running = Task { await promoter.run() }
    await fixture.queue.wait(for: .dueSignal, count: 1)
    let sooner = try await fixture.control.submit(draft(.after(.seconds(20))), tenant: fixture.tenant)
    // It has heard of the sooner one.
    await fixture.queue.wait(for: .dueSignal, count: 2)
    clock.advance(by: .seconds(20))
    let soonest = try await fixture.control.submit(draft(.after(.milliseconds(1))), tenant: fixture.tenant)
    clock.advance(by: .milliseconds(1))
    try await eventually("both are ready") {
      try await fixture.queue.status(of: [sooner.id, soonest.id]).allSatisfy {
        if case .ready = $0 { true } else { false }
      }
    }
    running.cancel()
    await running.value
  }

  @Test func whatIsNotInTheFutureRunsAtOnce() async throws {
    let fixture = try await fixture()
    for start in [StartTime.at(clock.now), .at(Timestamp(nanoseconds: .min)), .after(.zero)] {
      let job = try await fixture.control.submit(draft(start), tenant: fixture.tenant)
      #expect(job.state == .queued)
    }
    #expect(try await fixture.lease(5).count == 3)
  }

  @Test(arguments: [StartTime.at(Timestamp(nanoseconds: .max)), .after(.seconds(Int64.max)), .after(.seconds(-1))])
  func otherStartsAreRefused(start: StartTime) async throws {
    let fixture = try await fixture()
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(draft(start), tenant: fixture.tenant)
    }
    #expect(error?.code == .invalidBody)
  }

  @Test func aScheduledJobIsCancelledAtOnce() async throws {
    let fixture = try await fixture()
    let job = try await fixture.control.submit(draft(.after(.seconds(60))), tenant: fixture.tenant)
    #expect(try await fixture.control.cancel(job.id, tenant: fixture.tenant).state == .cancelled)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == .zero)
    #expect(try await fixture.queue.promote(limit: 10) == Promotion(count: 0, nextDue: nil))
  }

  @Test func aLostQueueIsToldOfTheTimesAgain() async throws {
    let fixture = try await fixture()
    let late = try await fixture.control.submit(draft(.after(.seconds(600))), tenant: fixture.tenant)
    let past = try await fixture.control.submit(draft(.after(.seconds(60))), tenant: fixture.tenant)
    clock.advance(by: .seconds(60))
    let fresh = HookedQueue(MemoryQueue(clock: clock.clock))
    let settler = Settler(ledger: fixture.ledger, queue: fresh, lanes: LaneRule(clock: clock.clock))
    let outcome = try await Reconciler(ledger: fixture.ledger, queue: fresh, settler: settler).reconcile(.queueLost)
    #expect(outcome.restored == 2)
    let status = try await fresh.status(of: [late.id, past.id])
    #expect(status == [.delayed(until: clock.now + .seconds(540), attemptsMade: 0), .ready(ahead: 0, attemptsMade: 0)])
  }

  @Test func scheduledJobsAreListed() async throws {
    let fixture = try await fixture()
    let later = try await fixture.control.submit(draft(.after(.seconds(60))), tenant: fixture.tenant)
    let now = try await fixture.control.submit(draft(nil), tenant: fixture.tenant)
    let control = fixture.control
    let scheduled = try await control.jobs(
      JobFilter(tenant: fixture.tenant, states: [.scheduled]), after: nil, limit: 10)
    #expect(scheduled.jobs.map(\.record.id) == [later.id])
    let queued = try await control.jobs(JobFilter(tenant: fixture.tenant, states: [.queued]), after: nil, limit: 10)
    #expect(queued.jobs.map(\.record.id) == [now.id])
  }

  @Test func aRepeatedSubmissionWithADelayFindsItsJob() async throws {
    let fixture = try await fixture()
    var draft = draft(.after(.seconds(60)))
    draft.idempotencyKey = "k"
    let first = try await fixture.control.submit(draft, tenant: fixture.tenant)
    clock.advance(by: .seconds(10))
    let again = try await fixture.control.submit(draft, tenant: fixture.tenant)
    #expect(again.id == first.id && again.isRepeat)
    draft.start = .after(.seconds(61))
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(draft, tenant: fixture.tenant)
    }
    #expect(error?.code == .conflict)
  }
}
