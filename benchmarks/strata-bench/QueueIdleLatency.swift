import Foundation
import StrataCore
import StrataQueue
import StrataRuntime

/// How long from the acknowledgement of an enqueue until a waiting worker holds the lease, when all is idle?
enum QueueIdleLatencyBenchmark {
  /// - Parameter arguments: `--jobs N` (2,000).
  static func run(arguments: [String]) async throws {
    let jobs = BenchmarkOptions(arguments).count("--jobs") ?? 2_000
    let (clients, workers) = (try EventLoop(label: "bench-client"), try EventLoop(label: "bench-worker"))
    let server = try await QueueBenchmarkServer(on: clients)
    let client = try await RedisQueue.connect(to: server.endpoint, on: clients)
    let worker = try await RedisQueue.connect(to: server.endpoint, on: workers)
    try await client.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    var waits: [Double] = []
    for _ in 0..<jobs { waits.append(try await oneJob(client, worker, workers)) }
    waits.sort()
    print(
      "enqueue acknowledged → idle worker holds the lease, \(jobs) jobs one by one:",
      String(format: "p50 %.0f µs, p99 %.0f µs", waits[jobs / 2] * 1e6, waits[jobs * 99 / 100] * 1e6))
    await client.close()
    await worker.close()
    await server.stop()
    for loop in [clients, workers] { loop.stop() }
  }

  /// A worker goes idle, a job arrives, the worker leases and finishes it.
  private static func oneJob(_ client: RedisQueue, _ worker: RedisQueue, _ loop: EventLoop) async throws -> Double {
    let id = WorkerID()
    _ = try await worker.lease(worker: id, tiers: [.cpu], count: 1, for: .seconds(60))
    let leasing = Task(executorPreference: loop) {
      while true {
        _ = try await worker.signals(for: id, waitingUpTo: .seconds(60))
        let grant = try await worker.lease(worker: id, tiers: [.cpu], count: 1, for: .seconds(60))
        if let lease = grant.leases.first { return (lease.reference, ContinuousClock.now) }
      }
    }
    // Long enough for the worker to be waiting on the server.
    try await Task.sleep(for: .milliseconds(1))
    _ = try await client.enqueue(StrataLifecycle(queue: client, tenants: 1).jobs(1))
    let acknowledged = ContinuousClock.now
    let (lease, held) = try await leasing.value
    _ = try await worker.complete([AttemptResult(lease: lease, report: [])])
    return max(0, (held - acknowledged).seconds)
  }
}
