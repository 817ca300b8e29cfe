import Foundation
import Glibc
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime

/// How many processes a second do jobs of `command.run` start, beside bare `posix_spawn`?
///
/// A whole stack with one worker and a slot for each core; `--jobs` jobs of `/bin/true` are committed while their tier is paused,
/// and the clock runs from its resumption until the last is settled: lease, folders, runner, process, log, results, metering,
/// outcome, settlement. Beside it, in the same round: as many threads as slots, each of which starts `/bin/true` and waits
/// for its end, again and again.
enum CommandRunBenchmark {
  private static let rounds = 5
  private static let program = "/bin/true"
  /// Jobs in a call of `POST /v1/jobs:batch`, at most.
  private static let callMax = 1_000

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs"])
    let count = try options.number("--jobs", in: 100...1_000_000) ?? 2_000
    let slots = MachineCapacity.cores
    let stack = try await BenchmarkStack(["--slots", "\(slots)"])
    do {
      try await measure(stack, count, slots)
    } catch {
      await stack.stop()
      throw error
    }
    await stack.stop()
  }

  private static func measure(_ stack: BenchmarkStack, _ count: Int, _ slots: Int) async throws {
    let tenant = try await stack.makeTenants(["bench"])[0]
    // The runners are there, and what is loaded once is loaded.
    _ = try await drain(stack, tenant, 100)
    var rounds: [(jobs: Double, bare: Double)] = []
    for _ in 0..<Self.rounds {
      rounds.append((try await drain(stack, tenant, count), try await spawnBare(count, slots)))
    }
    let (jobs, bare) = (median(rounds.map(\.jobs)), median(rounds.map(\.bare)))
    let ratios = rounds.map { $0.jobs / $0.bare }
    print(
      "\(count) jobs of \(program) in \(slots) slots: \(Int(jobs))/s, settled; bare posix_spawn and wait \(Int(bare))/s"
    )
    print(
      "ratio \(median(ratios).rounded(toPlaces: 2)) (\((ratios.min() ?? 0).rounded(toPlaces: 2)) to",
      "\((ratios.max() ?? 0).rounded(toPlaces: 2)) in \(Self.rounds) rounds)")
  }

  /// - Returns: jobs a second.
  private static func drain(_ stack: BenchmarkStack, _ tenant: HTTPClient, _ count: Int) async throws -> Double {
    try await stack.setPaused(true)
    let job = JobRequest(capability: "command.run", params: ["command": .array([.string(program)])])
    var batches: [BatchID] = []
    for first in stride(from: 0, to: count, by: callMax) {
      let jobs = BatchRequest(jobs: Array(repeating: job, count: min(callMax, count - first)))
      let request = ClientRequest("POST", ["v1", "jobs:batch"], body: try .json(jobs))
      let accepted: BatchAccepted = try await tenant.send(request).decode()
      batches.append(accepted.batch.id)
    }
    let start = ContinuousClock.now
    try await stack.setPaused(false)
    var succeeded = 0
    // The last is done last, or nearly.
    for batch in batches.reversed() { succeeded += try await successes(of: batch, tenant) }
    let duration = ContinuousClock.now - start
    guard succeeded == count else {
      throw StrataError(.internalError, "\(count - succeeded) of \(count) jobs did not succeed")
    }
    return Double(count) / duration.seconds
  }

  /// Waits until all jobs of a batch have been settled.
  private static func successes(of batch: BatchID, _ tenant: HTTPClient) async throws -> Int {
    while true {
      let view: BatchView = try await tenant.send(ClientRequest("GET", ["v1", "batches", "\(batch)"])).decode()
      if view.succeeded + view.failed + view.cancelled == view.total { return view.succeeded }
      // Seldom enough that looking is no load.
      try await Task.sleep(for: .milliseconds(25))
    }
  }

  /// - Returns: processes a second.
  private static func spawnBare(_ count: Int, _ threads: Int) async throws -> Double {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for part in 0..<threads {
        group.addTask {
          let own = count * (part + 1) / threads - count * part / threads
          try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            do {
              try Thread.start(name: "spawn") { done.resume(with: Result { try spawn(own) }) }
            } catch {
              done.resume(throwing: error)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    return Double(count) / (ContinuousClock.now - start).seconds
  }

  private static func spawn(_ count: Int) throws {
    guard let name = unsafe strdup(program) else { throw StrataError.system("copy a name") }
    defer { unsafe free(name) }
    var words: [UnsafeMutablePointer<CChar>?] = unsafe [name, nil]
    for _ in 0..<count {
      var child: pid_t = 0
      let failure = unsafe posix_spawn(&child, program, nil, nil, &words, environ)
      guard failure == 0 else { throw StrataError.system("start \(program)", errorNumber: failure) }
      var status: Int32 = 0
      while unsafe waitpid(child, &status, 0) == -1, errno == EINTR {}
    }
  }
}
