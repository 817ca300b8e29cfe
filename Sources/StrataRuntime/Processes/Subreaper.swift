import CLinux
import Glibc
public import StrataCore

/// Makes this process inherit the descendants whose own parent has ended, so that they can be found, metered and
/// reaped, instead of going to process 1.
///
/// They come to us as children that we did not start. A process that enables this must leave the starting of children
/// to `ChildProcess`, or children that a library started and waits for itself may be reaped under its feet.
public enum Subreaper {
  /// Enables it for this process, for good. It is not inherited by children.
  public static func enable() throws(StrataError) {
    guard strata_become_subreaper(1) == 0 else { throw .system("become the reaper of orphans") }
  }

  /// Reaps the orphans that have ended among `candidates`, which are their readings in a picture of all processes.
  ///
  /// - Returns: what they and their own reaped children had used.
  static func reap(_ candidates: [ProcessStatistics]) -> ResourceUsage {
    candidates.filter { $0.isZombie && isOrphan($0) }.reduce(.zero) { usage, orphan in
      usage + (ChildKeeper.reapNow(orphan.pid)?.usage ?? .zero)
    }
  }

  /// Reaps every orphan that has ended and that no meter has claimed. For calling now and then, so that the dead do
  /// not pile up.
  @discardableResult
  public static func reapUnclaimed() -> ResourceUsage { reap(ProcessTree.everyone()) }

  /// The living orphans that have come to this process. Without `enable`, these are children that a library started.
  ///
  /// - Complexity: as `ProcessTree.everyone`.
  public static func orphans() -> [ProcessTree.Member] {
    ProcessTree.everyone().filter { !$0.isZombie && isOrphan($0) }.map(ProcessTree.Member.init)
  }

  /// A child of ours that we did not start.
  static func isOrphan(_ process: ProcessStatistics) -> Bool {
    process.parent == getpid() && !ChildKeeper.isKept(process.pid)
  }
}
