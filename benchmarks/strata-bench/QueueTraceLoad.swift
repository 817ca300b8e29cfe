import Foundation
import StrataCore
import StrataRuntime
import StrataScheduling

/// The jobs of a trace, and whose they are.
struct ClusterLoad: Sendable {
  let name: String
  let processors: Int
  let jobs: [RigidJob]
  /// By job, numbered from 0.
  let owners: [Int]

  var users: Int { (owners.max() ?? -1) + 1 }

  /// What is there where no trace is.
  enum Absence { case generated, refused }

  /// The jobs of `--trace PATH`, or of the trace beside the repository, or with `--generate SEED` generated ones.
  ///
  /// - Parameters:
  ///   - from: so many jobs of the trace are passed over.
  ///   - count: the most jobs. The first one comes at the instant 0.
  static func load(
    _ options: BenchmarkOptions, from: Int = 0, count: Int = .max, whereAbsent absence: Absence = .generated
  ) throws -> ClusterLoad {
    if let seed = try options.number("--generate", in: 0...Int.max) {
      return generated(jobs: min(count, generatedMax), seed: UInt64(seed))
    }
    guard let path = options.text("--trace") ?? knownTrace else {
      guard case .generated = absence else {
        throw StrataError(
          .notFound, "MISSING: there is no trace 'traces/kth_sp2.swf' in ../shared/data",
          remedy:
            "give --trace PATH, name the folder in STRATA_SHARED_DATA, or give --generate SEED for a generated trace")
      }
      print(
        "ABSENT: no trace beside the repository (give --trace PATH or set STRATA_SHARED_DATA); a SYNTHETIC one is used")
      return generated(jobs: min(count, generatedMax), seed: 5)
    }
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw StrataError(
        .notFound, "MISSING: there is no trace at \(path)", remedy: "give --generate SEED for a generated one")
    }
    let trace = try StandardWorkloadFormat.read([UInt8](bytes))
    let window = trace.jobs.filter { RigidJob($0) != nil }.dropFirst(from).prefix(count)
    guard let first = window.first else {
      throw StrataError(.invalidInput, "the trace has no more than \(from) jobs", remedy: "give a smaller --from")
    }
    let jobs = window.compactMap(RigidJob.init).map { job in
      job.submitted(at: job.submitMilliseconds - first.submitMilliseconds)
    }
    let processors = trace.header.processorsMax ?? jobs.map(\.processors).max() ?? 1
    return ClusterLoad(
      name: trace.header.computer ?? (path as NSString).lastPathComponent, processors: processors, jobs: jobs,
      owners: numbered(window.map { $0.user ?? -1 }))
  }

  private static var knownTrace: String? {
    let named = ProcessInfo.processInfo.environment["STRATA_SHARED_DATA"]
    return [named, "../shared/data", "../../shared/data"].compactMap { $0.map { "\($0)/traces/kth_sp2.swf" } }
      .first(where: FileManager.default.fileExists)
  }

  private static let generatedMax = 5_000

  /// Of the shape of a real trace: sizes are powers of two, running times spread evenly over their logarithms, and what is
  /// asked for fills seven tenths of 100 processors.
  private static func generated(jobs count: Int, seed: UInt64) -> ClusterLoad {
    var random = SeededGenerator(seed: seed)
    var (jobs, users, time) = ([RigidJob](), [Int64](), 0.0)
    for _ in 0..<count {
      // A job is 18 processors wide and an hour long on average.
      time += -log(1 - Double.random(in: 0..<1, using: &random)) * 18 * 3_750 / 70
      let run = exp(.random(in: log(10.0)...log(30_000), using: &random)) * 1_000
      users.append(Int64(exp(.random(in: 0..<log(50.0), using: &random))))
      jobs.append(
        RigidJob(
          submitMilliseconds: Int64(time * 1_000), runMilliseconds: Int64(run),
          requestedMilliseconds: Int64(run * .random(in: 1...8, using: &random)),
          processors: 1 << Int.random(in: 0...6, using: &random)))
    }
    return ClusterLoad(name: "SYNTHETIC (seed \(seed))", processors: 100, jobs: jobs, owners: numbered(users))
  }

  /// Users by number, from 0, in the order in which they come.
  private static func numbered(_ users: [Int64]) -> [Int] {
    var numbers: [Int64: Int] = [:]
    return users.map { user in
      let number = numbers[user] ?? numbers.count
      numbers[user] = number
      return number
    }
  }

  /// - Parameter sharing: whether each user is a tenant; else all jobs belong to one.
  func simulated(sharing: Bool) -> [SimulatedJob] {
    zip(jobs, owners).map { job, owner in
      SimulatedJob(
        submitMicroseconds: job.submitMilliseconds * 1_000, runMicroseconds: job.runMilliseconds * 1_000,
        tenant: sharing ? owner : 0, cores: job.processors)
    }
  }

  func simulation(sharing: Bool) -> Simulation { Simulation(jobs: simulated(sharing: sharing), cores: processors) }

  /// When the queue starts the jobs.
  ///
  /// - Parameter keepRoomAfter: after how long room is kept for a job that needs more than is free; nil for never.
  func schedule(
    _ server: QueueBenchmarkServer, _ loop: EventLoop, sharing: Bool, keepRoomAfter: Duration? = nil
  ) async throws -> ClusterSchedule {
    let simulation = simulation(sharing: sharing)
    let weights = Array(repeating: 100, count: sharing ? users : 1)
    var queue = try await QueueDispatcher(
      on: server, loop, jobs: simulation.jobs, weights: weights,
      keeping: keepRoomAfter.map { (processors, $0) })
    let runs = try await simulation.run(by: &queue)
    await queue.close()
    return schedule(runs)
  }

  func schedule(_ runs: [SimulatedRun?]) -> ClusterSchedule {
    ClusterSchedule(
      jobs: jobs, processors: processors, startMilliseconds: runs.map { ($0?.start ?? .max / 2) / 1_000 })
  }
}

extension RigidJob {
  fileprivate func submitted(at milliseconds: Int64) -> RigidJob {
    RigidJob(
      submitMilliseconds: milliseconds, runMilliseconds: runMilliseconds, requestedMilliseconds: requestedMilliseconds,
      processors: processors)
  }
}
