import StrataCore
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

@Suite struct RedisQueueTests {
  @Test func aClosedConnectionLeavesNothingInItsLoop() async throws {
    let loop = try EventLoop(label: "hooks")
    defer { loop.stop() }
    let connection = RedisConnection(to: try RedisEndpoint(url: RedisFixture.shared.get().url), on: loop)
    _ = try await connection.send(RedisCommand("PING"))
    let before = await Task(executorPreference: loop) { loop.turnEndHookCount }.value
    await connection.close()
    let after = await Task(executorPreference: loop) { loop.turnEndHookCount }.value
    #expect(before == 1 && after == 0)
  }

  @Test func aQueueOutlivesTheDeathOfItsServer() async throws {
    // With `everysec` the server may answer before it has written, while an fsync is under way.
    try await withServer(["--appendonly", "yes", "--appendfsync", "always", "--save", ""]) { server in
      try await withRedisQueue(on: server) { queue in
        try await queue.install(generation: 4, tokenFloor: FencingToken(rawValue: 0))
        let job = QueuedJob.sample()
        _ = try await queue.enqueue([job])
        let firstRun = try await queue.serverRunID()
        var sessions = await queue.sessions().makeAsyncIterator()
        #expect(await sessions.next()?.number == 1)
        let waiting = Task { try await queue.signals(for: WorkerID(), waitingUpTo: .seconds(3_600)) }
        server.kill()
        await #expect(throws: QueueError.self) { _ = try await waiting.value }
        await #expect(throws: QueueError.self) { _ = try await queue.enqueue([.sample()]) }
        try server.start()
        #expect(await sessions.next()?.number == 2)
        #expect(try await queue.serverRunID() != firstRun)
        let generation = try await queue.generation()
        #expect(generation == 4)
        #expect(try await queue.leaseOne(WorkerID())?.job == job)
      }
    }
  }

  @Test func anEmptiedServerIsLostUntilItIsRestored() async throws {
    try await withServer { server in
      try await withRedisQueue(on: server) { queue in
        try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
        let job = QueuedJob.sample()
        _ = try await queue.enqueue([job])
        let old = try #require(try await queue.leaseOne(WorkerID()))
        try await plainCommand(RedisCommand("FLUSHALL"), on: server)
        await #expect(throws: QueueError.lost) { _ = try await queue.leaseOne(WorkerID()) }
        await #expect(throws: QueueError.lost) {
          _ = try await queue.complete([.init(lease: old.reference, report: [])])
        }
        _ = try await queue.restore([job])
        try await queue.install(generation: 2, tokenFloor: old.token)
        #expect(try await queue.complete([.init(lease: old.reference, report: [])]) == [.stale])
        #expect(try #require(try await queue.leaseOne(WorkerID())).token > old.token)
      }
    }
  }

  @Test func flushedScriptsAreLoadedAgain() async throws {
    try await withServer { server in
      try await withRedisQueue(on: server) { queue in
        try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
        try await plainCommand(RedisCommand("FUNCTION", "FLUSH"), on: server)
        #expect(try await queue.enqueue([.sample()]) == [.enqueued])
      }
    }
  }

  @Test func tokensGrowAfterTheServerWentBackInTime() async throws {
    try await withServer(["--appendonly", "no", "--save", ""]) { server in
      try await withRedisQueue(on: server) { queue in
        try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
        _ = try await queue.enqueue([.sample()])
        try await plainCommand(RedisCommand("SAVE"), on: server)
        let forgotten = try #require(try await queue.leaseOne(WorkerID()))
        var sessions = await queue.sessions().makeAsyncIterator()
        _ = await sessions.next()
        server.kill()
        try server.start()
        _ = await sessions.next()
        let lease = try #require(try await queue.leaseOne(WorkerID()))
        #expect(lease.job == forgotten.job)
        #expect(lease.token > forgotten.token)
        #expect(try await queue.complete([.init(lease: forgotten.reference, report: [])]) == [.stale])
      }
    }
  }

  @Test func aFullServerRefusesJobsAndStillFinishesThem() async throws {
    try await withServer(["--appendonly", "no", "--save", "", "--maxmemory-policy", "noeviction"]) { server in
      try await withRedisQueue(on: server) { queue in
        try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
        _ = try await queue.enqueue([.sample()])
        try await plainCommand(RedisCommand("CONFIG", "SET", "maxmemory", "1"), on: server)
        await #expect(throws: QueueError.outOfMemory) { _ = try await queue.enqueue([.sample()]) }
        let lease = try #require(try await queue.leaseOne(WorkerID()))
        #expect(try await queue.complete([.init(lease: lease.reference, report: [])]) == [.accepted])
      }
    }
  }

  @Test func manyCallsShareOneConnection() async throws {
    try await withRedisQueue { queue in
      try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
      let jobs = (0..<1_000).map { _ in QueuedJob.sample() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for job in jobs { group.addTask { _ = try await queue.enqueue([job]) } }
        try await group.waitForAll()
      }
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 2_000, for: minute)
      #expect(grant.leases.map(\.job) == jobs)
    }
  }

  @Test func closingEndsTheCallsThatWait() async throws {
    try await withRedisQueue { queue in
      let waiting = Task { try await queue.signals(for: WorkerID(), waitingUpTo: .seconds(3_600)) }
      await queue.close()
      await #expect(throws: QueueError.self) { _ = try await waiting.value }
      await #expect(throws: QueueError.self) { _ = try await queue.census() }
    }
  }

  @Test func aServerThatIsNotThereIsAnErrorNotAWait() async throws {
    let loop = try EventLoop(label: "queue-tests")
    defer { loop.stop() }
    let nowhere = RedisEndpoint(.unix(path: "/nonexistent/redis.sock"))
    await #expect(throws: QueueError.self) { _ = try await RedisQueue.connect(to: nowhere, on: loop) }
  }
}

/// Sends a command of no queue to a server.
@discardableResult
func plainCommand(_ command: RedisCommand, on server: RedisFixture) async throws -> RedisValue {
  let loop = try EventLoop(label: "queue-tests")
  defer { loop.stop() }
  let connection = RedisConnection(to: try RedisEndpoint(url: server.url), on: loop)
  let answer = try await connection.send(command)
  await connection.close()
  return answer
}
