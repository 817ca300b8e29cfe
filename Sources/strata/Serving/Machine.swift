import Glibc
import StrataCore
import StrataRuntime

/// What this machine has.
enum Machine {
  /// Processors that this process may use.
  static var cores: Int { MachineCapacity.cores }

  /// As the machine calls itself, up to its first dot.
  static var hostName: String {
    let name = TextFile.read("/proc/sys/kernel/hostname")?.prefix { $0 != "." } ?? ""
    return name.isEmpty ? "localhost" : String(name)
  }

  /// - Returns: false when the process may not be signalled. One that is gone counts as signalled.
  static func signal(_ process: Int32, _ number: Int32) -> Bool { kill(process, number) == 0 || errno == ESRCH }
}
