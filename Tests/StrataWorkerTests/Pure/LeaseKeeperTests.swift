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
    let running = Task { await keeper.run(QuickHost(keeper)) }
    while try await queue.room().workers.first?.idle.isEmpty ?? true { await Task.yield() }
    _ = try await queue.lease(LeaseRequest(worker: configuration.id, tiers: [.cpu], count: 0), for: .seconds(10))
    let job = Self.job()
    _ = try await queue.enqueue([job])
    let outcomes = try await queue.outcomes(after: nil, limit: 1, waitingUpTo: .seconds(50))
    #expect(outcomes.map(\.job) == [job.id] && outcomes.map(\.ending) == [.succeeded])
    keeper.stop(within: .zero)
    await running.value
  }

  @Test(.timeLimit(.minutes(1))) func aSuccessRidesWithTheRequestForTheNextJob() async throws {
    let (queue, faults) = (MemoryQueue(), Faults())
    // The last request is granted nothing.
    let outcomes = try await Self.work(off: 20, on: queue, faults)
    #expect(outcomes.count == 20 && outcomes.allSatisfy { $0.ending == .succeeded })
    #expect(faults.reports == Array(repeating: .ride, count: 20))
  }

  /// The worker has room for more than there is, so that no request is out when the first attempts end.
  @Test(.timeLimit(.minutes(1))) func aSuccessIsReportedWhereNothingIsAskedFor() async throws {
    let (queue, faults) = (MemoryQueue(), Faults())
    let outcomes = try await Self.work(off: 3, on: queue, slots: 10, faults)
    #expect(outcomes.count == 3 && outcomes.allSatisfy { $0.ending == .succeeded })
  }

  @Test(.timeLimit(.minutes(1))) func aSuccessWhoseRequestFailsIsReportedAllTheSame() async throws {
    let (queue, faults) = (MemoryQueue(), Faults())
    faults.set(.reports(refusals: 2))
    let outcomes = try await Self.work(off: 20, on: queue, faults)
    #expect(outcomes.count == 20 && outcomes.allSatisfy { $0.ending == .succeeded })
    #expect(faults.refusals == 2 && faults.reports.contains(.complete))
  }

  private static func job() -> QueuedJob {
    QueuedJob(id: JobID(), tenant: TenantID(), lane: Lane(tier: .cpu, capability: "test"), attemptsMax: 1, payload: [])
  }

  /// Has a worker end so many jobs whose attempts take no time.
  private static func work(off count: Int, on queue: MemoryQueue, slots: Int = 1, _ faults: Faults) async throws
    -> [QueuedOutcome]
  {
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    _ = try await queue.enqueue((0..<count).map { _ in job() })
    let configuration = WorkerConfiguration(
      tiers: [.cpu], slots: slots, room: .unlimited, folder: "", runner: RunnerCommand(executable: "", arguments: []))
    let keeper = LeaseKeeper(configuration, queue: FaultyQueue(inner: queue, faults: faults))
    let running = Task { await keeper.run(QuickHost(keeper)) }
    var outcomes: [QueuedOutcome] = []
    while outcomes.count < count {
      outcomes += try await queue.outcomes(after: outcomes.last?.position, limit: count, waitingUpTo: .seconds(50))
    }
    keeper.stop(within: .zero)
    await running.value
    return outcomes
  }
}

/// Whose attempts are over at once.
private struct QuickHost: AttemptHost {
  let keeper: LeaseKeeper
  init(_ keeper: LeaseKeeper) { self.keeper = keeper }
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
