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

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs"])
    let count = try options.number("--jobs", in: 100...1_000_000) ?? 2_000
    let slots = MachineCapacity.cores
    try await CleanUp.after { cleanUp in
      let stack = try await BenchmarkStack(["--slots", "\(slots)"])
      cleanUp.add { await stack.stop() }
      try await measure(stack, count, slots)
    }
  }

  private static func measure(_ stack: BenchmarkStack, _ count: Int, _ slots: Int) async throws {
    let tenant = try await stack.makeTenants(["bench"])[0]
    // The runners are there, and what is loaded once is loaded.
    let job = JobRequest(capability: "command.run", params: ["command": .array([.string(program)])])
    _ = try await stack.drain(job, 100, as: tenant)
    var rounds = PairedRounds()
    for _ in 0..<Self.rounds {
      rounds.add(try await stack.drain(job, count, as: tenant), beside: try await spawnBare(count, slots))
    }
    print(
      "\(count) jobs of \(program) in \(slots) slots: \(Int(rounds.ours))/s, settled; bare posix_spawn and wait"
        + " \(Int(rounds.other))/s")
    print(rounds.ratio)
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
