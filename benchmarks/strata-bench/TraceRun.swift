import Foundation
import StrataCore
import StrataRuntime
import StrataScheduling

/// What becomes of the jobs of a cluster's trace on a real stack, beside EASY backfilling of the very same jobs?
///
/// Real are the stack of `strata up` (PostgreSQL, Redis, controller, HTTP API), the tenants (one for each user), each
/// submission at its own time, and the worker: one process that offers as many cores as the cluster had processors, and
/// a slot for each. A job is a process that sleeps for as long as the trace's ran, through `command.run`. Only what it
/// would have done is simulated, and the trace's time runs faster: by `accelerationDefault`, at which the mean job of the
/// default window takes 5.7 s and the median one 0.72 s. What the machine adds to a job, 13 ms on two busy cores, is two
/// hundredths of that; sixteen times as fast, at which the whole trace would be over as soon, it would be a third of the
/// median job.
///
/// What the machine adds is told apart: the same jobs go once more through the queue with a simulated worker, in the
/// same accelerated time, with the sizes that the trace says and with those that the stack rounds them up to.
enum TraceRunBenchmark {
  static let accelerationDefault = 1_500
  /// The busiest fortnight of KTH-SP2, whose jobs ask for 0.84 of its processors.
  static let fromDefault = 9_000
  static let jobsDefault = 1_500
  static let options =
    "[--trace PATH | --generate SEED] [--from N] [--jobs N] [--acceleration N]   (N jobs of the trace after the first N;"
    + " defaults \(fromDefault), \(jobsDefault), \(accelerationDefault): some 17 minutes; Ctrl-C stops all)"

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--trace", "--generate", "--from", "--jobs", "--acceleration"])
    let acceleration = try options.number("--acceleration", in: 1...1_000_000) ?? accelerationDefault
    let load = try ClusterLoad.load(
      options, from: try options.number("--from", in: 0...Int(Int32.max)) ?? fromDefault,
      count: try options.number("--jobs", in: 1...Int(Int32.max)) ?? jobsDefault, whereAbsent: .refused)
    describe(load, acceleration)
    let replay = TraceReplay(load: load, acceleration: Double(acceleration))
    try await untilInterrupted {
      let computed = [
        (
          "first come first served, computed",
          try ClusterSchedule.simulate(load.jobs, processors: load.processors, discipline: .firstComeFirstServed)
        ),
        (
          "EASY backfilling, computed",
          try ClusterSchedule.simulate(load.jobs, processors: load.processors, discipline: .easyBackfilling)
        ),
      ]
      let simulated = try await replay.simulated()
      let seen = try await replay.run()
      report(computed + simulated + [("REAL workers, users share fairly", seen.schedule)], by: load)
      seen.report()
    }
  }

  private static func describe(_ load: ClusterLoad, _ acceleration: Int) {
    let runs = load.jobs.map { Double($0.runMilliseconds) / 1_000 }
    let days = Double(load.jobs.last?.submitMilliseconds ?? 0) / 86_400_000
    let mean = runs.reduce(0, +) / Double(runs.count)
    print(
      String(
        format: "%d jobs of %d users in %.1f days, %d processors: %@", load.jobs.count, load.users, days,
        load.processors, load.name))
    print(
      String(
        format: "%d times as fast: the mean job runs %.2f s (%.0f of the trace), the median one %.2f s (%.0f)",
        acceleration, mean / Double(acceleration), mean, median(runs) / Double(acceleration), median(runs)))
    print(
      "REAL: PostgreSQL, Redis, controller, HTTP API, a worker with a core and a slot per processor, a process per job")
    print("SIMULATED: what the jobs do (they sleep); the rows that say so")
  }

  private static func report(_ rows: [(String, ClusterSchedule)], by load: ClusterLoad) {
    print("all times in seconds of the trace")
    print("utilisation   wait: mean       p50       p95       max   bounded slowdown")
    for (name, schedule) in rows {
      guard let metrics = ClusterMetrics(of: schedule) else { continue }
      let longest = zip(schedule.jobs, schedule.startMilliseconds).map { $1 - $0.submitMilliseconds }.max() ?? 0
      print(
        String(
          format: "%11.4f %12.0f %9.0f %9.0f %9.0f %18.1f  ", metrics.utilisation, metrics.waitSecondsMean,
          metrics.waitSecondsP50, metrics.waitSecondsP95, Double(longest) / 1_000, metrics.boundedSlowdownMean), name)
    }
  }
}
