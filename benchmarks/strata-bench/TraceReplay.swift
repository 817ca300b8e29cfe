import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataScheduling

/// The jobs of a trace on a real stack, each submitted at its time and as long as it was.
struct TraceReplay: Sendable {
  let load: ClusterLoad
  let acceleration: Double

  /// Jobs sleep: they need next to no memory.
  private static let memoryBytes: Int64 = 64 << 20
  /// Beyond its run, before an attempt counts as one that hangs.
  private static let timeoutMargin: Int64 = 120
  /// How often the run says how far it is.
  private static let wordInterval = Duration.seconds(60)

  private struct Submission: Sendable {
    let job: JobID
    /// Since its time had come.
    let sentLate: Duration
    let acceptedLate: Duration
  }

  /// - Throws: also where a job did not succeed at its first attempt: then nothing is compared.
  func run() async throws -> TraceSeen {
    let processors = load.processors
    // A slot more would never be used.
    let slots = min(processors, load.jobs.count)
    let stack = try await BenchmarkStack([
      "--slots", "\(slots)", "--cpu", "\(processors)", "--memory", "\(Int64(processors) * Self.memoryBytes)",
    ])
    do {
      let clients = try await stack.makeTenants((0..<load.users).map { "user-\($0)" })
      // The first job of a stack waits for the worker's first call.
      _ = try await stack.finished(try await stack.submitNoop())
      let before = MachineTime.now
      let (begin, submissions) = try await submitAll(to: clients, of: stack)
      let seen = try await collect(submissions, from: clients, begin, before)
      await stack.stop()
      return seen
    } catch {
      await stack.stop()
      throw error
    }
  }

  private func accelerated(_ milliseconds: Int64) -> Duration { .seconds(Double(milliseconds) / 1_000 / acceleration) }

  private func submitAll(
    to clients: [HTTPClient], of stack: BenchmarkStack
  ) async throws -> (begin: Timestamp, [Submission]) {
    let (begin, beginning) = (Timestamp.now, ContinuousClock.now)
    var nextWord = Self.wordInterval
    let submissions = try await withThrowingTaskGroup(of: (Int, Submission).self) { group in
      for (place, job) in load.jobs.enumerated() {
        let time = accelerated(job.submitMilliseconds)
        try await Task.sleep(until: beginning + time, tolerance: .zero, clock: .continuous)
        guard stack.isRunning else { throw StrataError(.unavailable, "the stack has ended before its jobs") }
        group.addTask { (place, try await submit(job, to: clients[load.owners[place]], at: begin + time)) }
        if time > nextWord {
          print("  submitted \(place + 1) of \(load.jobs.count) jobs after \(Int(time.seconds)) s")
          nextWord = time + Self.wordInterval
        }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    return (begin, load.jobs.indices.compactMap { submissions[$0] })
  }

  private func submit(_ job: RigidJob, to client: HTTPClient, at time: Timestamp) async throws -> Submission {
    let seconds = accelerated(job.runMilliseconds).seconds
    let command = ["sleep", String(format: "%.6f", seconds)].map(JSONValue.string)
    let request = JobRequest(
      capability: "command.run", params: ["command": .array(command)],
      resources: .init(cpuMillicores: Int64(job.processors) * 1_000, memoryBytes: Self.memoryBytes),
      timeoutSeconds: Int64(seconds.rounded(.up)) + Self.timeoutMargin)
    let sent = Timestamp.now
    let accepted: JobAccepted = try await client.send(
      ClientRequest("POST", ["v1", "jobs"], body: try .json(request))
    ).decode()
    return Submission(job: accepted.id, sentLate: sent - time, acceptedLate: .now - time)
  }

  /// Waits for the end of all jobs.
  private func collect(
    _ submissions: [Submission], from clients: [HTTPClient], _ begin: Timestamp, _ before: MachineTime
  ) async throws -> TraceSeen {
    var runs: [(start: Timestamp, end: Timestamp)] = []
    for (place, submission) in submissions.enumerated() {
      let job = try await finished(submission.job, clients[load.owners[place]])
      guard job.state == .succeeded, let attempt = job.attempts.last, job.attempts.count == 1,
        let start = attempt.startedAt.flatMap({ Timestamp(text: $0) }),
        let end = attempt.endedAt.flatMap({ Timestamp(text: $0) })
      else {
        throw StrataError(
          .internalError,
          "job \(submission.job) is \(job.state) after \(job.attempts.count) attempts: "
            + (job.error.map { "\($0)" } ?? "no error"))
      }
      runs.append((start, end))
    }
    func traceTime(_ time: Timestamp) -> Int64 { Int64(((time - begin).seconds * acceleration * 1_000).rounded()) }
    return TraceSeen(
      schedule: ClusterSchedule(
        jobs: load.jobs, processors: load.processors, startMilliseconds: runs.map { traceTime($0.start) },
        endMilliseconds: runs.map { traceTime($0.end) }),
      acceleration: acceleration, sentLate: submissions.map(\.sentLate.seconds),
      acceptedLate: submissions.map(\.acceptedLate.seconds),
      held: zip(load.jobs, runs).map { ($1.end - $1.start - accelerated($0.runMilliseconds)).seconds },
      machineBusy: MachineTime.now.busy(since: before))
  }

  private func finished(_ id: JobID, _ client: HTTPClient) async throws -> JobView {
    let job = ["v1", "jobs", id.description]
    try await client.events(ClientRequest("GET", job + ["events"], timeout: nil)) { _ in true }
    return try await client.send(ClientRequest("GET", job)).decode()
  }

  /// The same jobs in the queue, in the same accelerated time, with a worker that loses none: with their own sizes, and
  /// with those that admission rounds them up to.
  func simulated() async throws -> [(String, ClusterSchedule)] {
    let rounded = try load.jobs.map { try Self.rounded($0.processors, of: load.processors) }
    let schedules = SimulatedSchedules()
    try await withQueueServer { server, loop in
      for cores in [load.jobs.map(\.processors), rounded] {
        let jobs = zip(zip(load.jobs, load.owners), cores).map { job, cores in
          SimulatedJob(
            submitMicroseconds: accelerated(job.0.submitMilliseconds).nanoseconds / 1_000,
            runMicroseconds: accelerated(job.0.runMilliseconds).nanoseconds / 1_000, tenant: job.1, cores: cores)
        }
        var queue = try await QueueDispatcher(
          on: server, loop, jobs: jobs, weights: Array(repeating: 100, count: load.users))
        let runs = try await Simulation(jobs: jobs, cores: load.processors).run(by: &queue)
        await queue.close()
        await schedules.add(
          ClusterSchedule(
            jobs: load.jobs, processors: load.processors,
            startMilliseconds: zip(load.jobs, runs).map {
              // A microsecond of accelerated time is more than one of the trace.
              max($0.submitMilliseconds, Int64(Double($1?.start ?? 0) * acceleration / 1_000))
            }))
      }
    }
    return Array(zip(["queue, worker SIMULATED", "the same, sizes rounded up"], await schedules.all))
  }

  static func rounded(_ processors: Int, of cluster: Int) throws -> Int {
    let largest = ResourceAmounts(cpuMillicores: Int64(cluster) * 1_000)
    let shape = try ResourceShape(covering: ResourceAmounts(cpuMillicores: Int64(processors) * 1_000), largest: largest)
    return Int(shape.amounts.cpuMillicores / 1_000)
  }
}

private actor SimulatedSchedules {
  private(set) var all: [ClusterSchedule] = []
  func add(_ schedule: ClusterSchedule) { all.append(schedule) }
}

/// What was seen of a trace's jobs. Seconds that are not the schedule's are real ones.
struct TraceSeen: Sendable {
  let schedule: ClusterSchedule
  let acceleration: Double
  let sentLate: [Double]
  let acceptedLate: [Double]
  /// For how long beyond its run a job held its processors.
  let held: [Double]
  let machineBusy: Double

  func report() {
    print("the machine's share, p50, p95 and the most, in real ms (and seconds of the trace):")
    line("a submission was sent after its time by", sentLate)
    line("it was accepted and committed after its time by", acceptedLate)
    line("a job held its processors beyond its run for", held)
    print(
      String(
        format: "  the machine's cores were busy for %.0f %% of the time, whoever's work it was", machineBusy * 100))
  }

  private func line(_ name: String, _ seconds: [Double]) {
    let figures = [percentile(0.5, of: seconds), percentile(0.95, of: seconds), seconds.max() ?? .nan]
    let text = figures.map { String(format: "%.1f (%.1f)", $0 * 1_000, $0 * acceleration) }
    print("  \(name)", text.joined(separator: ", "))
  }
}

/// How the time of the machine's cores was spent since its start, in ticks.
private struct MachineTime {
  let idle: Double
  let all: Double

  /// The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
  static var now: MachineTime {
    let text = FileManager.default.contents(atPath: "/proc/stat").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let ticks = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
    return MachineTime(idle: ticks.dropFirst(3).prefix(2).reduce(0, +), all: ticks.reduce(0, +))
  }

  func busy(since before: MachineTime) -> Double { 1 - (idle - before.idle) / max(1, all - before.all) }
}
