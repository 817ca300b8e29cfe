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

  @Test func withoutTheQueueItIsUnavailable() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    fixture.queue.fail(.cancel, with: .disconnected("gone"))
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.cancel(job, tenant: fixture.tenant)
    }
    #expect(error?.code == .unavailable)
    #expect(try await fixture.state(of: job) == .queued)
  }
}
