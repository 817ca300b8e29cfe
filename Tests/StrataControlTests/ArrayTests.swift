import ControlTestSupport
import Foundation
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// How arrays are kept: a window of tasks that moves, and what holds it.
@Suite struct ArrayTests {
  static func draft(_ text: String, runningMax: Int? = nil, key: String? = nil) throws -> JobDraft {
    var draft = JobDraft(capability: "test.echo", parametersJSON: #"{"text":"hi {task}"}"#, idempotencyKey: key)
    draft.array = ArrayDraft(try TaskIndexes(text: text), runningMax: runningMax)
    return draft
  }

  private func submit(
    _ fixture: ControlFixture, _ text: String, runningMax: Int? = nil, key: String? = nil
  ) async throws -> ArrayID {
    let draft = try Self.draft(text, runningMax: runningMax, key: key)
    return ArrayID(try await fixture.control.submit(draft, tenant: fixture.tenant).id)
  }

  private func keeper(_ fixture: ControlFixture, _ change: (inout ArrayLimits) -> Void = { _ in }) -> ArrayKeeper {
    var limits = ArrayLimits()
    change(&limits)
    return ArrayKeeper(ledger: fixture.ledger, admission: fixture.control.admission, limits: limits)
  }

  private func array(_ fixture: ControlFixture, _ id: ArrayID) async throws -> ArraySnapshot {
    try await fixture.control.array(id, tenant: fixture.tenant)
  }

  /// Runs what waits, until nothing does.
  private func work(_ fixture: ControlFixture, _ keeper: ArrayKeeper) async throws -> Int {
    var done = 0
    repeat {
      while try await keeper.makeDue() > 0 {}
      let leases = try await fixture.lease(100)
      if leases.isEmpty { return done }
      done += leases.count
      try await fixture.complete(leases)
      try await fixture.settler().drain()
    } while true
  }

  /// The wish: one submission, up to a million tasks, stored compactly, tasks addressable.
  @Test func oneSubmissionOfAMillionTasksIsStoredCompactlyAndEachIsAddressable() async throws {
    let fixture = try await ControlFixture(credits: 10_000)
    let accepted = try await fixture.control.submit(try Self.draft("0-999999"), tenant: fixture.tenant)
    #expect(accepted.tasks == 1_000_000 && accepted.held == ControlFixture.price && !accepted.isRepeat)
    let id = ArrayID(accepted.id)
    let rows = "SELECT (SELECT count(*) FROM job) || ' ' || (SELECT count(*) FROM job_array)"
    #expect(try fixture.postgreSQL.sql(rows, database: fixture.database) == "0 1")
    let size = "SELECT sum(pg_column_size(job_array.*)) FROM job_array"
    #expect(try #require(Int(fixture.postgreSQL.sql(size, database: fixture.database))) < 1_000)
    for index in [0, 999_999] {
      let task = try await fixture.control.task(index, of: id, tenant: fixture.tenant)
      #expect(task.state == "pending" && task.job == id.task(at: index))
    }
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.job(id.task(at: 5), tenant: fixture.tenant)
    }
    #expect(error?.message.contains("is task 5 of array \(id), and is not made") == true)
    let keeper = keeper(fixture)
    while try await keeper.makeDue() > 0 {}
    let now = try await array(fixture, id).stored
    #expect(now.made == 1_000 && now.pending == 999_000)
    #expect(try await fixture.queue.census().tiers[.cpu]?.ready == 1_000)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == MicroCredits(micros: 1_000_000))
    let made = try await fixture.control.task(7, of: id, tenant: fixture.tenant)
    guard case .made(let job) = made.standing else { throw StrataError(.internalError, made.state) }
    #expect(job.record.order.parametersJSON == #"{"text":"hi 7"}"# && job.state == .queued)
    #expect(job.record.order.task?.span.last == 999_999)
    // The whole is taken back as cheaply as it was made.
    let cancelled = try await fixture.control.cancel(nil, of: id, tenant: fixture.tenant)
    #expect(cancelled.state == "cancelled" && cancelled.stored.dropped.count == 999_000)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == .zero)
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func theWindowMovesUntilAllHaveRun() async throws {
    let fixture = try await ControlFixture()
    let id = try await submit(fixture, "0-99:3,1000")
    let keeper = keeper(fixture) { ($0.windowMax, $0.stepMax) = (8, 3) }
    #expect(try await keeper.makeDue() == 3)
    let leases = try await fixture.lease(2)
    let indexes = try leases.map { try JSONDecoder().decode(WorkOrder.self, from: Data($0.job.payload)).task?.index }
    #expect(indexes == [0, 3])
    try await fixture.complete(leases)
    try await fixture.settler().drain()
    #expect(try await work(fixture, keeper) == 33)
    let done = try await array(fixture, id)
    #expect(done.state == "succeeded" && done.stored.succeeded == 35 && done.running == 0)
    let start = OutcomePosition(milliseconds: 0, sequence: 0)
    let events = try await fixture.queue.events(after: start, limit: 1_000, waitingUpTo: .zero)
    #expect(events.filter { $0.job == id.asJob }.map(\.kind) == [.finished(.succeeded)])
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func noMoreRunAtOnceThanTheArrayWants() async throws {
    let fixture = try await ControlFixture()
    let id = try await submit(fixture, "0-9", runningMax: 2)
    let keeper = keeper(fixture)
    while try await keeper.makeDue() > 0 {}
    #expect(try await array(fixture, id).stored.unfinished == 2)
    let reasons = try await fixture.control.explain(id, tenant: fixture.tenant).reasons
    #expect(reasons.map(\.code) == [.arrayLimit] && reasons[0].limit == 2)
    let pending = try await fixture.control.explain(id, task: 9, tenant: fixture.tenant).reasons
    #expect(pending.map(\.code) == [.arrayLimit, .ownJobs] && pending[1].count == 7)
    try await fixture.complete(try await fixture.lease(1))
    try await fixture.settler().drain()
    #expect(try await keeper.makeDue() == 1)
    #expect(try await work(fixture, keeper) == 9)
    #expect(try await array(fixture, id).state == "succeeded")
  }

  @Test func anArrayWaitsForCreditsAndGoesOnAfterAGrant() async throws {
    let fixture = try await ControlFixture(credits: 0)
    let refused = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(try Self.draft("0-9"), tenant: fixture.tenant)
    }
    #expect(refused?.code == .budgetExceeded)
    _ = try await fixture.ledger.grant(MicroCredits(micros: 3_000), to: fixture.tenant)
    let id = try await submit(fixture, "0-9")
    let keeper = keeper(fixture)
    #expect(try await keeper.makeDue() == 3)
    #expect(try await keeper.makeDue() == 0)
    let held = try await array(fixture, id)
    #expect(held.state == "held" && held.obstacle?.code == "budget_exceeded" && held.stored.pending == 7)
    let reasons = try await fixture.control.explain(id, tenant: fixture.tenant).reasons
    #expect(reasons.map(\.code) == [.noCredits] && reasons[0].message.contains("0 are available"))
    try await fixture.complete(try await fixture.lease(3))
    try await fixture.settler().drain()
    // They were charged: there is nothing for another.
    #expect(try await keeper.makeDue() == 0)
    _ = try await fixture.ledger.grant(MicroCredits(micros: 100_000), to: fixture.tenant)
    #expect(try await array(fixture, id).state == "queued")
    #expect(try await work(fixture, keeper) == 7)
    #expect(try await array(fixture, id).state == "succeeded")
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func aFullQueueHoldsTheWindowBack() async throws {
    let fixture = try await ControlFixture()
    let id = try await submit(fixture, "0-9")
    // It has no memory left for a job, which is accepted all the same; then the door is closed.
    fixture.queue.fail(.enqueue, with: .outOfMemory)
    _ = try await fixture.submit()
    let error = await #expect(throws: StrataError.self) { try await keeper(fixture).makeDue() }
    #expect(error?.code == .queueFull)
    let held = try await array(fixture, id)
    #expect(held.state == "held" && held.obstacle?.code == "queue_full" && held.stored.made == 0)
    let late = await #expect(throws: StrataError.self) { try await submit(fixture, "0-9") }
    #expect(late?.code == .queueFull)
    // A look finds it open again.
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    try await eventually("its tasks are made") { try await array(fixture, id).stored.made == 10 }
    running.cancel()
    await running.value
    #expect(try await array(fixture, id).obstacle == nil)
  }

  @Test func aTenantWithTooManyWaitingIsHeldBack() async throws {
    let fixture = try await ControlFixture { $0.admission.tenantWaitingMax = 12 }
    for _ in 0..<4 { _ = try await fixture.submit() }
    let id = try await submit(fixture, "0-9")
    let keeper = keeper(fixture)
    while try await keeper.makeDue() > 0 {}
    // It takes what room there is, and no task fails for want of more.
    let held = try await array(fixture, id)
    #expect(held.state == "held" && held.obstacle?.code == "too_many_waiting" && held.stored.made == 8)
    let reasons = try await fixture.control.explain(id, tenant: fixture.tenant).reasons
    #expect(reasons.map(\.code) == [.notMade])
  }

  /// As after a fall of the leader between the commit and the queue.
  @Test func whatIsCommittedAndNotEnqueuedIsFoundAndMadeOnce() async throws {
    let fixture = try await ControlFixture()
    let id = try await submit(fixture, "0-9")
    fixture.queue.fail(.enqueue, with: .disconnected("gone"))
    #expect(try await keeper(fixture).makeDue() == 10)
    #expect(try await keeper(fixture).makeDue() == 0)
    #expect(try await fixture.queue.page(after: nil, limit: 20).jobs.isEmpty)
    #expect(try await fixture.reconciler(fixture.settler()).reconcile(.start).restored == 10)
    let jobs = try await fixture.queue.page(after: nil, limit: 20).jobs
    #expect(jobs.sorted() == (0..<10).map(id.task))
    #expect(try await work(fixture, keeper(fixture)) == 10)
    #expect(try await array(fixture, id).state == "succeeded")
  }

  @Test func theLeaderMakesTasksAsEarlierOnesEnd() async throws {
    let fixture = try await ControlFixture { ($0.arrays.windowMax, $0.arrays.stepMax) = (4, 4) }
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    let id = try await submit(fixture, "1-50")
    var done = 0
    try await eventually("all have run") {
      let leases = try await fixture.lease(3)
      done += leases.count
      try await fixture.complete(leases)
      return done == 50
    }
    try await eventually("it is finished") { try await array(fixture, id).state == "succeeded" }
    running.cancel()
    await running.value
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func aRepeatedSubmissionIsTheSameArray() async throws {
    let fixture = try await ControlFixture()
    let id = try await submit(fixture, "0-9", key: "k")
    let again = try await fixture.control.submit(try Self.draft("0-9", key: "k"), tenant: fixture.tenant)
    #expect(ArrayID(again.id) == id && again.isRepeat && again.tasks == 10)
    for (text, runningMax) in [("0-8", nil), ("0-9", 3)] {
      let other = await #expect(throws: StrataError.self) {
        try await submit(fixture, text, runningMax: runningMax, key: "k")
      }
      #expect(other?.code == .conflict)
    }
    let job = await #expect(throws: StrataError.self) { try await fixture.submit(key: "k") }
    #expect(job?.code == .conflict)
    #expect(try await fixture.control.arrays(tenant: fixture.tenant, after: nil, limit: 9).arrays.count == 1)
  }

  @Test func someTasksAreCancelledAndTheFailedOnesDoneAgain() async throws {
    let fixture = try await ControlFixture()
    let id = try await submit(fixture, "100-109")
    let keeper = keeper(fixture) { ($0.windowMax, $0.stepMax) = (4, 4) }
    #expect(try await keeper.makeDue() == 4)
    let running = try await fixture.lease(2)
    let some = try TaskIndexes(text: "101-102,107-108")
    let partly = try await fixture.control.cancel(some, of: id, tenant: fixture.tenant)
    #expect(partly.stored.dropped.count == 2 && partly.stored.cancelled == 1 && partly.running == 2)
    #expect(
      try await fixture.queue.signals(for: fixture.worker, waitingUpTo: .zero).contains(.cancel(running[1].job.id)))
    for (index, state) in [(102, "cancelled"), (107, "cancelled"), (103, "queued"), (109, "pending")] {
      #expect(try await fixture.control.task(index, of: id, tenant: fixture.tenant).state == state, "\(index)")
    }
    let unknown = await #expect(throws: StrataError.self) {
      try await fixture.control.cancel(try TaskIndexes(text: "105,110"), of: id, tenant: fixture.tenant)
    }
    #expect(unknown?.code == .notFound && unknown?.message.contains("no task 110") == true)
    let early = await #expect(throws: StrataError.self) {
      try await fixture.control.retryArray(id, tenant: fixture.tenant)
    }
    #expect(early?.code == .conflict)
    let failing = AttemptError(code: "broken", message: "it broke", isRetryable: false)
    _ = try await fixture.queue.fail([
      AttemptFailure(
        lease: running[0].reference, ending: .failed, isRetryable: false,
        report: ControlFixture.report(error: failing)),
      AttemptFailure(
        lease: running[1].reference, ending: .cancelled, isRetryable: false, report: ControlFixture.report()),
    ])
    try await fixture.settler().drain()
    #expect(try await work(fixture, keeper) == 5)
    let done = try await array(fixture, id)
    #expect(done.state == "failed" && done.failedIndexes?.description == "100")
    let page = try await fixture.control.tasks(
      of: id, tenant: fixture.tenant, state: "cancelled", from: 0, limit: 2)
    #expect(page.tasks.map(\.index) == [101, 102] && page.next == 3)
    let rest = try await fixture.control.tasks(of: id, tenant: fixture.tenant, state: nil, from: 8, limit: 9)
    #expect(rest.tasks.map(\.state) == ["cancelled", "succeeded"] && rest.next == nil)
    let retry = try await fixture.control.retryArray(id, tenant: fixture.tenant)
    let again = try await fixture.control.retryArray(id, tenant: fixture.tenant)
    #expect(retry.tasks == 1 && again.id == retry.id && again.isRepeat)
    #expect(try await keeper.makeDue() == 1)
    let lease = try await fixture.lease(1)[0]
    let order = try JSONDecoder().decode(WorkOrder.self, from: Data(lease.job.payload))
    // It knows its index and what it was first one of.
    #expect(order.task?.index == 100 && order.task?.span.count == 10 && order.parametersJSON.contains("hi 100"))
    #expect(try await array(fixture, id).stored.retriedBy == ArrayID(retry.id))
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func whatTasksCannotHaveIsRefused() async throws {
    let fixture = try await ControlFixture()
    var drafts: [JobDraft] = []
    for change: (inout JobDraft) -> Void in [
      { $0.structure.unique = UniqueKey("k") }, { $0.structure.after = [JobID()] }, { $0.structure.batch = BatchID() },
      { $0.startBy = .after(.seconds(5)) }, { $0.array?.runningMax = 0 },
    ] {
      var draft = try Self.draft("0-9")
      change(&draft)
      drafts.append(draft)
    }
    for draft in drafts {
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.submit(draft, tenant: fixture.tenant)
      }
      #expect(error?.code == .invalidBody)
      let checked = await #expect(throws: StrataError.self) {
        try await fixture.control.check(draft, tenant: fixture.tenant)
      }
      #expect(checked?.code == .invalidBody)
    }
    var missing = try Self.draft("0-9")
    missing.capability = "test.eco"
    let gone = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(missing, tenant: fixture.tenant)
    }
    #expect(gone?.code == .notFound)
    var large = try Self.draft("0-9")
    large.parametersJSON = #"{"text":"\#(String(repeating: "x", count: 70_000))"}"#
    let size = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(large, tenant: fixture.tenant)
    }
    #expect(size?.code == .invalidInput)
    let many = await #expect(throws: StrataError.self) {
      try await fixture.control.createSchedule(
        ScheduleDraft(name: "n", cron: "@daily", job: try Self.draft("0-9")), tenant: fixture.tenant)
    }
    #expect(many?.code == .invalidBody && many?.message.contains("by itself") == true)
    let id = try await submit(fixture, "0-9")
    let join = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(ControlPlane.BatchDraft(jobs: [], batch: id.batch), tenant: fixture.tenant)
    }
    #expect(join?.code == .conflict && join?.message.contains("is an array") == true)
    #expect(try await fixture.control.check(try Self.draft("0-9"), tenant: fixture.tenant).held.micros == 10_000)
  }
}
