import FoundationEssentials
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import Synchronization

/// A worker with real runner processes, in a folder of its own.
final class WorkerFixture: Sendable {
  static let command: RunnerCommand = {
    let here = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = here.split(separator: "/").dropLast().joined(separator: "/")
    // The tests run from their own binary or, where a tool loads it, from the folder of the build.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
    let folders = ["/" + beside, bundle.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }]
    let found = folders.first { FileManager.default.fileExists(atPath: $0 + "/worker-test-runner") }
    return RunnerCommand(executable: (found ?? "") + "/worker-test-runner", arguments: [])
  }()

  let queue: any JobQueue
  let folder: String
  let artifacts: FolderArtifacts
  let configuration: WorkerConfiguration
  let worker: Worker
  private let running: Task<Void, any Error>

  /// - Parameters:
  ///   - queue: one that has no generation yet.
  ///   - store: takes what attempts leave; a folder where nil.
  ///   - lines: gets what the worker tells its operator.
  ///   - change: adjusts the configuration, which is made quick for tests.
  init(
    slots: Int = 1, on queue: any JobQueue = MemoryQueue(), store: (any AttemptArtifacts)? = nil,
    faults: Faults = Faults(), lines: AsyncStream<String>.Continuation? = nil,
    _ change: (inout WorkerConfiguration) -> Void = { _ in }
  ) async throws {
    self.queue = queue
    folder = FileManager.default.temporaryDirectory.path + "/strata-worker-\(JobID())"
    try FileTree.make(folder)
    artifacts = FolderArtifacts(folder: folder)
    var configuration = WorkerConfiguration(
      tiers: [.cpu], slots: slots, room: .unlimited, folder: folder + "/work", runner: Self.command)
    // This process has children of its own: the servers of other tests.
    configuration.adoptsOrphans = false
    configuration.limits.sampleInterval = .milliseconds(20)
    configuration.limits.stopGrace = .milliseconds(500)
    configuration.progressInterval = .milliseconds(10)
    configuration.heartbeatInterval = .milliseconds(50)
    change(&configuration)
    self.configuration = configuration
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let worker = Worker(configuration, queue: FaultyQueue(inner: queue, faults: faults), artifacts: store ?? artifacts)
    { lines?.yield($0) }
    self.worker = worker
    running = Task { try await worker.run() }
  }

  /// Tells the worker to stop, and waits until it has.
  func stop(times: Int = 1) async throws {
    for _ in 0..<times { worker.stop() }
    try await ended()
  }

  /// Waits until the worker has ended.
  func ended() async throws {
    try await running.value
    try FileTree.remove(folder)
  }

  /// Nobody promotes jobs here.
  static let retriedAtOnce = try? RetryPolicy(firstDelay: .zero, delayMax: .zero)

  /// Enqueues a job.
  func submit(
    _ capability: String, _ parameters: String = "{}", inputs: [ArtifactReference] = [], timeoutSeconds: Int64 = 60,
    memoryBytes: Int64 = 1 << 30, attemptsMax: Int = 1,
    retry: RetryPolicy? = WorkerFixture.retriedAtOnce, preemption: PreemptionTerms? = nil
  ) async throws -> JobID {
    let id = JobID()
    let order = WorkOrder(
      job: id, tenant: TenantID(), capability: capability, version: 1, parametersJSON: parameters, inputs: inputs,
      timeoutSeconds: timeoutSeconds, resources: ResourceRequest(memoryBytes: memoryBytes), retry: retry,
      preemption: preemption)
    let job = QueuedJob(
      id: id, tenant: order.tenant, lane: Lane(tier: .cpu, capability: capability, resources: order.resources),
      attemptsMax: attemptsMax, isPreemptible: preemption != nil, payload: Array(try JSONEncoder().encode(order)))
    _ = try await queue.enqueue([job])
    return id
  }

  /// A command as a job.
  func shell(
    _ script: String, inputs: [ArtifactReference] = [], timeoutSeconds: Int64 = 60, attemptsMax: Int = 1,
    preemption: PreemptionTerms? = nil
  ) async throws -> JobID {
    let parameters = JSONValue.object([
      "command": .array([.string("sh"), .string("-c"), .string(script)]), "environment": .array([]),
    ])
    return try await submit(
      "command.run", parameters.description, inputs: inputs, timeoutSeconds: timeoutSeconds, attemptsMax: attemptsMax,
      preemption: preemption)
  }

  /// The next outcome after `position`, with its report, as the worker's own queue or another line to it tells it.
  func outcome(after position: OutcomePosition? = nil, on line: (any JobQueue)? = nil)
    async throws -> (outcome: QueuedOutcome, report: AttemptReport)
  {
    let queue = line ?? queue
    while true {
      let outcomes = try await queue.outcomes(after: position, limit: 1, waitingUpTo: .seconds(30))
      guard let outcome = outcomes.first else { continue }
      return (outcome, try JSONDecoder().decode(AttemptReport.self, from: Data(outcome.report)))
    }
  }

  /// Waits until the live log of a job holds a line that begins with `prefix`; returns the rest of that line.
  func line(of job: JobID, beginning prefix: String) async throws -> String {
    var position: OutcomePosition?
    while true {
      let text = String(decoding: try await queue.log(of: job, from: 0), as: UTF8.self)
      // The last piece may not be a whole line yet.
      for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() where line.hasPrefix(prefix)
      {
        return String(line.dropFirst(prefix.count))
      }
      position = try await queue.events(after: position, limit: 1, waitingUpTo: .milliseconds(50)).last?.position
    }
  }

  /// Waits until the job runs.
  func started(_ job: JobID) async throws {
    while true {
      if case .leased(let status)? = try await queue.status(of: [job])[0], status.stage != nil { return }
      _ = try await queue.events(after: nil, limit: 1, waitingUpTo: .milliseconds(50))
    }
  }

  /// The text of an artifact.
  func text(of artifact: ArtifactReference?) throws -> String {
    guard let artifact else { return "" }
    return String(decoding: try artifacts.bytes(of: artifact), as: UTF8.self)
  }
}

/// Whether a process is there and not only a zombie.
func isAlive(_ pid: Int32) -> Bool { ProcessStatistics.read(pid).map { !$0.isZombie } ?? false }
