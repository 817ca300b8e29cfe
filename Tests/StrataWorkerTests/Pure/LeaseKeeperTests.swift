import StrataCore
import StrataQueue
import StrataWorker
import Synchronization
import TestSupport
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

  /// It would take the wake-up that another has use for.
  @Test(.timeLimit(.minutes(1))) func aWorkerThatEndsItsJobsIsWokenForNoMore() async throws {
    let queue = MemoryQueue()
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let (configuration, other) = (Self.configuration(slots: 3), WorkerID())
    let keeper = LeaseKeeper(configuration, queue: queue)
    let host = PatientHost(keeper: keeper)
    let running = Task { await keeper.run(host) }
    _ = try await queue.enqueue([Self.job()])
    try await Self.untilOneRuns(on: host, in: queue)
    _ = try await queue.lease(worker: other, tiers: [.cpu], count: 1, for: .seconds(600))
    keeper.stop(within: .seconds(600))
    try await waitUntil("it waits for no more") {
      try await queue.room().workers.first { $0.id == configuration.id }?.idle.isEmpty ?? false
    }
    _ = try await queue.enqueue([Self.job()])
    #expect(try await queue.signals(for: other, waitingUpTo: .seconds(50)) == [.work])
    host.endAll()
    await running.value
  }

  /// A server that has taken the place of another may lack what that one heard last.
  @Test(.timeLimit(.minutes(1))) func aWorkerThatEndsItsJobsSaysSoToTheNextServer() async throws {
    let queue = MemoryQueue()
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let faults = Faults()
    var configuration = Self.configuration(slots: 2)
    configuration.signalWait = .milliseconds(20)
    let keeper = LeaseKeeper(configuration, queue: FaultyQueue(inner: queue, faults: faults))
    let host = PatientHost(keeper: keeper)
    let running = Task { await keeper.run(host) }
    _ = try await queue.enqueue([Self.job()])
    try await Self.untilOneRuns(on: host, in: queue)
    let worker = configuration.id
    func isIdle() async throws -> Bool {
      try await queue.room().workers.first { $0.id == worker }.map { !$0.idle.isEmpty } ?? true
    }
    keeper.stop(within: .seconds(600))
    try await waitUntil("it waits for no more") { try await !isIdle() }
    // As where this was never heard.
    _ = try await queue.lease(worker: configuration.id, tiers: [.cpu], count: 1, for: .seconds(600))
    try await waitUntil("the queue counts on it again") { try await isIdle() }
    faults.set(.everything)
    await faults.waitForRefusals(1)
    faults.set(.nothing)
    try await waitUntil("it waits for no more") { try await !isIdle() }
    host.endAll()
    await running.value
  }

  /// Nobody has called `expire`.
  @Test(.timeLimit(.minutes(1))) func aWorkerThatHasEndedIsGoneAtOnce() async throws {
    let queue = MemoryQueue()
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let keeper = LeaseKeeper(Self.configuration(slots: 1), queue: queue)
    let host = PatientHost(keeper: keeper)
    let running = Task { await keeper.run(host) }
    _ = try await queue.enqueue([Self.job()])
    try await waitUntil("it runs") { host.runs == 1 }
    keeper.stop(within: .seconds(600))
    host.endAll()
    await running.value
    #expect(try await queue.census().workers.isEmpty)
  }

  /// Until a worker runs one job and waits for more.
  private static func untilOneRuns(on host: PatientHost, in queue: MemoryQueue) async throws {
    try await waitUntil("it runs one, and waits for more") {
      let idle = try await queue.room().workers.first?.idle.isEmpty == false
      return host.runs == 1 && idle
    }
  }

  private static func configuration(slots: Int) -> WorkerConfiguration {
    WorkerConfiguration(
      tiers: [.cpu], slots: slots, room: ResourceRequest(cpuMillicores: 64_000, memoryBytes: 64 << 30), folder: "",
      runner: RunnerCommand(executable: "", arguments: []))
  }

  private static func job() -> QueuedJob {
    QueuedJob(id: JobID(), tenant: TenantID(), lane: Lane(tier: .cpu, capability: "test"), attemptsMax: 1, payload: [])
  }
}

/// Whose attempts take no time.
struct QuickHost: AttemptHost {
  enum Kind: CaseIterable {
    /// They are over as soon as they are begun.
    case inPlace
    case inTasks
  }

  let keeper: LeaseKeeper
  let kind: Kind

  init(_ keeper: LeaseKeeper, _ kind: Kind = .inTasks) { (self.keeper, self.kind) = (keeper, kind) }

  var shortage: String? { nil }

  func begin(_ lease: Lease) -> BegunAttempt {
    let notice = AttemptNotice(of: lease.reference, .succeeded, AttemptReport(usage: AttemptUsage()))
    return kind == .inPlace ? .isOver(notice) : .runs { [keeper] in keeper.finish(lease.reference, notice) }
  }

  func stop(_ lease: LeaseReference, _ reason: StopReason) {}
  func hasten(_ lease: LeaseReference) {}
}

/// Whose attempts go on until all are to end.
private final class PatientHost: AttemptHost {
  private let keeper: LeaseKeeper
  private let running = Mutex<[LeaseReference]>([])

  init(keeper: LeaseKeeper) { self.keeper = keeper }

  var shortage: String? { nil }
  var runs: Int { running.withLock(\.count) }

  func begin(_ lease: Lease) -> BegunAttempt {
    running.withLock { $0.append(lease.reference) }
    return .runs {}
  }

  func endAll() {
    for lease in running.withLock(\.self) {
      keeper.finish(lease, AttemptNotice(of: lease, .succeeded, AttemptReport(usage: AttemptUsage())))
    }
  }

  func stop(_ lease: LeaseReference, _ reason: StopReason) {}
  func hasten(_ lease: LeaseReference) {}
}
