import Foundation
import Numerics
import PointClouds
import StrataCore
import StrataRuntime

/// How fast are the point-cloud kernels beside small_gicp, scipy, pgeof and Open3D?
///
/// Each kernel runs in turn with its peer, on the same points, with one thread and with two. Where a peer builds a tree of its own in the
/// call, ours is built in it, too. Points are those of `--input`, else of a simulated scan.
enum PointKernelsBenchmark {
  static let options = "[--input FILE] [--points N] [--rounds N] [--kernel NAME]"
  private static let script = "point_kernels_peer.py"

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--input", "--points", "--rounds", "--kernel"])
    let rounds = try options.number("--rounds", in: 1...1_000) ?? 5
    let points = try options.number("--points", in: 1_000...100_000_000) ?? 600_000
    let cloud =
      try options.text("--input").map { try PointCloud.read(path: $0) }
      ?? ScanSimulator(seed: 1, points: points).makeCloud()
    let kernels = PointKernel.all.filter { $0.name == options.text("--kernel") ?? $0.name }
    let coordinates = try cloud.coordinates()
    try await CleanUp.after { cleanUp in try await compare(kernels, coordinates, rounds, cleanUp) }
  }

  private static func compare(
    _ kernels: [PointKernel], _ points: Coordinates, _ rounds: Int, _ cleanUp: CleanUp
  ) async throws {
    let path = FileManager.default.temporaryDirectory.path + "/strata-bench-\(JobID())"
    cleanUp.add { try? FileManager.default.removeItem(atPath: path) }
    try write(points, to: path)
    let subject = try PointKernel.Subject(points)
    print("\(points.count) points; million points a second, medians of \(rounds) rounds")
    var alone: [String: Double] = [:]
    for threads in [1, 2] {
      let peer = try await LineProcess(Peers.python(), [Peers.script(script), path, "\(threads)"])
      cleanUp.add { await peer.stop() }
      _ = try await peer.nextLine()
      for kernel in kernels {
        let ours = try await compare(kernel, subject, threads, rounds, peer)
        if let one = alone[kernel.name] { print("  two threads beside one: \((ours / one).rounded(toPlaces: 2))") }
        alone[kernel.name] = ours
      }
      await peer.stop()
    }
  }

  /// - Returns: our own rate.
  private static func compare(
    _ kernel: PointKernel, _ subject: PointKernel.Subject, _ threads: Int, _ rounds: Int, _ peer: LineProcess
  ) async throws -> Double {
    var pairs = PairedRounds()
    var own: [Double] = []
    let count = Double(kernel.count(subject)) / 1e6
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      try kernel.run(subject, threads)
      own.append(count / (ContinuousClock.now - start).seconds)
      if let seconds = Double(try await peer.ask(kernel.name)) {
        pairs.add(own[own.count - 1], beside: count / seconds)
      }
    }
    let name = "\(kernel.name), \(threads) thread\(threads == 1 ? "" : "s")"
    let ours = median(own)
    guard pairs.other.isFinite else {
      print("\(name): \(ours.rounded(toPlaces: 2)); \(kernel.peer) is not installed")
      return ours
    }
    print("\(name): \(ours.rounded(toPlaces: 2)); \(kernel.peer) \(pairs.other.rounded(toPlaces: 2)); \(pairs.ratio)")
    return ours
  }

  private static func write(_ points: Coordinates, to path: String) throws {
    var values: [Double] = []
    values.reserveCapacity(3 * points.count)
    for index in 0..<points.count { values += [points.x[index], points.y[index], points.z[index]] }
    let data = unsafe values.withUnsafeBytes { unsafe Data($0) }
    try data.write(to: URL(fileURLWithPath: path))
  }
}
