import Foundation
import StrataCore
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// A controller or a worker of an older version at the queue of this one, as while a stack is upgraded: what the older one
/// says is kept as it said it (`Tests/Fixtures/queue-*.json`), its scripts with it.
@Suite(.serialized) struct CompatibilityTests {
  private typealias Scenario = CompatibilityScenario

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures").standardized

  /// The versions that were recorded and have the layout of this one.
  private static let versions: [(name: String, version: RecordedVersion)] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []
    return files.filter { $0.hasPrefix("queue-") }.sorted().compactMap { file in
      guard let data = try? Data(contentsOf: fixtures.appending(path: file)),
        let version = try? JSONDecoder().decode(RecordedVersion.self, from: data),
        version.layout == RedisQueue.layout
      else { return nil }
      return (file, version)
    }
  }()

  @Test func thereIsAnOlderVersionOfThisLayout() {
    #expect(!Self.versions.isEmpty, "record one: STRATA_RECORD_QUEUE=NAME make test FILTER=CompatibilityTests")
  }

  @Test func anOlderWorkerWorksForThisController() async throws {
    for (name, version) in Self.versions { try await run(name, version, older: .worker) }
  }

  @Test func anOlderControllerServesThisWorker() async throws {
    for (name, version) in Self.versions { try await run(name, version, older: .controller) }
  }

  @Test func theScenarioIsWellWithinOneVersion() async throws {
    try await withServer { server in
      try await withRedisQueue(Self.configuration, on: server) { queue in
        var memories: [Scenario.Side: Scenario.Memory] = [:]
        for act in Scenario.acts { try await act.perform(queue, &memories[act.side, default: .init()]) }
        #expect(memories.values.flatMap(\.surprises) == [])
        try await expectTheEnd(of: queue)
      }
    }
  }

  /// A reply that differs from what was recorded is seen.
  @Test func anotherReplyIsNoticed() async throws {
    let version = try #require(Self.versions.last?.version)
    try await withServer { server in
      try await withRedisQueue(Self.configuration, on: server) { queue in
        var memory = Scenario.Memory()
        for act in Scenario.acts.prefix(2) { try await act.perform(queue, &memory) }
        // One job fewer than the older version was granted.
        _ = try await queue.cancel(Array(Scenario.jobs.prefix(5)))
        try await withSpeaker(of: .worker, version, on: server) { speaker in
          let first = try await speaker.say("first heartbeat")
          let second = try await speaker.say("first lease")
          #expect(first == [] && second.count == 1)
        }
      }
    }
  }

  private func run(_ name: String, _ version: RecordedVersion, older: Scenario.Side) async throws {
    try await withServer { server in
      try await withRedisQueue(Self.configuration, on: server) { queue in
        try await withSpeaker(of: older, version, on: server) { speaker in
          var memory = Scenario.Memory()
          for act in Scenario.acts {
            if act.side == older {
              let surprises = try await speaker.say(act.name)
              #expect(surprises == [], "\(name), \(older.rawValue)")
            } else {
              try await act.perform(queue, &memory)
            }
          }
          #expect(memory.surprises == [], "\(name), \(older.rawValue)")
        }
        try await expectTheEnd(of: queue)
      }
    }
  }

  /// One job waits for its time; of all others nothing is left.
  private func expectTheEnd(of queue: RedisQueue) async throws {
    let places = try await queue.status(of: Scenario.jobs).compactMap(\.self)
    guard places.count == 1, case .delayed(_, 0) = places[0] else {
      throw RecordingFailure(what: "this is left: \(places)")
    }
    let census = try await queue.census()
    #expect(census.lanes.values.allSatisfy { $0.ready == 0 && $0.leased == 0 })
    #expect(try await queue.outcomes(after: nil, limit: 10, waitingUpTo: .zero).isEmpty)
    #expect(try await queue.unreadable(after: nil, limit: 10, waitingUpTo: .zero).isEmpty)
  }

  private func withSpeaker(
    of side: Scenario.Side, _ version: RecordedVersion, on server: RedisFixture,
    _ body: (inout RecordedSession.Speaker) async throws -> Void
  ) async throws {
    let loop = try EventLoop(label: "older-version")
    defer { loop.stop() }
    let connection = RedisConnection(to: try RedisEndpoint(url: server.url), on: loop)
    var speaker = try await RecordedSession.Speaker(of: side.rawValue, version, on: connection)
    do {
      try await body(&speaker)
      await connection.close()
    } catch {
      await connection.close()
      throw error
    }
  }

  private static var configuration: RedisQueue.Configuration {
    var configuration = RedisQueue.Configuration()
    configuration.namespace = "compatibility"
    return configuration
  }

  // MARK: Recording

  /// Writes down what this version says, for the versions after it. Only where STRATA_RECORD_QUEUE names the file.
  @Test(.enabled(if: Environment.current["STRATA_RECORD_QUEUE"] != nil, "no test: it makes a recording")) func record()
    async throws
  {
    let name = try #require(Environment.current["STRATA_RECORD_QUEUE"])
    let (first, second) = (try await recording(0), try await recording(1))
    var version = RecordedVersion(layout: RedisQueue.layout, library: first.library, sides: [:])
    for side in [Scenario.Side.controller, .worker] {
      version.sides[side.rawValue] = try RecordedSession(first.acts[side, default: []], second.acts[side, default: []])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try FileManager.default.createDirectory(at: Self.fixtures, withIntermediateDirectories: true)
    try encoder.encode(version).write(to: Self.fixtures.appending(path: "queue-\(name).json"))
  }

  private typealias Recording = (
    acts: [Scenario.Side: [(name: String, exchanges: [RecordingProxy.Exchange])]], library: String
  )

  private func recording(_ number: Int) async throws -> Recording {
    let server = try RedisFixture()
    defer { server.stop() }
    let clock = RecordingClock(number)
    var configuration = Self.configuration
    configuration.clock = clock.clock
    let loop = try EventLoop(label: "recording")
    defer { loop.stop() }
    var (queues, proxies) = ([Scenario.Side: RedisQueue](), [Scenario.Side: RecordingProxy]())
    for side in [Scenario.Side.controller, .worker] {
      let proxy = try RecordingProxy(at: "\(server.folder)/\(side.rawValue).sock", to: server.socketPath)
      proxies[side] = proxy
      queues[side] = try await RedisQueue.connect(
        to: RedisEndpoint(url: "unix://\(proxy.path)"), on: loop, configuration: configuration)
    }
    var memories: [Scenario.Side: Scenario.Memory] = [:]
    var acts: [Scenario.Side: [(name: String, exchanges: [RecordingProxy.Exchange])]] = [:]
    for act in Scenario.acts {
      guard let queue = queues[act.side], let proxy = proxies[act.side] else { continue }
      try await act.perform(queue, &memories[act.side, default: .init()])
      acts[act.side, default: []].append((act.name, proxy.take()))
      clock.advance()
    }
    #expect(memories.values.flatMap(\.surprises) == [])
    for queue in queues.values { await queue.close() }
    return (acts, try #require(proxies.values.compactMap(\.library).first))
  }
}
