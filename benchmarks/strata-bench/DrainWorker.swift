import Foundation
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker

/// A worker process of the benchmark `drain`: this program, started with words of which its usage says nothing. It ends with
/// its parent.
enum DrainWorker {
  static let beanstalkd = "beanstalkd"
  private static let leaseDuration = Duration.seconds(10)
  /// As Strata's workers do.
  private static let heartbeatInterval = Duration.seconds(3)

  /// How a process works on the queue.
  enum Mode: String, CaseIterable, CustomStringConvertible {
    case keeper, client

    var description: String { rawValue }
    var name: String {
      switch self {
      case .keeper: "queue, whole worker"
      case .client: "queue, client alone"
      }
    }
    /// Each has a queue of its own.
    var configuration: RedisQueue.Configuration {
      var configuration = RedisQueue.Configuration()
      configuration.namespace = "drain-\(self)"
      return configuration
    }
  }

  /// Starts one and waits until it waits for jobs.
  static func start(_ words: [String], _ cleanUp: CleanUp) async throws {
    let worker = try await LineProcess(OwnProgram.path, ["drain", "work"] + words)
    cleanUp.add { await worker.stop() }
    _ = try await worker.nextLine()
  }

  static func run(_ words: [String]) async throws {
    if words.count == 2, words[0] == beanstalkd { return try BeanstalkWorker(words[1]).run() }
    guard words.count == 3, let mode = Mode(rawValue: words[0]), let slots = Int(words[2]) else {
      throw StrataError(.invalidInput, "'drain work' is for the benchmark itself")
    }
    let loop = try EventLoop(label: "drain-worker")
    let queue = try await RedisQueue.connect(
      to: RedisEndpoint(.unix(path: words[1])), on: loop, configuration: mode.configuration)
    switch mode {
    case .keeper: await keep(queue, slots)
    case .client: try await lease(queue, slots)
    }
  }

  private static func sayReady() { FileHandle.standardOutput.write(Data("ready\n".utf8)) }

  private static func room(_ slots: Int) -> ResourceRequest {
    ResourceRequest(cpuMillicores: Int64(slots) * 1_000, memoryBytes: Int64(slots) << 30)
  }

  private static func keep(_ queue: RedisQueue, _ slots: Int) async {
    // Nothing of it needs a folder or a runner.
    var configuration = WorkerConfiguration(
      tiers: [.cpu], slots: slots, room: room(slots), folder: "", runner: RunnerCommand(executable: "", arguments: []))
    configuration.leaseDuration = leaseDuration
    configuration.heartbeatInterval = heartbeatInterval
    let keeper = LeaseKeeper(configuration, queue: queue, log: { complain($0) }, onReady: sayReady)
    await keeper.run(InProcessHost())
  }

  private static func complain(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  /// Leases as many as it has slots, runs them, and says so with the next lease.
  private static func lease(_ queue: RedisQueue, _ slots: Int) async throws {
    let worker = WorkerID()
    var ended: [AttemptResult] = []
    var beaten = ContinuousClock.now
    sayReady()
    while true {
      let request = LeaseRequest(
        worker: worker, tiers: [.cpu], count: slots, room: room(slots), completed: ended)
      let leases = try await queue.lease(request, for: leaseDuration).leases
      ended = try leases.map { AttemptResult(lease: $0.reference, report: try runAlone($0)) }
      if leases.isEmpty { _ = try await queue.signals(for: worker, waitingUpTo: heartbeatInterval) }
      if ContinuousClock.now - beaten > heartbeatInterval {
        _ = try await queue.heartbeat(worker: worker, held: leases.map(\.reference), for: leaseDuration)
        beaten = .now
      }
    }
  }

  /// - Returns: the report, in bytes.
  private static func runAlone(_ lease: Lease) throws -> [UInt8] {
    guard ReportCoding.order(from: lease.job.payload) != nil else {
      throw StrataError(.internalError, "the order of \(lease.job.id) cannot be read")
    }
    return ReportCoding.encode(AttemptReport(usage: AttemptUsage()), bytesMax: .max).bytes
  }
}

/// Runs what a keeper of leases has leased in this very process: a handler that does nothing.
private struct InProcessHost: AttemptHost {
  var shortage: String? { nil }

  func begin(_ lease: Lease) -> BegunAttempt {
    let start = ContinuousClock.now
    guard let order = ReportCoding.order(from: lease.job.payload) else {
      let error = AttemptError(code: "unreadable_order", message: "its order cannot be read", isRetryable: false)
      return .isOver(AttemptNotice(of: lease.reference, .failed, AttemptReport(usage: AttemptUsage(), error: error)))
    }
    let end = AttemptEnd(reason: nil, outcome: RunnerOutcome(), exit: nil)
    let (ending, error) = end.ending(of: order) ?? (.succeeded, nil)
    let usage = AttemptUsage(wallMicroseconds: (ContinuousClock.now - start).nanoseconds / 1_000)
    return .isOver(AttemptNotice(of: lease.reference, ending, AttemptReport(usage: usage, error: error)))
  }

  func stop(_ lease: LeaseReference, _ reason: StopReason) {}
  func hasten(_ lease: LeaseReference) {}
}

/// Reserves and deletes, one job after the other: the end of one and the wish for the next go out together.
///
/// More than one wish on its way is no use: while one waits for a job, the server looks at nothing that comes behind it.
private struct BeanstalkWorker {
  private static let reserve = Array("reserve\r\n".utf8)
  private static let delete = Array("delete ".utf8)
  private static let end = Array("\r\n".utf8)
  private let client: BeanstalkClient

  init(_ socket: String) throws(StrataError) { client = try BeanstalkClient(socket) }

  func run() throws(StrataError) {
    try client.send(Self.reserve)
    FileHandle.standardOutput.write(Data("ready\n".utf8))
    while true {
      let fields = try client.line().split(separator: 0x20)
      // The other answer is that a job is deleted.
      guard fields.count == 3, let count = Int(String(decoding: fields[2], as: UTF8.self)) else { continue }
      try client.body(count)
      try client.send(Self.delete + fields[1] + Self.end + Self.reserve)
    }
  }
}
