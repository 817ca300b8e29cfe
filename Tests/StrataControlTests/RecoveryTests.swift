import ControlTestSupport
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

@Suite struct ReconcilerTests {
  @Test func aLostQueueIsRefilledWithTheAttemptsMade() async throws {
    let fixture = try await ControlFixture(isComplete: false)
    // A new queue has lost nothing.
    try await fixture.reconciler(fixture.settler()).reconcile(.start)
    #expect(fixture.metrics.render().contains("strata_queue_generations_lost_total 0"))
    var jobs: [JobID] = []
    for _ in 0..<3 { jobs.append(try await fixture.submit()) }
    let leases = try await fixture.lease(2)
    try await fixture.complete([leases[0]])
    try await fixture.fail(leases[1], code: "crashed")
    let settler = fixture.settler()
    try await settler.drain()
    await fixture.queue.memory.lose()
    let outcome = try await fixture.reconciler(settler).reconcile(.regular)
    #expect(outcome == Reconciler.Outcome(restored: 2))
    #expect(try await fixture.queue.generation() != nil)
    let statuses = try await fixture.queue.status(of: jobs)
    #expect(statuses == [nil, .ready(ahead: 0, attemptsMade: 1), .ready(ahead: 1, attemptsMade: 0)])
    // A token granted before the loss is older than any granted after it.
    #expect(try await fixture.lease()[0].token > leases[1].token)
    // Asked for again, it is no other loss.
    try await fixture.reconciler(settler).reconcile(.queueLost)
    let text = fixture.metrics.render()
    #expect(text.contains(#"strata_reconciliations_total{reason="queueLost"} 3"#))
    #expect(text.contains("strata_queue_generations_lost_total 1") && text.contains("strata_jobs_restored_total 2"))
  }

  /// Else it could have been run, and have left the queue again, before it is enqueued.
  @Test func aRebuildLeavesAJobAloneThatIsAboutToBeEnqueued() async throws {
    let fixture = try await ControlFixture(isComplete: false)
    fixture.queue.holdEnqueues()
    let submitting = Task { try await fixture.submit() }
    await fixture.queue.wait(for: .enqueue)
    #expect(try await fixture.control.reconciler.reconcile(.start).restored == 0)
    fixture.queue.releaseEnqueues()
    let job = try await submitting.value
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
  }

  /// With a clock that was set back tokens follow one another by ones, and the ledger knows those only whose attempts have ended.
  @Test func aRebuiltQueueGivesNoTokenOutTwice() async throws {
    let clock = HeldClock()
    let fixture = try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock.clock)))
    for _ in 0..<4 { _ = try await fixture.submit() }
    let ended = try await fixture.lease()[0]
    try await fixture.complete([ended])
    clock.advance(by: .seconds(-3_600))
    let lost = [try await fixture.lease()[0], try await fixture.lease()[0]]
    #expect(lost[0].token > ended.token)
    let settler = fixture.settler()
    try await settler.drain()
    await fixture.queue.memory.lose()
    try await fixture.reconciler(settler).reconcile(.queueLost)
    let again = try await fixture.lease(3)
    #expect(again.count == 3 && again.allSatisfy { $0.token > lost[1].token })
  }

  @Test(arguments: [true, false]) func whatWasCancelledWhileItRanDoesNotComeBack(isWholeQueueLost: Bool) async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    let lease = try await fixture.lease()[0]
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state == .running)
    if isWholeQueueLost { await fixture.queue.memory.lose() } else { try await fixture.queue.forget([job]) }
    let settler = fixture.settler()
    for _ in 0..<2 { #expect(try await fixture.reconciler(settler).reconcile(.regular).restored == 0) }
    #expect(try await fixture.state(of: job) == .cancelled)
    // Its worker comes too late.
    try await fixture.complete([lease])
    try await settler.drain()
    let balance = try await fixture.ledger.balance(of: fixture.tenant)
    #expect(balance.held == .zero && balance.posted == .zero)
    #expect(try await fixture.lease().isEmpty)
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func aCancellationThatNeverReachedTheQueueIsMadeGood() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    fixture.queue.fail(.cancel, with: .disconnected("gone"))
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state == .queued)
    let settler = fixture.settler()
    try await fixture.reconciler(settler).reconcile(.regular)
    try await settler.drain()
    #expect(try await fixture.state(of: job) == .cancelled)
    #expect(try await fixture.queue.status(of: [job]) == [nil])
  }

  @Test func aPageOfCancelledJobsIsSettledAtOnce() async throws {
    let fixture = try await ControlFixture()
    var jobs: [JobID] = []
    for _ in 0..<3 {
      jobs.append(try await fixture.submit())
      try await fixture.ledger.requestCancel(of: jobs[jobs.count - 1])
    }
    try await fixture.queue.forget(jobs)
    try await fixture.reconciler(fixture.settler()).reconcile(.regular)
    for job in jobs { #expect(try await fixture.state(of: job) == .cancelled) }
    #expect(fixture.queue.count(of: .announce) == 1)
  }

  @Test func missingJobsAreRestoredAndFinishedOnesForgotten() async throws {
    let fixture = try await ControlFixture()
    let (missing, finished, present) = (
      try await fixture.submit(), try await fixture.submit(), try await fixture.submit()
    )
    try await fixture.queue.forget([missing])
    let settler = fixture.settler()
    try await settler.settleCancelled([finished])
    let stranger = QueuedJob(
      id: JobID(), tenant: TenantID(), lane: Lane(tier: .cpu, capability: "test.echo"), attemptsMax: 1, payload: [])
    _ = try await fixture.queue.enqueue([stranger])
    let outcome = try await fixture.reconciler(settler).reconcile(.regular)
    #expect(outcome.restored == 1 && outcome.forgotten == 2)
    let held = try await fixture.queue.page(after: nil, limit: 100).jobs
    #expect(Set(held) == [missing, present])
  }

  @Test func aJobWhoseOutcomeIsOnItsWayIsNotRunAgain() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.complete(try await fixture.lease())
    let outcome = try await fixture.reconciler(fixture.settler()).reconcile(.regular)
    #expect(outcome == Reconciler.Outcome())
    #expect(try await fixture.state(of: job) == .succeeded)
    #expect(try await fixture.queue.status(of: [job]) == [nil])
  }

  @Test func aJobWhoseOutcomeIsRefusedIsNotRunAgain() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try fixture.spoil(job)
    try await fixture.complete(try await fixture.lease())
    let settler = fixture.settler()
    for _ in 0..<2 {
      #expect(try await fixture.reconciler(settler).reconcile(.regular).restored == 0)
      #expect(try await fixture.queue.status(of: [job]) == [nil])
    }
  }

  @Test func aJobThatIsBeingEnqueuedIsNotMissing() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.holdEnqueues()
    async let submitted = fixture.submit(key: "k")
    await fixture.queue.wait(for: .enqueue)
    #expect(try await fixture.ledger.unfinished(limit: 10).count == 1)
    #expect(try await fixture.control.reconciler.reconcile(.regular).restored == 0)
    // Nor does a repeated submission put it there.
    let again = try await fixture.submit(key: "k")
    #expect(try await fixture.queue.status(of: [again]) == [nil])
    fixture.queue.releaseEnqueues()
    #expect(try await submitted == again)
    #expect(try await fixture.queue.status(of: [again]) == [.ready(ahead: 0, attemptsMade: 0)])
    // And once it is over, nothing keeps the job from being put back.
    try await fixture.queue.forget([again])
    #expect(try await fixture.control.reconciler.reconcile(.regular).restored == 1)
  }

  @Test func jobsThatCannotBePutBackAreAnObstacle() async throws {
    let fixture = try await ControlFixture()
    try await fixture.queue.forget([try await fixture.submit()])
    for _ in 0..<100 { fixture.queue.fail(.restore, with: .outOfMemory) }
    #expect(await fixture.control.obstacles() == [])
    let running = Task { await fixture.control.reconciler.run() }
    try await eventually("it is not ready") {
      await fixture.control.obstacles().contains { $0.contains("cannot be enqueued") && $0.contains("outOfMemory") }
    }
    running.cancel()
    await running.value
    #expect(await fixture.control.obstacles() == [])
  }

  @Test func aProbeIsGivenUpWhenItTakesTooLong() async throws {
    let (stream, continuation) = AsyncStream<Int>.makeStream()
    let late = await Probe.answer(within: .milliseconds(1)) { await stream.first { _ in true } }
    #expect(late == nil)
    continuation.finish()
    #expect(await Probe.answer(within: .seconds(60)) { 7 } == 7)
  }

  @Test func aJobThatTheQueueNeverTakesStandsInNobodysWay() async throws {
    let fixture = try await ControlFixture()
    let jobs = [70_000, 10, 10].map { size in
      let text = #"{"text":""# + String(repeating: "x", count: size) + #""}"#
      return JobSubmission(
        order: WorkOrder(
          job: JobID(), tenant: fixture.tenant, capability: "test.echo", version: 1, parametersJSON: text, inputs: [],
          timeoutSeconds: 60, resources: ResourceRequest()),
        tier: .cpu, attemptsMax: 3, fingerprint: [1])
    }
    _ = try await fixture.ledger.admit(jobs)
    #expect(try await fixture.reconciler(fixture.settler()).reconcile(.regular).restored == 2)
    #expect(try await fixture.queue.status(of: jobs.map(\.job)).map { $0 != nil } == [false, true, true])
  }

  @Test func itMayBeRunAgainAfterItsTaskWasCancelled() async throws {
    let fixture = try await ControlFixture(isComplete: false)
    let reconciler = fixture.reconciler(fixture.settler())
    for _ in 0..<2 {
      let running = Task { await reconciler.run() }
      try await eventually("the queue has a generation") { try await fixture.queue.memory.generation() != nil }
      // A request while it runs, after an earlier run was cancelled, is heard too.
      await fixture.queue.memory.lose()
      reconciler.request(.queueLost)
      try await eventually("it has one again") { try await fixture.queue.memory.generation() != nil }
      running.cancel()
      await running.value
      await fixture.queue.memory.lose()
    }
  }

  @Test func anOutageIsWaitedOut() async throws {
    let fixture = try await ControlFixture(isComplete: false)
    for _ in 0..<2 { fixture.queue.fail(.generation, with: .disconnected("gone")) }
    let reconciler = fixture.reconciler(fixture.settler())
    let running = Task { await reconciler.run() }
    try await eventually("the queue has a generation") { try await fixture.queue.memory.generation() != nil }
    running.cancel()
    await running.value
  }
}

@Suite struct ReaperTests {
  private func reaper(_ fixture: ControlFixture, patience: Duration, _ reconciler: Reconciler? = nil) -> Reaper {
    Reaper(
      queue: fixture.queue, leaseDuration: patience, reconciler: reconciler ?? fixture.reconciler(fixture.settler()),
      metrics: ControlMetrics(fixture.metrics), interval: .milliseconds(1))
  }

  @Test func aSilentWorkersJobsRunAgain() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    _ = try await fixture.lease(for: .zero)
    let running = Task { [reaper = reaper(fixture, patience: .zero)] in await reaper.run() }
    try await eventually("the job is ready again") {
      try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 1)]
    }
    running.cancel()
    await running.value
    #expect(fixture.metrics.render().contains("strata_leases_expired_total 1"))
  }

  @Test func afterAnOutageWorkersGetTheLengthOfALease() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.submit()
    _ = try await fixture.lease(for: .zero)
    let running = Task { [reaper = reaper(fixture, patience: .seconds(3_600))] in await reaper.run() }
    await fixture.queue.wait(for: .generation, count: 3)
    running.cancel()
    await running.value
    #expect(fixture.queue.count(of: .expire) == 0)
  }

  @Test func aLostQueueIsReportedToTheReconciler() async throws {
    let fixture = try await ControlFixture()
    let reconciler = fixture.reconciler(fixture.settler())
    let reconciling = Task { await reconciler.run() }
    await fixture.queue.wait(for: .generation)
    await fixture.queue.memory.lose()
    let running = Task { [reaper = reaper(fixture, patience: .zero, reconciler)] in await reaper.run() }
    try await eventually("the queue is complete again") { try await fixture.queue.memory.generation() != nil }
    for task in [running, reconciling] {
      task.cancel()
      await task.value
    }
  }
}
