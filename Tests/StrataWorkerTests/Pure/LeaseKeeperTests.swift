import StrataCore
import StrataQueue
import StrataWorker
import Testing

@Suite struct LeaseKeeperTests {
  /// A signal may go to a connection that is broken, and a request that comes late may make the queue believe that its worker has
  /// all that it asked for.
  @Test(.timeLimit(.minutes(1))) func aWorkerThatNobodyWakesAsksAllTheSame() async throws {
    let queue = MemoryQueue()
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    var configuration = WorkerConfiguration(
      tiers: [.cpu], slots: 1, room: ResourceRequest(), folder: "", runner: RunnerCommand(executable: "", arguments: [])
    )
    configuration.signalWait = .milliseconds(20)
    let keeper = LeaseKeeper(configuration, queue: queue)
    let running = Task { await keeper.run(QuickHost(keeper: keeper)) }
    while try await queue.room().workers.first?.idle.isEmpty ?? true { await Task.yield() }
    _ = try await queue.lease(LeaseRequest(worker: configuration.id, tiers: [.cpu], count: 0), for: .seconds(10))
    let job = QueuedJob(
      id: JobID(), tenant: TenantID(), lane: Lane(tier: .cpu, capability: "test"), attemptsMax: 1, payload: [])
    _ = try await queue.enqueue([job])
    let outcomes = try await queue.outcomes(after: nil, limit: 1, waitingUpTo: .seconds(50))
    #expect(outcomes.map(\.job) == [job.id] && outcomes.map(\.ending) == [.succeeded])
    keeper.stop(within: .zero)
    await running.value
  }
}

/// Whose attempts are over at once.
private struct QuickHost: AttemptHost {
  let keeper: LeaseKeeper
  var shortage: String? { nil }

  func prepare(_ lease: Lease) -> (@Sendable () async -> Void)? {
    { [keeper] in
      keeper.finish(
        lease.reference, AttemptNotice(of: lease.reference, .succeeded, AttemptReport(usage: AttemptUsage())))
    }
  }

  func stop(_ lease: LeaseReference, _ reason: StopReason) {}
  func hasten(_ lease: LeaseReference) {}
}
