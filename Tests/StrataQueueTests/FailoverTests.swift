import StrataCore
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// What becomes of a queue whose server is replaced by its replica.
@Suite(.serialized) struct FailoverTests {
  /// Runs `body` with a queue that follows the master of `servers`, installed as generation 1.
  private func withQueue(
    at url: String, _ timeouts: RedisTimeouts = RedisTimeouts(), namespace: String = "failover",
    isInstalled: Bool = true, _ body: (RedisQueue) async throws -> Void
  ) async throws {
    let loop = try EventLoop(label: "failover-tests")
    defer { loop.stop() }
    var configuration = RedisQueue.Configuration()
    (configuration.timeouts, configuration.namespace) = (timeouts, namespace)
    let queue = try await RedisQueue.connect(to: RedisEndpoint(url: url), on: loop, configuration: configuration)
    do {
      if isInstalled { try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0)) }
      try await body(queue)
      await queue.close()
    } catch {
      await queue.close()
      throw error
    }
  }

  private func withSentinels(
    replicas: Int = 1, _ options: [String] = [], _ body: (SentinelFixture) async throws -> Void
  ) async throws {
    let servers = try SentinelFixture(replicas: replicas, options)
    defer { servers.stop() }
    try await body(servers)
  }

  /// Waits until what the master did has reached its replicas.
  private func untilReplicated(_ servers: SentinelFixture, from master: Int = 0) async throws {
    try await waitUntil("the replicas have it all") {
      let facts = try servers.servers[master].ask("info replication").split(separator: "\n")
      guard let end = facts.first(where: { $0.hasPrefix("master_repl_offset:") })?.split(separator: ":").last else {
        return false
      }
      return facts.count { $0.contains("state=online") && $0.contains("offset=\(end),") } == servers.servers.count - 1
    }
  }

  @Test(.timeLimit(.minutes(2))) func aMasterThatIsKilledIsFollowed() async throws {
    try await withSentinels { servers in
      try await withQueue(at: servers.url) { queue in
        let job = QueuedJob.sample()
        _ = try await queue.enqueue([job])
        var sessions = await queue.sessions().makeAsyncIterator()
        let first = try #require(await sessions.next())
        let worker = WorkerID()
        let waiting = Task { try await queue.signals(for: worker, waitingUpTo: .seconds(3_600)) }
        try await untilReplicated(servers)
        servers.servers[0].kill()
        await #expect(throws: QueueError.self) { _ = try await waiting.value }
        let second = try #require(await sessions.next())
        #expect(second.number == 2 && second.address != first.address && second.serverRunID != first.serverRunID)
        // The scripts came with the data; the generation too.
        let generation = try await queue.generation()
        #expect(generation == 1)
        let lease = try #require(try await queue.leaseOne(worker))
        #expect(lease.job == job)
        #expect(try await queue.complete([.init(lease: lease.reference, report: [])]) == [.accepted])
        // The connections that wait have followed, too.
        #expect(try await queue.leaseOne(worker) == nil)
        let woken = Task { try await queue.signals(for: worker, waitingUpTo: .seconds(60)) }
        _ = try await queue.enqueue([.sample()])
        #expect(try await woken.value == [.work])
      }
    }
  }

  /// Nothing breaks where the old master is frozen, and no command fails: what it is cut off from names another.
  @Test(.timeLimit(.minutes(2))) func aMasterThatIsSilentIsLeftForTheNewOne() async throws {
    try await withSentinels { servers in
      var patient = RedisTimeouts()
      patient.command = .seconds(3_600)
      try await withQueue(at: servers.url, patient) { queue in
        var sessions = await queue.sessions().makeAsyncIterator()
        let first = await sessions.next()
        try await untilReplicated(servers)
        servers.servers[0].freeze(true)
        let unanswered = Task { try await queue.generation() }
        await #expect(throws: QueueError.self) { _ = try await unanswered.value }
        let second = await sessions.next()
        #expect(second?.address != first?.address)
        let generation = try await queue.generation()
        #expect(generation == 1)
      }
    }
  }

  /// The old master was only cut off, and goes on for some seconds, until the sentinels make a replica of it. What it gives
  /// out meanwhile has tokens of its own, is of no use with the new master, and is forgotten.
  @Test(.timeLimit(.minutes(2))) func whatAnOldMasterStillGivesOutIsStale() async throws {
    try await withSentinels { servers in
      try await withQueue(at: servers.url) { queue in
        let jobs = (0..<50).map { _ in QueuedJob.sample() }
        _ = try await queue.enqueue(jobs)
        var sessions = await queue.sessions().makeAsyncIterator()
        _ = await sessions.next()
        try await untilReplicated(servers)
        servers.servers[0].freeze(true)
        _ = await sessions.next()
        // Whose worker has not heard of the sentinels' choice.
        servers.servers[0].freeze(false)
        try await withQueue(at: servers.servers[0].url, isInstalled: false) { old in
          let there = try await old.lease(worker: WorkerID(), tiers: [.cpu], count: 50, for: minute).leases
          let here = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 50, for: minute).leases
          #expect(Set(there.map(\.job.id)) == Set(jobs.map(\.id)) && Set(here.map(\.job.id)) == Set(jobs.map(\.id)))
          let tokens = Dictionary(uniqueKeysWithValues: here.map { ($0.job.id, $0.token) })
          #expect(there.allSatisfy { tokens[$0.job.id] != $0.token })
          let results = there.map { AttemptResult(lease: $0.reference, report: []) }
          let (verdicts, oldVerdicts) = (try await queue.complete(results), try await old.complete(results))
          #expect(Set(verdicts) == [.stale] && Set(oldVerdicts) == [.accepted])
          try await waitUntil("the old master is a replica") {
            SentinelFixture.has(servers.servers[0], role: "slave")
          }
          let error = await #expect(throws: QueueError.self) { _ = try await old.complete(results) }
          #expect(error.map { "\($0)".contains("replica") } ?? false, "\(String(describing: error))")
        }
        // What was accepted over there is nowhere.
        #expect(try await queue.allOutcomes() == [])
      }
    }
  }

  /// To the replica and back, as where servers are maintained: nothing was restarted, and still the last server is another run of
  /// things than the first.
  @Test(.timeLimit(.minutes(2))) func aMasterMayBecomeOneAgain() async throws {
    try await withSentinels { servers in
      try await withQueue(at: servers.url) { queue in
        var sessions = await queue.sessions().makeAsyncIterator()
        let first = try #require(await sessions.next())
        var tokens: [FencingToken] = []
        for master in [0, 1, 0] {
          if !tokens.isEmpty {
            try await untilReplicated(servers, from: 1 - master)
            // Sentinels on a busy machine give a failover up, and have to be asked again.
            try await waitUntil("the sentinels change the master") {
              if SentinelFixture.has(servers.servers[master], role: "master") { return true }
              _ = try servers.sentinels[0].ask("sentinel failover \(SentinelFixture.masterName)")
              return false
            }
            let session = try #require(await sessions.next())
            #expect((session.address == first.address) == (master == 0))
          }
          _ = try await queue.enqueue([.sample()])
          tokens.append(try #require(try await queue.leaseOne(WorkerID())).token)
        }
        #expect(tokens == tokens.sorted() && Set(tokens).count == 3)
        #expect(try await queue.serverRunID() == first.serverRunID)
      }
    }
  }

  /// With replicas enough a master can be told to do nothing without any: then nothing runs by it in vain.
  @Test(.timeLimit(.minutes(2))) func anOldMasterWithoutItsReplicasDoesNothing() async throws {
    try await withSentinels(replicas: 2, ["--min-replicas-to-write", "1"]) { servers in
      try await withQueue(at: servers.url) { queue in
        _ = try await queue.enqueue([.sample()])
        var sessions = await queue.sessions().makeAsyncIterator()
        _ = await sessions.next()
        try await untilReplicated(servers)
        servers.servers[0].freeze(true)
        _ = await sessions.next()
        servers.servers[0].freeze(false)
        try await waitUntil("it has seen that its replicas are gone") {
          try servers.servers[0].ask("info replication").contains("connected_slaves:0")
        }
        // It does not even take the scripts.
        let error = await #expect(throws: QueueError.self) {
          try await withQueue(at: servers.servers[0].url, isInstalled: false) { _ in }
        }
        #expect(error?.reason.hasPrefix("NOREPLICAS") == true, "\(String(describing: error))")
        try await waitUntil("the new one has a replica") { (try? await queue.enqueue([.sample()])) != nil }
      }
    }
  }

  /// One that has missed the failover names what was the master: nobody leaves the new one for that.
  @Test(.timeLimit(.minutes(2))) func aSentinelThatIsBehindIsNotFollowed() async throws {
    try await withSentinels { servers in
      var timeouts = RedisTimeouts()
      timeouts.masterLook = .milliseconds(50)
      let port = FreePort.next()
      let url = servers.url.replacing("redis-sentinel://", with: "redis-sentinel://127.0.0.1:\(port),")
      try await withQueue(at: url, timeouts) { queue in
        var sessions = await queue.sessions().makeAsyncIterator()
        let first = try #require(await sessions.next())
        servers.servers[0].kill()
        let second = try #require(await sessions.next())
        #expect(second.address != first.address)
        for sentinel in servers.sentinels { sentinel.kill() }
        let name = SentinelFixture.masterName
        let words = "\(first.address)".replacing(":", with: " ")
        let behind = try RedisFixture(sentinel: "port \(port)\nbind 127.0.0.1\nsentinel monitor \(name) \(words) 2\n")
        defer { behind.stop() }
        try await waitUntil("it was asked some times") {
          let facts = try behind.ask("info stats").split(separator: "\n")
          let count = facts.first { $0.hasPrefix("total_connections_received:") }?.split(separator: ":").last
          return count.flatMap { Int($0) } ?? 0 > 20
        }
        #expect(try await queue.enqueue([.sample()]) == [.enqueued])
        await queue.close()
        #expect(await sessions.next() == nil)
      }
    }
  }

  /// Without sentinels, too, a server that has become a replica is no queue any more, and one again once it is a master.
  @Test(.timeLimit(.minutes(1))) func aServerThatBecomesAReplicaIsLeft() async throws {
    try await withServer { server in
      try await withQueue(at: server.url) { queue in
        _ = try await queue.enqueue([.sample()])
        let waiting = Task { try await queue.signals(for: WorkerID(), waitingUpTo: .seconds(3_600)) }
        try await waitUntil("it waits") { try server.ask("info clients").contains("blocked_clients:1") }
        _ = try server.ask("replicaof 127.0.0.1 1")
        await #expect(throws: QueueError.self) { _ = try await waiting.value }
        await #expect(throws: QueueError.self) { _ = try await queue.enqueue([.sample()]) }
        let error = await #expect(throws: QueueError.self) { _ = try await queue.generation() }
        #expect(error == .disconnected("it is a replica of 127.0.0.1:1"))
        _ = try server.ask("replicaof no one")
        try await waitUntil("it is a master again") { (try? await queue.leaseOne(WorkerID())) != nil }
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func sentinelsAreAskedInTurnAndLoggedInto() async throws {
    let server = try RedisFixture([
      "--port", "\(FreePort.next())", "--bind", "127.0.0.1", "--requirepass", "master",
    ])
    defer { server.stop() }
    let port = FreePort.next()
    let masterPort = try server.ask("-a master config get port").split(separator: "\n").last ?? ""
    let sentinel = try RedisFixture(
      sentinel: """
        port \(port)
        bind 127.0.0.1
        requirepass guard
        sentinel monitor known 127.0.0.1 \(masterPort) 1
        sentinel auth-pass known master

        """)
    defer { sentinel.stop() }
    let hosts = "127.0.0.1:\(FreePort.next()),localhost:\(port)"
    try await withQueue(at: "redis-sentinel://:master@\(hosts)/known/1?sentinel_password=guard") { queue in
      let verdicts = try await queue.enqueue([.sample()])
      #expect(verdicts == [.enqueued])
    }
    for (url, words) in [
      ("redis-sentinel://:master@\(hosts)/other?sentinel_password=guard", "it knows 'known' only"),
      ("redis-sentinel://:master@\(hosts)/known", "NOAUTH"),
      ("redis-sentinel://:wrong@\(hosts)/known?sentinel_password=guard", "127.0.0.1:\(masterPort): WRONGPASS"),
      ("redis://:guard@localhost:\(port)", "it is a sentinel"),
    ] {
      let error = await #expect(throws: QueueError.self) { try await withQueue(at: url) { _ in } }
      #expect(error?.reason.contains(words) == true, "\(url): \(String(describing: error))")
    }
  }
}
