import ControlTestSupport
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

@Suite struct CancelTests {
  private func expectFree(_ fixture: ControlFixture) async throws {
    let balance = try await fixture.ledger.balance(of: fixture.tenant)
    #expect(balance.held == .zero && balance.posted == .zero)
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func aWaitingJobIsTakenOutAtOnce() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state == .cancelled)
    #expect(try await fixture.queue.status(of: [job]) == [nil])
    try await expectFree(fixture)
  }

  /// Work that is done is charged, though nobody can be asked whether it is done: the queue or its outcomes are away for the
  /// moment in which many are cancelled.
  @Test(arguments: [HookedQueue.Operation.outcomes, .cancel]) func whatHasEndedIsNotCancelledWithMany(
    fault: HookedQueue.Operation
  ) async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.complete(try await fixture.lease())
    let waits = try await fixture.submit()
    for _ in 0..<3 { fixture.queue.fail(fault, with: .disconnected("gone")) }
    let page = try await fixture.control.cancelAll(JobFilter(tenant: fixture.tenant), limit: 10)
    #expect(Set(page.jobs.map(\.record.id)).isSubset(of: [job, waits]))
    #expect(try await fixture.state(of: job) == .queued, "its outcome is still to be read")
    while fixture.queue.count(of: fault) < 3 {
      _ = try? await fixture.queue.outcomes(after: nil, limit: 1, waitingUpTo: .zero);
      _ = try? await fixture.queue.cancel([])
    }
    try await fixture.settler().drain()
    #expect(try await fixture.state(of: job) == .succeeded)
    try await fixture.control.reconciler.carryOutCancellations()
    try await fixture.settler().drain()
    #expect(try await fixture.state(of: waits) == .cancelled)
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func theCostOfEarlierAttemptsIsKept() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.fail(try await fixture.lease()[0], code: "crashed")
    let snapshot = try await fixture.control.cancel(job, tenant: fixture.tenant)
    #expect(snapshot.state == .cancelled && snapshot.attempts.map(\.ending) == [.failed])
    #expect(try #require(snapshot.record.cost) > .zero)
    try await expectFree(fixture)
  }

  @Test func aRunningJobsWorkerIsTold() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    let lease = try await fixture.lease()[0]
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state == .running)
    #expect(try await fixture.queue.signals(for: fixture.worker, waitingUpTo: .zero).contains(.cancel(job)))
    _ = try await fixture.queue.fail([
      AttemptFailure(lease: lease.reference, ending: .cancelled, isRetryable: false, report: ControlFixture.report())
    ])
    try await fixture.settler().drain()
    #expect(try await fixture.state(of: job) == .cancelled)
    try await expectFree(fixture)
  }

  @Test func aFinishedJobIsAConflict() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.complete(try await fixture.lease())
    try await fixture.settler().drain()
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.cancel(job, tenant: fixture.tenant)
    }
    #expect(error?.code == .conflict)
  }

  @Test func workThatIsDoneIsChargedEvenIfItIsCancelledBeforeItsSettlement() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.complete(try await fixture.lease())
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.cancel(job, tenant: fixture.tenant)
    }
    #expect(error?.code == .conflict)
    #expect(try await fixture.state(of: job) == .succeeded)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).posted == ControlFixture.price)
  }

  @Test func aJobThatTheQueueForgotIsCancelled() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.queue.forget([job])
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state == .cancelled)
    try await expectFree(fixture)
  }

  @Test func aJobCancelledOnItsWayIntoTheQueueNeverRuns() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.holdEnqueues()
    let submitting = Task { try await fixture.submit() }
    await fixture.queue.wait(for: .enqueue)
    let job = try #require(try await fixture.ledger.unfinished(limit: 1).first).id
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state == .cancelled)
    fixture.queue.releaseEnqueues()
    #expect(try await submitting.value == job)
    #expect(try await fixture.queue.status(of: [job]) == [nil])
    #expect(try await fixture.lease().isEmpty)
    try await fixture.settler().drain()
    try await expectFree(fixture)
  }

  @Test func anotherTenantsJobIsNotFound() async throws {
    let fixture = try await ControlFixture()
    let other = try await fixture.ledger.createTenant(name: "other", plan: "creator")
    let job = try await fixture.submit()
    let error = await #expect(throws: StrataError.self) { try await fixture.control.cancel(job, tenant: other) }
    #expect(error?.code == .notFound)
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
  }

  /// Nobody else carries it out here: no comparison is made, and no service runs.
  @Test func whatTheQueueCouldNotBeToldTheLeaderTellsIt() async throws {
    let fixture = try await ControlFixture()
    let (waiting, running, forgotten) = (
      try await fixture.submit(priority: JobPriority(rawValue: 0)!),
      try await fixture.submit(priority: JobPriority(rawValue: 100)!), try await fixture.submit()
    )
    let lease = try await fixture.lease()[0]
    #expect(lease.job.id == running)
    try await fixture.queue.forget([forgotten])
    for job in [waiting, running, forgotten] {
      fixture.queue.fail(.cancel, with: .disconnected("gone"))
      let state = try await fixture.control.cancel(job, tenant: fixture.tenant).state
      #expect(state == (job == running ? .running : .queued))
    }
    #expect(try await fixture.queue.signals(for: fixture.worker, waitingUpTo: .zero).isEmpty)
    let settler = fixture.settler()
    try await fixture.reconciler(settler).carryOutCancellations()
    #expect(try await fixture.queue.signals(for: fixture.worker, waitingUpTo: .zero) == [.cancel(running)])
    try await settler.drain()
    for job in [waiting, forgotten] { #expect(try await fixture.state(of: job) == .cancelled) }
    _ = try await fixture.queue.release([AttemptResult(lease: lease.reference, report: ControlFixture.report())])
    try await settler.drain()
    #expect(try await fixture.state(of: running) == .cancelled)
    #expect(try await fixture.ledger.cancelling(limit: 9).isEmpty)
    try await expectFree(fixture)
  }

  @Test func anOutageAfterTheQueueWasToldIsNoRefusalEither() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    fixture.queue.fail(.outcomesFromStart, with: .disconnected("gone"))
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state != .cancelled)
    try await fixture.settler().drain()
    #expect(try await fixture.state(of: job) == .cancelled)
    try await expectFree(fixture)
  }

  @Test func whoeverLeadsLooksForWishesNobodyCarriedOut() async throws {
    let fixture = try await ControlFixture { $0.cancellationInterval = .milliseconds(1) }
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    try await eventually("it leads, and has compared") {
      fixture.metrics.render().contains(#"strata_reconciliations_total{reason="start"} 1"#)
    }
    let job = try await fixture.submit()
    // As a controller that does not lead would, whose queue is away.
    try await fixture.ledger.requestCancel(of: job)
    try await eventually("the job is cancelled") { try await fixture.state(of: job) == .cancelled }
    running.cancel()
    await running.value
  }
}
