import StrataCore
import StrataFaults
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// What the audit of the queue sees when the queue's keys are tampered with.
@Suite struct QueueAuditTests {
  /// A queue with a ready, a delayed and a leased job, on a server of its own.
  private func withQueue(
    _ body: (_ audit: QueueAudit, _ redis: RedisTool) async throws -> Void
  ) async throws {
    let server = try RedisFixture()
    defer { server.stop() }
    let loop = try EventLoop(label: "audit")
    defer { loop.stop() }
    let queue = try await RedisQueue.connect(to: RedisEndpoint(url: server.url), on: loop)
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let lane = Lane(tier: .cpu, capability: "noop")
    let tenant = TenantID()
    _ = try await queue.enqueue(
      (0..<3).map { number in
        let due = number == 1 ? Timestamp.now + .seconds(600) : nil
        return QueuedJob(id: JobID(), tenant: tenant, lane: lane, attemptsMax: 3, notBefore: due, payload: [])
      })
    let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 1, for: .seconds(60))
    #expect(grant.leases.count == 1)
    let redis = RedisTool(socket: server.socketPath)
    try await body(QueueAudit(redis: redis), redis)
    await queue.close()
  }

  @Test func aSoundQueueIsFoundSound() async throws {
    try await withQueue { audit, _ in
      #expect(await audit.look() == [])
      let left = await audit.left() ?? []
      #expect(left.contains("3 jobs are left") && left.contains("1 workers hold leases"), "\(left)")
      #expect(
        left.contains("1 timers of jobs are left") && left.contains("1 lines of waiting jobs are left"), "\(left)")
    }
  }

  @Test(arguments: [
    ("redis.call('DEL', p..'jobs')", "has no record"),
    ("redis.call('DEL', redis.call('KEYS', p..'queue:*')[1])", "is in no place"),
    ("redis.call('DEL', redis.call('KEYS', p..'held:*')[1])", "1 leased, 1 delayed, and there are 1, 0, 1"),
    ("redis.call('DEL', p..'timers')", "1 leased, 1 delayed, and there are 1, 1, 0"),
    (
      """
      local held = redis.call('KEYS', p..'held:*')[1]
      redis.call('ZADD', redis.call('KEYS', p..'queue:*')[1], 0, redis.call('HKEYS', held)[1])
      """, "is ready and leased"
    ),
  ])
  func whatIsTamperedWithIsSeen(_ tampering: String, _ words: String) async throws {
    try await withQueue { audit, redis in
      try await redis.ask("EVAL", "local p = '{strata}:8:' " + tampering, "0")
      let found = await audit.look() ?? []
      #expect(found.contains { $0.contains(words) }, "\(found)")
    }
  }

  @Test func aServerThatIsAwayIsNotJudged() async throws {
    let audit = QueueAudit(redis: RedisTool(socket: "/nowhere"))
    #expect(await audit.look() == nil)
    #expect(await audit.left() == nil)
  }
}
