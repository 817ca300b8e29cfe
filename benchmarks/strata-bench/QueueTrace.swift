import Foundation
import StrataCore
import StrataRuntime
import StrataScheduling

/// How well does the queue use a cluster, beside first come first served and EASY backfilling on the same trace?
///
/// Each start is decided by the real queue in Redis: one worker has as much room as the cluster has processors, jobs ask
/// for as many cores as the trace says. Simulated are the worker and the time: the queue is given the trace's clock, so
/// that months pass in a minute or two. The two disciplines are computed. They are told how long jobs say they will
/// run; the queue is not, and shares fairly between users, which they do not. With one worker as large as the cluster the
/// price of room that is kept is the highest there is.
enum QueueTraceBenchmark {
  /// - Parameter arguments: `--trace PATH` (a trace in the standard workload format; `kth_sp2.swf` of the folder that
  ///   `STRATA_SHARED_DATA` names, or beside the repository) or `--generate SEED` (a generated one), `--jobs N` (all; only the
  ///   first N of the trace).
  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    let load = try ClusterLoad.load(options, count: options.count("--jobs") ?? .max)
    print("\(load.jobs.count) jobs of \(load.users) users, \(load.processors) processors: \(load.name)")
    print("decisions by the queue in Redis through its client; SIMULATED: the worker, running times and the clock")
    print("utilisation   wait s: mean    p95       max   bounded slowdown   wide jobs' wait s: mean       max")
    let firstCome = try ClusterSchedule.simulate(
      load.jobs, processors: load.processors, discipline: .firstComeFirstServed)
    let easy = try ClusterSchedule.simulate(load.jobs, processors: load.processors, discipline: .easyBackfilling)
    try await withQueueServer { server, loop in
      let byUser = try await load.schedule(server, loop, sharing: true)
      let patient = try await load.schedule(server, loop, sharing: true, keepRoomAfter: .seconds(6 * 3_600))
      let keeping = try await load.schedule(server, loop, sharing: true, keepRoomAfter: .seconds(3_600))
      let alone = try await load.schedule(server, loop, sharing: false, keepRoomAfter: .seconds(3_600))
      var arrival = ArrivalOrder(jobs: load.simulated(sharing: false))
      let passing = load.schedule(try await load.simulation(sharing: false).run(by: &arrival))
      let rows = [
        ("first come first served", firstCome), ("EASY backfilling", easy),
        ("order of arrival, passing over what does not fit", passing), ("queue, users share fairly", byUser),
        ("the same, room kept for jobs after 6 h", patient),
        ("the same, room kept after 1 h, as is the default", keeping),
        ("queue, all jobs of one tenant, room kept after 1 h", alone),
      ]
      let metrics = rows.compactMap { ClusterMetrics(of: $0.1) }
      for (row, metrics) in zip(rows, metrics) { printRow(row.0, row.1, metrics) }
      print(
        String(
          format: "ratio of the queue (users share) to EASY: utilisation %.3f, mean wait %.2f, bounded slowdown %.2f",
          metrics[3].utilisation / metrics[1].utilisation, metrics[3].waitSecondsMean / metrics[1].waitSecondsMean,
          metrics[3].boundedSlowdownMean / metrics[1].boundedSlowdownMean))
    }
  }

  /// Wide jobs need at least half of the cluster.
  private static func printRow(_ name: String, _ schedule: ClusterSchedule, _ metrics: ClusterMetrics) {
    func waits(_ isIncluded: (RigidJob) -> Bool) -> [Double] {
      zip(schedule.jobs, schedule.startMilliseconds).filter { isIncluded($0.0) }
        .map { Double($1 - $0.submitMilliseconds) / 1_000 }
    }
    let wide = waits { 2 * $0.processors >= schedule.processors }
    print(
      String(
        format: "%11.4f %14.0f %6.0f %9.0f %18.1f %25.0f %9.0f  ", metrics.utilisation, metrics.waitSecondsMean,
        metrics.waitSecondsP95, waits { _ in true }.max() ?? 0, metrics.boundedSlowdownMean,
        wide.reduce(0, +) / Double(max(1, wide.count)), wide.max() ?? 0), name)
  }
}
