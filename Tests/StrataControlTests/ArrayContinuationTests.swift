import ControlTestSupport
import Foundation
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// How arrays go on: after prices have changed, after an answer was lost, and what failed in them once more.
@Suite struct ArrayContinuationTests {
  private func submit(_ fixture: ControlFixture, _ text: String) async throws -> ArrayID {
    ArrayID(try await fixture.control.submit(try ArrayTests.draft(text), tenant: fixture.tenant).id)
  }

  private func keeper(
    _ fixture: ControlFixture, _ control: ControlPlane? = nil, window: Int = 1_000
  ) -> ArrayKeeper {
    var limits = ArrayLimits()
    limits.windowMax = window
    return ArrayKeeper(ledger: fixture.ledger, admission: (control ?? fixture.control).admission, limits: limits)
  }

  private func publish(_ fixture: ControlFixture, _ micros: Int64) async throws {
    let price = Price(perJob: MicroCredits(micros: micros))
    _ = try await fixture.ledger.publish(prices: [Capability.Listing(name: "test.echo", price: price)])
  }

  @Test func anArrayThatWaitsForCreditsGoesOnWhenItsPriceFalls() async throws {
    let fixture = try await ControlFixture(credits: 0)
    _ = try await fixture.ledger.grant(MicroCredits(micros: 3_500), to: fixture.tenant)
    let (id, keeper) = (try await submit(fixture, "0-19"), keeper(fixture))
    #expect(try await keeper.makeDue() == 3)
    #expect(try await keeper.makeDue() == 0)
    try await publish(fixture, 200)
    #expect(try await keeper.makeDue() == 2)
    var array = try await fixture.control.array(id, tenant: fixture.tenant)
    #expect(array.state == "held" && array.stored.holdEach.micros == 200 && array.stored.held.micros == 3_400)
    #expect(array.obstacle?.message.contains("a hold of 0.0002 credits, 0.0001 are") == true, "\(array)")
    // Where it rises the tasks that are made are charged what was held for them, and the next are held for at the new one.
    try await publish(fixture, 700)
    #expect(try await keeper.makeDue() == 0)
    array = try await fixture.control.array(id, tenant: fixture.tenant)
    #expect(array.stored.holdEach.micros == 700)
    try await fixture.complete(try await fixture.lease(5))
    try await fixture.settler().drain()
    _ = try await fixture.ledger.grant(MicroCredits(micros: 1_300), to: fixture.tenant)
    #expect(try await keeper.makeDue() == 2)
    array = try await fixture.control.array(id, tenant: fixture.tenant)
    #expect((array.stored.charged.micros, array.stored.held.micros) == (3_400, 1_400))
    #expect(try await fixture.ledger.verify().isSound)
  }

  /// The bound that its owner has set on each task is no want of credits: more of those would not help.
  @Test func anArrayWhoseTasksWouldCostTooMuchSaysSo() async throws {
    let fixture = try await ControlFixture()
    var draft = try ArrayTests.draft("0-9")
    draft.maxCharge = MicroCredits(micros: 1_500)
    let id = ArrayID(try await fixture.control.submit(draft, tenant: fixture.tenant).id)
    try await publish(fixture, 2_000)
    #expect(try await keeper(fixture).makeDue() == 0)
    let held = try await fixture.control.array(id, tenant: fixture.tenant)
    #expect(held.state == "held" && held.obstacle?.message.contains("its max_credits is 0.0015") == true, "\(held)")
  }

  /// As when the connection breaks at the commit: it came about, and whoever asked for it never heard.
  @Test func tasksWhoseCommitWasNotHeardOfAreEnqueuedAtTheNextLook() async throws {
    let fixture = try await ControlFixture()
    let (id, keeper) = (try await submit(fixture, "0-9"), keeper(fixture))
    try await loseConnection(fixture, whileMakingBy: keeper)
    // What the lost commit did, done by another controller, whose queue is not this one.
    let elsewhere = HookedQueue()
    try await elsewhere.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let other = try ControlPlane(
      ledger: fixture.ledger,
      leadership: Leadership(PostgreSQLConfiguration(connectionString: fixture.database)), queue: elsewhere,
      catalogue: TestCatalogue(), store: fixture.store,
      configuration: ControlPlane.Configuration(tiers: [ControlFixture.tier]), log: .silent)
    #expect(try await self.keeper(fixture, other).makeDue() == 10)
    #expect(try await fixture.queue.page(after: nil, limit: 20).jobs.isEmpty)
    #expect(try await keeper.makeDue() == 0)
    let jobs = try await fixture.queue.page(after: nil, limit: 20).jobs
    #expect(jobs.sorted() == (0..<10).map(id.task))
  }

  @Test func tasksThatWereNotMadeWhenTheLedgerWentAwayAreMadeOnce() async throws {
    let fixture = try await ControlFixture()
    let (id, keeper) = (try await submit(fixture, "0-9"), keeper(fixture))
    try await loseConnection(fixture, whileMakingBy: keeper)
    #expect(try await keeper.makeDue() == 10)
    #expect(try await keeper.makeDue() == 0)
    #expect(try await fixture.queue.page(after: nil, limit: 20).jobs.sorted() == (0..<10).map(id.task))
    #expect(try await fixture.ledger.verify().isSound)
  }

  /// Has the connection to the ledger end when the keeper inserts the first task.
  private func loseConnection(_ fixture: ControlFixture, whileMakingBy keeper: ArrayKeeper) async throws {
    try fixture.postgreSQL.sql(
      """
      CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
      CREATE TRIGGER vanish BEFORE INSERT ON job FOR EACH ROW EXECUTE FUNCTION vanish()
      """, database: fixture.database)
    let error = await #expect(throws: StrataError.self) { try await keeper.makeDue() }
    #expect(error?.code == .unavailable)
    try fixture.postgreSQL.sql("DROP TRIGGER vanish ON job", database: fixture.database)
  }

  /// An array whose first task has failed, and two of each five others too, all of which have ended.
  private func scattered(_ fixture: ControlFixture, tasks: Int) async throws -> ArrayID {
    let id = try await submit(fixture, "0-\(tasks - 1)")
    #expect(try await keeper(fixture, window: 1).makeDue() == 1)
    try await fixture.fail(fixture.lease()[0], code: "broken", isRetryable: false)
    try await fixture.settler().drain()
    try fixture.postgreSQL.sql(
      """
      INSERT INTO job SELECT (jsonb_populate_record(job, jsonb_build_object('id',
        left(job.id::text, 31) || lpad(to_hex(position + 1), 5, '0')))).*
      FROM job, generate_series(1, \(tasks - 1)) AS position WHERE position % 5 IN (0, 2);
      UPDATE job_array SET next_position = tasks;
      UPDATE batch SET is_open = false, total = \(tasks), failed = \(tasks / 5 * 2),
        succeeded = \(tasks - tasks / 5 * 2), finished_at = now()
      """, database: fixture.database)
    return id
  }

  @Test func anArrayIsDoneAgainHoweverItsFailuresAreScattered() async throws {
    let (fixture, tasks) = (try await ControlFixture(), 60_000)
    let id = try await scattered(fixture, tasks: tasks)
    // One of them was done again by itself, and is not done a third time.
    _ = try await fixture.control.retry(id.task(at: 2), tenant: fixture.tenant)
    let retry = try await fixture.control.retryArray(id, tenant: fixture.tenant)
    #expect(retry.tasks == tasks / 5 * 2 - 1)
    let again = try await fixture.control.array(ArrayID(retry.id), tenant: fixture.tenant).stored
    #expect(!again.indexes.isCompact && again.retryOf == id && again.span.count == tasks)
    #expect(Array(again.indexes.all) == (0..<tasks).filter { [0, 2].contains($0 % 5) && $0 != 2 })
    // Asked once more, whatever was done again by itself since, it is that one.
    _ = try await fixture.control.retry(id.task(at: 5), tenant: fixture.tenant)
    let repeated = try await fixture.control.retryArray(id, tenant: fixture.tenant)
    #expect(repeated.id == retry.id && repeated.isRepeat && repeated.tasks == retry.tasks)
    let keeper = keeper(fixture, window: 4)
    #expect(try await keeper.makeDue() == 4)
    let made = try await fixture.control.tasks(
      of: again.id, tenant: fixture.tenant, state: "queued", from: 0, limit: 9)
    #expect(made.tasks.map(\.index) == [0, 5, 7, 10])
    let some = try TaskIndexes(text: "12,59997")
    #expect(try await fixture.control.cancel(some, of: again.id, tenant: fixture.tenant).stored.dropped.count == 2)
    let unknown = await #expect(throws: StrataError.self) {
      try await fixture.control.task(3, of: again.id, tenant: fixture.tenant)
    }
    #expect(unknown?.remedy == "its indexes are 23999 from 0 to 59997", "\(String(describing: unknown))")
  }

  @Test func anArrayWhoseFailuresWereAllDoneAgainIsNot() async throws {
    let fixture = try await ControlFixture()
    let id = try await scattered(fixture, tasks: 5)
    for position in [0, 2] { _ = try await fixture.control.retry(id.task(at: position), tenant: fixture.tenant) }
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.retryArray(id, tenant: fixture.tenant)
    }
    #expect(error?.code == .conflict && error?.message.contains("done again by itself") == true)
  }
}
