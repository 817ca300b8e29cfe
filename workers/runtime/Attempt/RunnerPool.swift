import StrataCore
import StrataRuntime
import Synchronization

/// Idle runners, kept warm: starting one costs more than a small job.
final class RunnerPool: Sendable {
  /// Whether orphans of this process are what dead runners left.
  let adoptsOrphans: Bool
  private let command: RunnerCommand
  private let limits: AttemptLimits
  private let slots: Int
  private let idle = Mutex<[RunnerProcess]>([])

  init(_ command: RunnerCommand, slots: Int, limits: AttemptLimits, adoptsOrphans: Bool) {
    self.adoptsOrphans = adoptsOrphans
    self.command = command
    self.slots = slots
    self.limits = limits
  }

  /// Starts as many one-core runners as there are slots. Failures show when a runner is needed.
  func warmUp() async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<slots {
        group.addTask {
          if let runner = try? await RunnerProcess.start(self.command, cores: 1) { await self.put(runner) }
        }
      }
    }
  }

  /// An idle runner for attempts on `cores` cores, or a new one.
  func take(cores: Int) async throws(StrataError) -> RunnerProcess {
    let found = idle.withLock { idle in
      idle.removeAll { !$0.isAlive }
      return idle.lastIndex { $0.cores == cores }.map { idle.remove(at: $0) }
    }
    if let found { return found }
    return try await RunnerProcess.start(command, cores: cores)
  }

  /// Keeps a runner for the next attempt if it may have one, and lets the longest idle go where there are too many.
  func put(_ runner: RunnerProcess) async {
    guard runner.isAlive else { return }
    let surplus = idle.withLock { idle -> RunnerProcess? in
      guard runner.attempts < limits.attemptsPerRunnerMax else { return runner }
      idle.append(runner)
      return idle.count > slots ? idle.removeFirst() : nil
    }
    await surplus?.end()
  }

  /// Ends all idle runners.
  func drain() async {
    let all = idle.withLock { idle in
      defer { idle = [] }
      return idle
    }
    for runner in all { await runner.end() }
  }
}
