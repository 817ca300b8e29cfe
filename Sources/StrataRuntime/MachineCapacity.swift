import Glibc
public import StrataCore

/// What this process may use of its machine.
public enum MachineCapacity {
  /// Processors that this process may run on; of a control group's quota, as many as it pays for, rounded up.
  public static var cores: Int {
    let online = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return max(1, min(allowedCores ?? online, quotaCores ?? .max))
  }

  /// The machine's memory, or its control group's limit where that is less.
  public static var memoryBytes: Int64 {
    let whole = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    let limits = ["memory.max", "memory/memory.limit_in_bytes"].compactMap { words(of: $0).first.flatMap { Int64($0) } }
    return limits.filter { $0 > 0 }.reduce(whole, min)
  }

  /// All of it: what a worker has room for where nothing else is said.
  public static var whole: ResourceRequest {
    ResourceRequest(cpuMillicores: Int64(cores) * 1_000, memoryBytes: memoryBytes)
  }

  /// The processors of this process's affinity, which the kernel writes as hexadecimal digits and commas.
  private static var allowedCores: Int? {
    let status = String(decoding: ProcFile.read("/proc/self/status") ?? [], as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
    let count = line?.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
    return count.flatMap { $0 > 0 ? $0 : nil }
  }

  /// Version 2 keeps quota and period in one file, version 1 in two; no quota is `max` there and -1 here.
  private static var quotaCores: Int? {
    let two = words(of: "cpu.max")
    let parts = two.isEmpty ? words(of: "cpu/cpu.cfs_quota_us") + words(of: "cpu/cpu.cfs_period_us") : two
    guard parts.count == 2, let quota = Int(parts[0]), let period = Int(parts[1]), quota > 0, period > 0 else {
      return nil
    }
    return (quota + period - 1) / period
  }

  /// Of a file of the control group that this process sees as the topmost.
  private static func words(of file: String) -> [String] {
    let bytes = ProcFile.read("/sys/fs/cgroup/\(file)", bytesMax: 128) ?? []
    return String(decoding: bytes, as: UTF8.self).split { " \n".contains($0) }.map(String.init)
  }
}
