import CLinux
import Glibc
import StrataCore
import Synchronization

/// The one thread of this process that starts children and reaps them.
///
/// Starting: a parent-death signal is sent when the *thread* that made the child ends, so the thread must never end.
/// Reaping: every child has a pidfd on this thread's event loop; nothing polls, and nothing waits for "any child", so
/// children that a library starts behind our back stay that library's.
enum ChildKeeper {
  private static let shared = Result { () throws(StrataError) in try EventLoop(label: "strata-children") }

  static func loop() throws(StrataError) -> EventLoop { try shared.get() }

  /// Runs `body` on the keeper's thread.
  static func perform<Value: Sendable>(
    _ body: @escaping @Sendable (EventLoop) throws(StrataError) -> Value
  ) async throws(StrataError) -> Value {
    let loop = try loop()
    let outcome = await Task(executorPreference: loop) {
      Result { () throws(StrataError) in try body(loop) }
    }.value
    return try outcome.get()
  }

  /// Calls `ended` on the keeper's thread once the process behind `pidfd` has ended and been reaped.
  ///
  /// - Parameter beforeReaping: runs while the dead process still holds its number.
  static func reap(
    pid: Int32, pidfd: Descriptor, on loop: EventLoop, beforeReaping: @escaping () -> Void,
    ended: @escaping (ProcessExit) -> Void
  ) throws(StrataError) {
    try loop.watch(pidfd.raw, .readable) { _ in
      beforeReaping()
      guard let exit = reapNow(pid) else { return }
      loop.unwatch(pidfd.raw)
      kept.withLock { _ = $0.remove(pid) }
      ended(exit)
    }
  }

  /// The children that are ours to reap. A child joins before anyone else can see it end.
  private static let kept = Mutex<Set<Int32>>([])

  static func isKept(_ pid: Int32) -> Bool { kept.withLock { $0.contains(pid) } }

  /// Starts a child while no one may look for orphans, so that it is never taken for one.
  static func keep(_ start: () throws(StrataError) -> strata_spawned) throws(StrataError) -> strata_spawned {
    try kept.withLock { kept throws(StrataError) in
      let spawned = try start()
      kept.insert(spawned.pid)
      return spawned
    }
  }

  /// Reaps a child that has ended; nil while it runs.
  static func reapNow(_ pid: Int32) -> ProcessExit? {
    var status: Int32 = 0
    var usage = rusage()
    let reaped = unsafe wait4(pid, &status, WNOHANG, &usage)
    if reaped == 0 { return nil }
    // Someone else has reaped it: its end is known, its code is not.
    guard reaped == pid else { return ProcessExit(status: .exited(-1), usage: .zero) }
    return ProcessExit(waitStatus: status, usage: usage)
  }
}
