import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// Garbage in the queue, on a real Redis: settlement goes on, and the jobs that lost their outcome or their record to
/// it end all the same.
@Suite struct UnreadableTests {
  /// A running controller over a Redis queue, whose workers the test plays.
  private struct Bench {
    let fixture: ControlFixture
    let queue: RedisQueue
    let control: ControlPlane
    let namespace: String

    func submit() async throws -> JobID {
      try await control.submit(JobDraft(capability: "test.echo", parametersJSON: "{}"), tenant: fixture.tenant).id
    }

    func lease(_ count: Int) async throws -> [Lease] {
      try await queue.lease(worker: fixture.worker, tiers: [.cpu], count: count, for: .seconds(3_600)).leases
    }

    func complete(_ leases: [Lease]) async throws {
      _ = try await queue.complete(
        leases.map { AttemptResult(lease: $0.reference, report: ControlFixture.report()) })
    }

    func tamper(_ verb: String, _ name: String, _ words: [UInt8]...) async throws {
      let loop = try EventLoop(label: "tamper")
      defer { loop.stop() }
      let server = try RedisFixture.shared.get()
      let connection = RedisConnection(to: try RedisEndpoint(url: server.url), on: loop)
      var command = RedisCommand(verb, "{\(namespace)}:8:\(name)")
      for word in words { command.append(word) }
      _ = try await connection.send(command)
      await connection.close()
    }

    /// Plays a worker until the jobs are finished.
    func work(until jobs: [JobID]) async throws {
      try await eventually("the jobs have ended") {
        try await complete(try await lease(10))
        return try await fixture.ledger.states(of: jobs).values.allSatisfy { $0 == .succeeded }
      }
    }
  }

  /// - Parameter prepare: comes before the controller's services run.
  private func withControl(
    on server: RedisFixture? = nil, prepare: (Bench) async throws -> Void = { _ in },
    _ body: (Bench) async throws -> Void
  ) async throws {
    let fixture = try await ControlFixture()
    let loop = try EventLoop(label: "unreadable")
    defer { loop.stop() }
    var queueing = RedisQueue.Configuration()
    queueing.namespace = "control-\(JobID())"
    let queue = try await RedisQueue.connect(
      to: try RedisEndpoint(url: (server ?? RedisFixture.shared.get()).url), on: loop, configuration: queueing)
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let control = try ControlPlane(
      ledger: fixture.ledger, leadership: Leadership(PostgreSQLConfiguration(connectionString: fixture.database)),
      queue: queue, catalogue: TestCatalogue(), store: fixture.store,
      configuration: ControlPlane.Configuration(tiers: [ControlFixture.tier]), metrics: fixture.metrics, log: .silent)
    let bench = Bench(fixture: fixture, queue: queue, control: control, namespace: queueing.namespace)
    try await prepare(bench)
    let sessions = await queue.sessions()
    let running = Task { await control.run(queueSessions: sessions) }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(bench)) } catch { outcome = .failure(error) }
    running.cancel()
    await queue.close()
    await running.value
    try outcome.get()
  }

  @Test func aJobWhoseOutcomeCannotBeReadIsRunAgainAndTheOthersSettle() async throws {
    var jobs: [JobID] = []
    try await withControl { bench in
      for _ in 0..<3 { jobs.append(try await bench.submit()) }
      let leases = try await bench.lease(3)
      try await bench.complete([leases[0]])
      let outcome = try #require(try await bench.queue.outcomes(after: nil, limit: 1, waitingUpTo: .zero).first)
      // The same entry, cut off.
      try await bench.queue.acknowledge([outcome.position])
      let place = "\(outcome.position.milliseconds)-\(outcome.position.sequence + 1)"
      try await bench.tamper("XADD", "outcomes", Array(place.utf8), [UInt8(ascii: "r")], Array(jobs[0].bytes))
      try await bench.complete(Array(leases[1...]))
    } _: { bench in
      try await bench.work(until: jobs)
      let ledger = bench.fixture.ledger
      #expect(try await ledger.balance(of: bench.fixture.tenant).posted.micros == 3 * ControlFixture.price.micros)
      #expect(try await ledger.verify().isSound)
      #expect(try await bench.control.census().unreadable == 1)
      #expect(await bench.control.obstacles() == [])
      #expect(await bench.control.warnings().contains { $0.contains("could not be read") })
    }
  }

  @Test func aJobWhoseRecordCannotBeReadIsRestored() async throws {
    try await withControl { _ in
    } _: { bench in
      let metrics = bench.fixture.metrics
      // The comparison that a term begins with is over, and the next one by itself is ten minutes off.
      try await eventually("the first comparison is over") {
        metrics.render().contains(#"strata_reconciliations_total{reason="start"} 1"#)
      }
      let jobs = [try await bench.submit(), try await bench.submit()]
      try await bench.tamper("HSET", "jobs", jobs[0].bytes, [0xFF])
      try await bench.work(until: jobs)
      #expect(try await bench.control.census().unreadable == 1)
      try await eventually("it was counted") {
        metrics.render().contains(#"strata_queue_unreadable_total{in="jobs"} 1"#)
      }
    }
  }

  /// What a queue never had to read is counted too: as nothing.
  @Test func everyPlaceHasACountFromTheStart() throws {
    let metrics = Metrics()
    _ = ControlMetrics(metrics)
    for place in UnreadableEntry.Place.allCases {
      #expect(metrics.render().contains(#"strata_queue_unreadable_total{in="\#(place.rawValue)"} 0"#))
    }
  }

  @Test func aCancellationOutlivesAFlushedServer() async throws {
    let server = try RedisFixture()
    defer { server.stop() }
    try await withControl(on: server) { bench in
      let (ledger, tenant) = (bench.fixture.ledger, bench.fixture.tenant)
      let job = try await bench.submit()
      let leases = try await bench.lease(1)
      #expect(try await bench.control.cancel(job, tenant: tenant).state == .running)
      let loop = try EventLoop(label: "flush")
      defer { loop.stop() }
      let connection = RedisConnection(to: try RedisEndpoint(url: server.url), on: loop)
      _ = try await connection.send(RedisCommand("FLUSHALL"))
      await connection.close()
      try await eventually("the job is cancelled") { try await ledger.states(of: [job])[job] == .cancelled }
      try await eventually("the queue is complete") { try await bench.queue.generation() != nil }
      #expect(try await bench.lease(1).isEmpty)
      try await bench.complete(leases)
      let balance = try await ledger.balance(of: tenant)
      #expect(balance.posted == .zero && balance.held == .zero)
      #expect(try await ledger.verify().isSound)
    }
  }

  @Test func watchersSeeEventsPastGarbage() async throws {
    try await withControl { _ in
    } _: { bench in
      let job = try await bench.submit()
      let start = OutcomePosition(milliseconds: 0, sequence: 0)
      var notices = await bench.control.events.watch(job, after: start).makeAsyncIterator()
      let leases = try await bench.lease(1)
      var kinds: [QueueEvent.Kind] = []
      while kinds.isEmpty, let notice = await notices.next(isolation: #isolation) {
        if case .event(let event) = notice { kinds.append(event.kind) }
      }
      // Between two real events.
      try await bench.tamper("XADD", "events", [UInt8(ascii: "*")], [UInt8(ascii: "r")], [1, 2, 3])
      try await bench.complete(leases)
      while kinds.count < 2, let notice = await notices.next(isolation: #isolation) {
        if case .event(let event) = notice { kinds.append(event.kind) }
      }
      #expect(kinds == [.started(attempt: 1, worker: bench.fixture.worker), .finished(.succeeded)])
      #expect(try await bench.control.census().unreadable == 1)
    }
  }
}
