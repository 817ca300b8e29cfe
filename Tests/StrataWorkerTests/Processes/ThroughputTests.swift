import FoundationEssentials
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import TestSupport
import Testing

/// Many small attempts: each ends once, and the rate is printed, to be read and not to be judged.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ThroughputTests {
  private static let count = Environment.current["STRATA_TEST_THROUGHPUT"].flatMap { Int($0) } ?? 200

  @Test(arguments: [1, 2]) func emptyJobs(slots: Int) async throws {
    try await measure("noop", "noop", "{}", slots)
  }

  @Test(arguments: [1, 2]) func smallCommands(slots: Int) async throws {
    try await measure("command.run true", "command.run", #"{"command":["true"],"environment":[]}"#, slots)
  }

  private func measure(_ title: String, _ capability: String, _ parameters: String, _ slots: Int) async throws {
    let defaults = WorkerConfiguration(tiers: [.cpu], slots: slots, folder: "", runner: WorkerFixture.command)
    let server = try RedisFixture()
    let loop = try EventLoop(label: "throughput")
    let queue = try await RedisQueue.connect(to: RedisEndpoint(url: server.url), on: loop)
    let fixture = try await WorkerFixture(slots: slots, on: queue) { configuration in
      configuration.limits = defaults.limits
      configuration.heartbeatInterval = defaults.heartbeatInterval
      configuration.progressInterval = defaults.progressInterval
    }
    let first = try await fixture.submit("noop")
    var position = try await fixture.outcome().outcome.position
    var jobs = Set([first])
    for _ in 0..<Self.count { jobs.insert(try await fixture.submit(capability, parameters)) }
    var ended: Set<JobID> = [first]
    let start = ContinuousClock.now
    let endedBefore = try await fixture.queue.outcomes(after: position, limit: 100_000, waitingUpTo: .zero)
    for outcome in endedBefore { ended.insert(outcome.job) }
    let before = ended.count
    position = endedBefore.last?.position ?? position
    while ended.count < jobs.count {
      for outcome in try await fixture.queue.outcomes(after: position, limit: 1_000, waitingUpTo: .seconds(30)) {
        #expect(outcome.ending == .succeeded && ended.insert(outcome.job).inserted)
        position = outcome.position
      }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print("\(title), \(slots) slots: \(Int(Double(jobs.count - before) / seconds)) jobs/s")
    #expect(ended == jobs)
    try await fixture.stop()
    await queue.close()
    server.stop()
  }
}
