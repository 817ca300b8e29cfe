import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// A controller on a real Redis with little memory.
@Suite(.timeLimit(.minutes(3))) struct FullRedisTests {
  private static let memoryMax: Int64 = 12 << 20

  private func withController(
    _ body: (ControlPlane, RedisQueue, ControlFixture) async throws -> Void
  ) async throws {
    let server = try RedisFixture([
      "--appendonly", "no", "--save", "", "--maxmemory", "\(Self.memoryMax)", "--maxmemory-policy", "noeviction",
    ])
    defer { server.stop() }
    let fixture = try await ControlFixture(credits: 1_000_000)
    let loop = try EventLoop(label: "full-redis")
    defer { loop.stop() }
    let queue = try await RedisQueue.connect(to: RedisEndpoint(url: server.url), on: loop)
    do {
      try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
      let control = try ControlPlane(
        ledger: fixture.ledger, leadership: Leadership(PostgreSQLConfiguration(connectionString: fixture.database)),
        queue: queue, catalogue: TestCatalogue(), store: fixture.store,
        configuration: .init(tiers: [ControlFixture.tier]), log: .silent)
      try await body(control, queue, fixture)
      await queue.close()
    } catch {
      await queue.close()
      throw error
    }
  }

  /// Jobs of about 20 kB each.
  private func batch() -> ControlPlane.BatchDraft {
    let text = String(repeating: "x", count: 20_000)
    let draft = JobDraft(capability: "test.echo", parametersJSON: #"{"text":"\#(text)"}"#)
    return ControlPlane.BatchDraft(jobs: Array(repeating: .success(draft), count: 25))
  }

  /// - Returns: nil where the queue is full.
  private func submitted(
    _ control: ControlPlane, _ tenant: TenantID
  ) async throws -> [Result<AdmittedJob, StrataError>]? {
    do {
      return try await control.submit(batch(), tenant: tenant).verdicts
    } catch {
      let isFull = error.code == .queueFull
      #expect(isFull, "\(error)")
      return nil
    }
  }

  /// Submits until nothing more is accepted.
  private func fill(_ control: ControlPlane, _ tenant: TenantID) async throws -> Int {
    var accepted = 0
    for _ in 0..<100 {
      guard let verdicts = try await submitted(control, tenant) else { return accepted }
      accepted += verdicts.count { if case .success = $0 { true } else { false } }
      await control.lookAtRoom()
    }
    Issue.record("it never said that it is full")
    return accepted
  }

  @Test func submissionsAreRefusedBeforeRedisIsFullAndTakenAgainOnceThereIsRoom() async throws {
    try await withController { control, queue, fixture in
      await control.lookAtRoom()
      let accepted = try await fill(control, fixture.tenant)
      let full = try await queue.load()
      #expect(full.memoryMaxBytes == Self.memoryMax && full.memoryUsedBytes < Self.memoryMax)
      // Everything that was accepted is in the queue: none met a server without memory.
      #expect(full.jobs == accepted && accepted > 100)
      // What is there is leased and ended, and then there is room.
      var ended = 0
      while ended < accepted {
        let leases = try await queue.lease(worker: fixture.worker, tiers: [.cpu], count: 50, for: .seconds(60)).leases
        let results = leases.map { AttemptResult(lease: $0.reference, report: ControlFixture.report()) }
        let verdicts = try await queue.complete(results)
        #expect(verdicts.allSatisfy { $0 == .accepted } && !verdicts.isEmpty)
        if verdicts.isEmpty { break }
        ended += verdicts.count
      }
      await control.lookAtRoom()
      let again = try await control.submit(batch(), tenant: fixture.tenant).verdicts.count
      #expect(again == 25)
    }
  }
}
