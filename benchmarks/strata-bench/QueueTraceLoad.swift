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

  static func load(_ options: BenchmarkOptions) throws -> ClusterLoad {
    let limit = options.count("--jobs") ?? .max
    guard let path = options.text("--trace") ?? knownTrace else {
      print(
        "ABSENT: no trace beside the repository (give --trace PATH or set STRATA_SHARED_DATA); a SYNTHETIC one is used")
      return synthetic(jobs: min(limit, 5_000))
    }
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw StrataError(.notFound, "there is no trace at \(path)")
    }
    let trace = try StandardWorkloadFormat.read([UInt8](bytes))
    var (numbers, jobs, owners) = ([Int64: Int](), [RigidJob](), [Int]())
    for job in trace.jobs {
      guard jobs.count < limit, let rigid = RigidJob(job) else { continue }
      let user = job.user ?? -1
      owners.append(numbers[user, default: numbers.count])
      numbers[user] = owners.last
      jobs.append(rigid)
    }
    let processors = trace.header.processorsMax ?? jobs.map(\.processors).max() ?? 1
    return ClusterLoad(
      name: trace.header.computer ?? (path as NSString).lastPathComponent, processors: processors, jobs: jobs,
      owners: owners)
  }

  private static var knownTrace: String? {
    let named = ProcessInfo.processInfo.environment["STRATA_SHARED_DATA"]
    return [named, "../shared/data", "../../shared/data"].compactMap { $0.map { "\($0)/traces/kth_sp2.swf" } }
      .first(where: FileManager.default.fileExists)
  }

  /// Where there is no trace: sizes are powers of two, running times spread evenly over their logarithms, and what is
  /// asked for fills seven tenths of 100 processors.
  private static func synthetic(jobs count: Int) -> ClusterLoad {
    var random = SeededGenerator(seed: 5)
    var (jobs, owners, time) = ([RigidJob](), [Int](), 0.0)
    for _ in 0..<count {
      // A job is 18 processors wide and an hour long on average.
      time += -log(1 - Double.random(in: 0..<1, using: &random)) * 18 * 3_750 / 70
      let run = exp(.random(in: log(10.0)...log(30_000), using: &random)) * 1_000
      owners.append(Int(exp(.random(in: 0..<log(50.0), using: &random))) - 1)
      jobs.append(
        RigidJob(
          submitMilliseconds: Int64(time * 1_000), runMilliseconds: Int64(run),
          requestedMilliseconds: Int64(run * .random(in: 1...8, using: &random)),
          processors: 1 << Int.random(in: 0...6, using: &random)))
    }
    return ClusterLoad(name: "SYNTHETIC", processors: 100, jobs: jobs, owners: owners)
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
