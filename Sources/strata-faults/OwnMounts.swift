import Glibc
import StrataRuntime

/// A view of the mounted file systems of this program's own: what it mounts to be filled is seen by it and what it starts alone,
/// and is gone with them.
enum OwnMounts {
  private static let mark = "STRATA_FAULTS_MOUNTS"

  /// Starts this program once more in such a view, where it may have one: then this does not return.
  ///
  /// - Returns: whether it is in one.
  static func enter() -> Bool {
    if Environment.current[mark] != nil { return true }
    // Asked first: a program that cannot be given one would not be started at all.
    let unshare = ["unshare", "--mount", "--propagation", "private"]
    guard geteuid() == 0, unsafe system((unshare + ["true"]).joined(separator: " ") + " 2>/dev/null") == 0 else {
      return false
    }
    unsafe setenv(mark, "own", 1)
    let command = unshare + [OwnProgram.path] + CommandLine.arguments.dropFirst()
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
    _ = unsafe execvp("unshare", &arguments)
    return false
  }
}
