import Foundation
import StrataCore
import StrataRuntime
import Synchronization

/// What a benchmark has started, ended in reverse order whatever becomes of it.
final class CleanUp: Sendable {
  private let steps = Mutex<[@Sendable () async -> Void]>([])

  /// Has `step` performed at the end. It must be harmless where what it ends was never there.
  func add(_ step: @escaping @Sendable () async -> Void) { steps.withLock { $0.append(step) } }

  /// Runs `body`, which Ctrl-C and SIGTERM cancel, and then all that it has added by then, the last first.
  static func after(_ body: @escaping @Sendable (CleanUp) async throws -> Void) async throws {
    try await untilInterrupted {
      let cleanUp = CleanUp()
      let result: Result<Void, any Error>
      do { result = .success(try await body(cleanUp)) } catch { result = .failure(error) }
      for step in cleanUp.steps.withLock({ $0 }).reversed() { await step() }
      try result.get()
    }
  }
}

/// Runs `body`. Where somebody wants this process to end meanwhile, `body` is cancelled and cleans up; then the process
/// ends with the status that a shell expects of it. Afterwards signals have the effect again that they had before.
func untilInterrupted(_ body: @escaping @Sendable () async throws -> Void) async throws {
  let actions = SignalActions()
  defer { actions.restore() }
  let requests = try Signals.terminationRequests()
  let work = Task { try await body() }
  let listener = Task { () -> Int32? in
    for await request in requests {
      print("stopping what was started")
      work.cancel()
      return request.signal
    }
    return nil
  }
  let result = await work.result
  if work.isCancelled, let signal = await listener.value {
    print("broken off: there are no figures")
    exit(128 + signal)
  }
  listener.cancel()
  try result.get()
}

/// What the signals that end a process did at one moment.
private struct SignalActions {
  private let actions: [(signal: Int32, action: sigaction)]

  init() {
    actions = [SIGINT, SIGTERM, SIGHUP].map { signal in
      var action = sigaction()
      _ = unsafe sigaction(signal, nil, &action)
      return (signal, action)
    }
  }

  func restore() {
    for (signal, action) in actions {
      var action = action
      _ = unsafe sigaction(signal, &action, nil)
    }
  }
}
