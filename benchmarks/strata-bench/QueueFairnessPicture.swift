import Foundation
import StrataCore
import StrataRuntime
import StrataScheduling

/// The share of the workers that each tenant gets over time, beside the fluid schedule, while tenants come and go: the
/// picture of `docs/images/queue-fairness.svg`.
struct SharePicture {
  private static let workers = 8
  private static let seconds = 1_000.0
  /// Shares are means over so many seconds.
  private static let windowSeconds = 40.0

  /// A tenant that comes with all its work at once.
  private struct Visitor {
    let name: String
    let weight: Int
    let jobSeconds: Double
    let capability: String
    let comesSeconds: Double
    let coreSeconds: Double
  }

  /// Of the work of A, C and the flood something is left at the end.
  private static let visitors = [
    Visitor(
      name: "A: weight 4, jobs of 1 s", weight: 400, jobSeconds: 1, capability: "short", comesSeconds: 0,
      coreSeconds: 8_000),
    Visitor(
      name: "B: weight 2, jobs of 4 s", weight: 200, jobSeconds: 4, capability: "b", comesSeconds: 0, coreSeconds: 1_400
    ),
    Visitor(
      name: "C: weight 1, jobs of 10 s taken for jobs of 1 s", weight: 100, jobSeconds: 10, capability: "short",
      comesSeconds: 0, coreSeconds: 8_000),
    Visitor(
      name: "D: weight 1, a flood of 20,000 jobs of 1 s", weight: 100, jobSeconds: 1, capability: "short",
      comesSeconds: 250, coreSeconds: 20_000),
    Visitor(
      name: "E: weight 3, jobs of 2 s", weight: 300, jobSeconds: 2, capability: "e", comesSeconds: 550, coreSeconds: 700
    ),
  ]

  private static var weights: [Int] { visitors.map(\.weight) }

  private static func jobs() -> [SimulatedJob] {
    var random = SeededGenerator(seed: 3)
    let jobs = visitors.indices.flatMap { tenant -> [SimulatedJob] in
      let visitor = visitors[tenant]
      return (0..<Int(visitor.coreSeconds / visitor.jobSeconds)).map { _ in
        SimulatedJob(
          submitMicroseconds: Int64(visitor.comesSeconds * 1e6),
          runMicroseconds: Int64(visitor.jobSeconds * .random(in: 0.8...1.2, using: &random) * 1e6), tenant: tenant,
          capability: visitor.capability)
      }
    }
    return jobs.sorted { $0.submitMicroseconds < $1.submitMicroseconds }
  }

  func draw(to path: String, _ server: QueueBenchmarkServer, _ loop: EventLoop) async throws {
    let jobs = Self.jobs()
    let simulation = Simulation(jobs: jobs, cores: Self.workers, end: Int64(Self.seconds * 1e6))
    var queue = try await QueueDispatcher(on: server, loop, jobs: jobs, weights: Self.weights)
    let runs = simulation.workDone(try await simulation.run(by: &queue)).runs
    await queue.close()
    // The fluid schedule has all the work, whether or not it was done by the end.
    let arrivals = jobs.map {
      WorkArrival(time: Double($0.submitMicroseconds) / 1e6, tenant: $0.tenant, work: $0.coreSeconds)
    }
    let fluid = try FluidSchedule(arrivals: arrivals, weights: Self.weights, capacity: Double(Self.workers))
    let lines = Self.visitors.indices.map { tenant in
      let own = zip(jobs, runs).compactMap { $0.tenant == tenant ? $1 : nil }
      return ShareChart.Line(
        name: Self.visitors[tenant].name,
        measured: Self.shares { time in own.reduce(0) { $0 + Self.seconds(of: $1, upTo: time) } },
        ideal: Self.shares { fluid.service(of: tenant, upTo: $0) })
    }
    let chart = ShareChart(
      title: "Five tenants share eight workers",
      subtitle: "Solid: the queue in Redis (simulated jobs, means of \(Int(Self.windowSeconds)) s). "
        + "Dashed: the ideal fluid schedule.",
      horizontal: "simulated seconds", vertical: "share of the workers", lines: lines, end: Self.seconds)
    try Self.write(chart.svg, to: path)
    let gap = lines.flatMap { line in zip(line.measured, line.ideal).map { abs($0.share - $1.share) } }
    print(
      String(
        format: "\npicture: %@; mean distance of the shares from the fluid ones %.3f, greatest %.3f", path,
        gap.reduce(0, +) / Double(gap.count), gap.max() ?? 0))
  }

  private static func seconds(of run: WorkRun, upTo time: Double) -> Double {
    max(0, min(time, run.end) - min(time, run.start))
  }

  /// Means over the window around each instant.
  private static func shares(_ service: (Double) -> Double) -> [ShareChart.Point] {
    stride(from: 0, through: seconds, by: 4).map { time in
      let (from, to) = (max(0, time - windowSeconds / 2), min(seconds, time + windowSeconds / 2))
      return ShareChart.Point(
        seconds: time, share: (service(to) - service(from)) / (to - from) / Double(workers))
    }
  }

  private static func write(_ text: String, to path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    if !folder.isEmpty { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
