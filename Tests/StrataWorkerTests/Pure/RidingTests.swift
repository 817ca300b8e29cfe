import StrataCore
import StrataQueue
import StrataWorker
import Testing

/// Successes are reported with the request for the next jobs, where there is one.
@Suite(.timeLimit(.minutes(1))) struct RidingTests {
  @Test(arguments: QuickHost.Kind.allCases)
  func aSuccessRidesWithTheRequestForTheNextJob(_ kind: QuickHost.Kind) async throws {
    let faults = Faults()
    let outcomes = try await work(off: 20, kind, faults)
    #expect(outcomes.count == 20 && outcomes.allSatisfy { $0.ending == .succeeded })
    #expect(faults.reports == Array(repeating: .ride, count: 20))
  }

  /// What is over at once is told of together.
  @Test func whatIsOverAtOnceRidesTogether() async throws {
    let faults = Faults()
    let outcomes = try await work(off: 40, slots: 10, .inPlace, faults)
    #expect(outcomes.count == 40)
    #expect(faults.reports == Array(repeating: .ride, count: 40) && faults.reportCalls == 4)
  }

  /// The worker has room for more than there is: no request is out when the attempts end.
  @Test(arguments: QuickHost.Kind.allCases)
  func aSuccessIsReportedWhereNothingIsAskedFor(_ kind: QuickHost.Kind) async throws {
    let outcomes = try await work(off: 3, slots: 10, kind, Faults())
    #expect(outcomes.count == 3 && outcomes.allSatisfy { $0.ending == .succeeded })
  }

  @Test(arguments: QuickHost.Kind.allCases)
  func aSuccessWhoseRequestFailsIsReportedAllTheSame(_ kind: QuickHost.Kind) async throws {
    let faults = Faults()
    faults.set(.reports(refusals: 2))
    let outcomes = try await work(off: 20, kind, faults)
    #expect(outcomes.count == 20 && outcomes.allSatisfy { $0.ending == .succeeded })
    #expect(faults.refusals == 2 && faults.reports.contains(.complete))
  }

  /// Has a worker end so many jobs whose attempts take no time.
  private func work(
    off count: Int, slots: Int = 1, _ kind: QuickHost.Kind, _ faults: Faults
  ) async throws -> [QueuedOutcome] {
    let queue = MemoryQueue()
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let lane = Lane(tier: .cpu, capability: "test")
    _ = try await queue.enqueue(
      (0..<count).map { _ in QueuedJob(id: JobID(), tenant: TenantID(), lane: lane, attemptsMax: 1, payload: []) })
    let configuration = WorkerConfiguration(
      tiers: [.cpu], slots: slots, room: .unlimited, folder: "", runner: RunnerCommand(executable: "", arguments: []))
    let keeper = LeaseKeeper(configuration, queue: FaultyQueue(inner: queue, faults: faults))
    let running = Task { await keeper.run(QuickHost(keeper, kind)) }
    var outcomes: [QueuedOutcome] = []
    while outcomes.count < count {
      outcomes += try await queue.outcomes(after: outcomes.last?.position, limit: count, waitingUpTo: .seconds(50))
    }
    keeper.stop(within: .zero)
    await running.value
    return outcomes
  }
}
