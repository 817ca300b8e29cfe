import Glibc
import StrataCore
import StrataRuntime

/// Servers left behind in a folder by a parent that was killed.
///
/// redis-server and postgres both enter their data folder, so the working folder and the program's name find them,
/// whatever their parent was; a person's shell that happens to be there is left alone.
enum Occupants {
  /// How long one that was asked to end may take before it is killed.
  static let patience = Duration.seconds(20)

  static func of(_ folder: String, program: String) -> [ProcessTree.Member] {
    guard let real = resolved(folder) else { return [] }
    return ProcessTree.everyone().filter { !$0.isZombie && $0.name == program }
      .filter { resolved("/proc/\($0.pid)/cwd") == real }.map(ProcessTree.Member.init)
  }

  /// Ends them: `signal` first, SIGKILL when patience is over. Returns once they are gone.
  static func evict(_ program: String, from folder: String, by signal: Int32) async throws(StrataError) {
    let deadline = ContinuousClock.now + patience
    var signalled: Set<ProcessTree.Member> = []
    while true {
      let occupants = of(folder, program: program)
      if occupants.isEmpty { return }
      let isLate = ContinuousClock.now >= deadline
      for occupant in occupants where isLate || !signalled.contains(where: { $0.pid == occupant.pid }) {
        occupant.signal(isLate ? SIGKILL : signal)
        signalled.insert(occupant)
      }
      await occupants[0].waitForEnd(atMost: isLate ? .seconds(1) : deadline - .now)
    }
  }

  private static func resolved(_ path: String) -> String? {
    guard let text = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }
}
