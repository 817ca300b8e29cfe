import CLinux
import Glibc
public import StrataCore
import Synchronization

/// A child process of this one, from its start to its end.
///
/// It is reaped as soon as it ends, whether or not anyone waits. Letting go of this object does not end the process.
public final class ChildProcess: Sendable {
  private struct State {
    var hasSaidReady = false
    var exit: ProcessExit?
    var endedAt: ContinuousClock.Instant?
    var waiters: [CheckedContinuation<ProcessExit, Never>] = []
  }

  public let pid: Int32
  /// For messages: the program's path.
  public let executable: String
  public let startedAt = ContinuousClock.now
  /// Whether the child leads a process group of its own, whose number is then `pid`.
  public let leadsGroup: Bool
  /// Our ends of the streams asked for as `.pipe`, non-blocking; nil otherwise.
  public let standardInput: Descriptor?
  public let standardOutput: Descriptor?
  public let standardError: Descriptor?
  private let readiness: Descriptor?
  private let pidfd: Descriptor
  private let state = Mutex(State())

  init(_ launch: borrowing ProcessLaunch, spawned: strata_spawned) {
    pid = spawned.pid
    pidfd = Descriptor(owning: spawned.pidfd)
    executable = launch.executable
    leadsGroup = launch.specification.startsNewSession || launch.specification.startsNewProcessGroup
    standardInput = launch.parentEnds[0]
    standardOutput = launch.parentEnds[1]
    standardError = launch.parentEnds[2]
    readiness = launch.readiness
  }

  /// Starts a child. Returns once the program executes.
  ///
  /// - Throws: `not_found` if there is no such program; else what the system refused, and at which step.
  public static func spawn(_ specification: ProcessSpecification) async throws(StrataError) -> ChildProcess {
    let launch = try ProcessLaunch(specification)
    return try await ChildKeeper.perform { loop throws(StrataError) in
      let child = ChildProcess(launch, spawned: try ChildKeeper.keep(launch.start))
      try child.beReaped(on: loop, leftovers: launch.specification.leftovers)
      return child
    }
  }

  private func beReaped(on loop: EventLoop, leftovers: ProcessSpecification.Leftovers) throws(StrataError) {
    try ChildKeeper.reap(pid: pid, pidfd: pidfd, on: loop) {
      if leftovers == .kill && self.leadsGroup { _ = kill(-self.pid, SIGKILL) }
    } ended: { exit in
      let waiters = self.state.withLock { state in
        state.exit = exit
        state.endedAt = .now
        defer { state.waiters = [] }
        return state.waiters
      }
      for waiter in waiters { waiter.resume(returning: exit) }
    }
  }

  /// How it ended; nil while it runs.
  public var exit: ProcessExit? { state.withLock { $0.exit } }

  /// When it was reaped; nil while it runs.
  public var endedAt: ContinuousClock.Instant? { state.withLock { $0.endedAt } }

  /// Whether the child has said by now, by the pipe of `ProcessSpecification.readinessNumber`, that it is ready.
  public var hasSaidReady: Bool {
    guard let readiness else { return false }
    return state.withLock { state in
      var byte: UInt8 = 0
      if !state.hasSaidReady { state.hasSaidReady = unsafe read(readiness.raw, &byte, 1) == 1 }
      return state.hasSaidReady
    }
  }

  /// Waits for its end. A code other than zero is no error. Any number of tasks may wait.
  public func wait() async -> ProcessExit {
    await withCheckedContinuation { continuation in
      let exit = state.withLock { state in
        if state.exit == nil { state.waiters.append(continuation) }
        return state.exit
      }
      if let exit { continuation.resume(returning: exit) }
    }
  }

  /// Waits for its end, but no longer than `limit`; nil if it still runs then.
  public func wait(atMost limit: Duration) async -> ProcessExit? {
    if limit <= .zero { return exit }
    let pidfd = pidfd
    guard let copy = try? pidfd.duplicate() else { return exit }
    await copy.waitUntilReadable(atMost: limit)
    // The keeper reaps a moment after the pidfd turns readable.
    return pidfd.isReadable ? await wait() : exit
  }

  /// Sends a signal to the child alone. False if it has ended: another process is never hit.
  @discardableResult
  public func signal(_ signal: Int32) -> Bool { strata_pidfd_send_signal(pidfd.raw, signal) == 0 }

  /// Sends a signal to the child's process group, or to the child alone where it leads none.
  ///
  /// False once the child has ended: the group's number might mean another by then. `Leftovers.kill` and
  /// `ProcessTree` deal with those who outlive it.
  @discardableResult
  public func signalGroup(_ signal: Int32) -> Bool {
    guard leadsGroup else { return self.signal(signal) }
    // Under the lock, so that the child is not taken for reaped in between; the kernel may still be reaping it, but a
    // group's number is not given away within that moment.
    return state.withLock { $0.exit == nil && kill(-pid, signal) == 0 }
  }
}
