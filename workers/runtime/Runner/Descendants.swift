import Glibc
import StrataRuntime

/// The runner's own descendants. As it is their sub-reaper, whoever loses its parent becomes its child.
enum Descendants {
  /// Sends all of them a signal.
  static func tell(_ signal: Int32) {
    for member in ProcessTree.descendants(of: getpid()) { member.signal(signal) }
  }

  /// Ends and reaps all of them, generation by generation: each one killed hands its children up.
  ///
  /// - Returns: the largest peak of resident memory of those reaped here, in bytes.
  @discardableResult
  static func killAll() -> Int64 {
    var peakBytes: Int64 = 0
    while true {
      while let reaped = reap(WNOHANG) {
        guard let peak = reaped.peakBytes else { break }
        peakBytes = max(peakBytes, peak)
      }
      guard hasChildren else { return peakBytes }
      for member in ProcessTree.descendants(of: getpid()) where !member.statistics.isZombie { member.signal(SIGKILL) }
      peakBytes = max(peakBytes, reap(0)?.peakBytes ?? 0)
    }
  }

  private static var hasChildren: Bool {
    var information = unsafe siginfo_t()
    return unsafe waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0
  }

  /// Nil when there are no children; a nil peak when none has ended.
  private static func reap(_ options: Int32) -> (peakBytes: Int64?, Void)? {
    var usage = rusage()
    var status: Int32 = 0
    let pid = unsafe wait4(-1, &status, options, &usage)
    if pid > 0 { return (Int64(usage.ru_maxrss) * 1_024, ()) }
    return pid == 0 ? (nil, ()) : nil
  }
}
