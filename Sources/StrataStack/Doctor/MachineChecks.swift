import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// What the kernel and the machine offer.
extension Doctor {
  func openFiles() -> Check {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let count = Int(clamping: limit.rlim_cur)
    if count >= needs.openFiles { return Check("open files", .ok, found: "\(count)") }
    let status: Check.Status = count >= needs.openFilesMin ? .warn : .fail
    return Check("open files", status, found: "\(count)", remedy: "ulimit -n \(needs.openFiles)")
  }

  func memory() -> Check {
    let bytes = Self.memoryBytes() ?? 0
    return amount(
      "memory", bytes, enough: needs.memoryBytes, least: 0, "give it more, or lower the slots of the local workers")
  }

  /// What programs could still take without swapping.
  static func memoryBytes() -> Int? {
    let lines = Folder.readText("/proc/meminfo")?.split(separator: "\n") ?? []
    let fields = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ")
    return fields.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 * 1_024 }
  }

  func cores() -> Check {
    let count = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    if count >= needs.cores { return Check("cores", .ok, found: "\(count)") }
    return Check("cores", .warn, found: "\(count)", remedy: "heavy jobs will hold up the servers; use one worker slot")
  }

  func processTable() -> Check {
    if ProcessStatistics.read(getpid()) != nil { return Check("/proc", .ok, found: "readable") }
    return Check("/proc", .fail, found: "not readable", remedy: "mount -t proc proc /proc")
  }

  func pidfd() -> Check {
    let number = strata_pidfd_open(getpid())
    defer { close(number) }
    if number >= 0 { return Check("pidfd", .ok, found: "supported") }
    return Check("pidfd", .fail, found: "not supported by this kernel", remedy: "use Linux 5.4 or later")
  }

  func accounting() -> Check {
    guard unsafe access("/proc/self/environ", R_OK) == 0 else {
      return Check(
        "environments", .warn, found: "/proc/PID/environ is not readable: a killed stack may leave processes behind",
        remedy: "run without a hardened /proc")
    }
    return Check("environments", .ok, found: "readable")
  }

  func clock() -> Check {
    let now = Timestamp.now
    if now >= needs.clockEarliest { return Check("clock", .ok, found: now.iso8601) }
    return Check("clock", .fail, found: now.iso8601, remedy: "set the clock: timedatectl set-ntp true")
  }

  func portIsFree(_ port: UInt16) -> Check {
    do throws(StrataError) {
      try LoopbackPort(host: "127.0.0.1", port: port).checkIsFree()
      return Check("port \(port)", .ok, found: "free")
    } catch {
      return Check("port \(port)", .fail, found: error.message, remedy: error.remedy)
    }
  }
}
