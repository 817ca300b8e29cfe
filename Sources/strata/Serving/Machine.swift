import Glibc

/// What this machine has.
enum Machine {
  /// Processors that this process may use.
  static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  static var memoryBytes: Int64 { Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))) }

  /// - Returns: false when the process may not be signalled. One that is gone counts as signalled.
  static func signal(_ process: Int32, _ number: Int32) -> Bool { kill(process, number) == 0 || errno == ESRCH }
}
