import Glibc
import StrataRuntime

/// What dead runners left: their descendants, which come to this process if it inherits orphans (`Subreaper`),
/// whatever session they have moved to.
enum Orphans {
  private static let waitMax = Duration.milliseconds(100)

  /// Ends and reaps all of them, generation by generation: each one killed hands its children up. Runners are spared.
  ///
  /// - Returns: the CPU time that they and those they had waited for had used, exact to the microsecond. What several
  ///   runners left that died at the same moment is counted once, for one of them.
  static func endAll() async -> Duration {
    var time = Duration.zero
    for _ in 0..<ProcessTree.killRoundsMax {
      let orphans = Subreaper.orphans()
      for orphan in orphans { orphan.signal(SIGKILL) }
      for orphan in orphans { await orphan.waitForEnd(atMost: waitMax) }
      time += Subreaper.reapUnclaimed().processorTime
      if orphans.isEmpty { break }
    }
    return time
  }
}
