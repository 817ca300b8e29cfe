import Foundation
import StrataCore
import StrataLedger
import TestSupport
import Testing

/// Which arrays are looked at for more tasks, and when.
@Suite struct ArrayStandingTests {
  private func due(_ bench: LedgerBench, at now: Timestamp = .now) async throws -> [ArrayID] {
    try await bench.ledger.dueArrays(at: now, limit: 100).map(\.id)
  }

  private func array(_ bench: LedgerBench, _ id: ArrayID, _ tenant: TenantID) async throws -> StoredArray {
    try #require(try await bench.ledger.array(id, tenant: tenant))
  }

  @Test func aFullOneIsDueOnceSoManyHaveEnded() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let id = try await ArrayBench.submit(bench.ledger, tenant, "0-99")
    _ = try await ArrayBench.make(bench.ledger, try await array(bench, id, tenant), 7, refillAt: 7)
    #expect(try await due(bench) == [id], "it has room")
    _ = try await ArrayBench.make(bench.ledger, try await array(bench, id, tenant), 3, refillAt: 7)
    #expect(try await array(bench, id, tenant).standing == .full)
    #expect(try await due(bench).isEmpty)
    _ = try await bench.ledger.settled((0..<2).map { Sample.outcome(id.task(at: $0)) })
    #expect(try await due(bench).isEmpty)
    _ = try await bench.ledger.settled([Sample.outcome(id.task(at: 2), .failed)])
    #expect(try await due(bench) == [id])
    // One with more unfinished tasks than there may be by now, as where the window has become smaller.
    try await bench.ledger.fill(try await array(bench, id, tenant), refillAt: 7)
    #expect(try await due(bench) == [id], "it has room")
    try await bench.ledger.fill(try await array(bench, id, tenant), refillAt: 3)
    #expect(try await due(bench).isEmpty)
    // Whoever cancels some has it looked at.
    let some = try #require(PositionSet("50-60"))
    _ = try await bench.ledger.cancel(some, of: id, tenant: tenant)
    #expect(try await due(bench) == [id])
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func oneThatIsRefusedIsDueWhenItsTimeHasCome() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let ids = [
      try await ArrayBench.submit(bench.ledger, tenant, "0-9"),
      try await ArrayBench.submit(bench.ledger, tenant, "0-9"),
    ]
    let later = Timestamp.now + .seconds(60)
    let obstacle = StoredArray.Obstacle(code: "unsatisfiable", message: "it cannot be had")
    try await bench.ledger.hold(ids.map { ArrayHold($0, obstacle, lookAt: later) })
    #expect(try await array(bench, ids[0], tenant).obstacle == obstacle)
    #expect(try await due(bench).isEmpty)
    #expect(try await due(bench, at: later + .milliseconds(-1)).isEmpty)
    #expect(try await due(bench, at: later) == ids)
    _ = try await ArrayBench.make(bench.ledger, try await array(bench, ids[1], tenant), 1)
    let made = try await array(bench, ids[1], tenant)
    #expect(made.standing == .ready && made.obstacle == nil)
  }

  /// What a price that is no more in force says keeps nobody waiting, and nobody has a task for less than one that is.
  @Test func aChangeOfPricesIsWhatTheyWaitForNext() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 3)
    let id = try await ArrayBench.submit(bench.ledger, tenant, "0-9")
    func publish(_ micros: Int64) async throws {
      let price = Price(perJob: MicroCredits(micros: micros))
      _ = try await bench.ledger.publish(prices: [Capability.Listing(name: LedgerBench.flat, price: price)])
    }
    try await publish(1_400_000)
    #expect(try await ArrayBench.make(bench.ledger, try await array(bench, id, tenant), 10).made.count == 2)
    let poor = try await array(bench, id, tenant)
    #expect(poor.standing == .poor && poor.holdEach.micros == 1_400_000 && poor.held.micros == 2_800_000)
    #expect(try await due(bench).isEmpty)
    try await publish(1_400_000)
    #expect(try await due(bench).isEmpty, "nothing has changed")
    try await publish(150_000)
    #expect(try await due(bench) == [id])
    #expect(
      try await ArrayBench.make(bench.ledger, try await array(bench, id, tenant), 10).made.map(\.held.micros) == [
        150_000
      ])
    #expect(try await array(bench, id, tenant).holdEach.micros == 150_000)
    try await publish(400_000)
    let step = try await ArrayBench.make(bench.ledger, try await array(bench, id, tenant), 10)
    guard case .budget(_, let needed)? = step.refusal else { throw StrataError(.internalError, "\(step)") }
    #expect(step.made.isEmpty && needed.micros == 400_000)
    #expect(try await array(bench, id, tenant).holdEach.micros == 400_000)
    // The hold of one that was made for less is not enough for another.
    _ = try await bench.ledger.settled([Sample.outcome(id.task(at: 2), .failed)])
    #expect(try await due(bench).isEmpty)
    _ = try await bench.ledger.settled([Sample.outcome(id.task(at: 0))])
    #expect(try await due(bench).isEmpty, "it was charged all that was held for it")
    _ = try await bench.ledger.settled([Sample.outcome(id.task(at: 1), .failed)])
    #expect(
      try await ArrayBench.make(bench.ledger, try await array(bench, id, tenant), 2).made.map(\.held.micros) == [
        400_000, 400_000,
      ])
    _ = try await bench.ledger.settled([Sample.outcome(id.task(at: 3))])
    let now = try await array(bench, id, tenant)
    #expect((now.charged.micros, now.held.micros) == (1_800_000, 400_000))
    #expect(try await bench.ledger.verify().isSound)
  }

  /// Beside thousands of arrays that cannot go on, those that can are found by indexes.
  @Test func thoseThatCannotGoOnAreNotRead() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let id = try await ArrayBench.submit(bench.ledger, tenant, "0-9")
    for standing in ["full", "poor", "refused"] {
      _ = try bench.sql(
        """
        INSERT INTO job_array SELECT (jsonb_populate_record(job_array, jsonb_build_object('id', gen_random_uuid(),
          'standing', '\(standing)', 'hold_each', 1000000000, 'refill_at', 1, 'look_at', '2999-01-01'))).*
        FROM job_array, generate_series(1, 3000) WHERE standing = 'ready';
        INSERT INTO batch (id, tenant, created_at) SELECT id, tenant, created_at FROM job_array
        WHERE NOT EXISTS (SELECT FROM batch WHERE batch.id = job_array.id)
        """)
    }
    _ = try bench.sql("ANALYZE job_array; ANALYZE batch")
    #expect(try bench.sql("SELECT count(*) FROM job_array WHERE next_position < tasks") == "9001")
    #expect(try await due(bench) == [id])
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/StrataLedger/Queries/list_due_arrays.sql")
    let query = try String(contentsOf: file, encoding: .utf8)
    let plan = try bench.sql(
      "PREPARE due AS \(query); SET plan_cache_mode = force_generic_plan; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE due (NULL, now(), 100)"
    )
    for index in ["job_array_ready", "job_array_poor", "job_array_refused"] {
      #expect(plan.contains("using \(index)") || plan.contains("on \(index)"), "\(plan)")
    }
    #expect(!plan.contains("Seq Scan on job_array") && !plan.contains("job_array_pending"), "\(plan)")
    #expect(!plan.contains("rows=3000") && !plan.contains("Removed by Filter: 3000"), "\(plan)")
  }
}
