import StrataRuntime

/// The memory that a process has now, and the most that it has had, as the kernel counts them. Pure but for
/// `ofThisProcess`.
package struct ResidentMemory: Hashable, Sendable {
  /// VmRSS of proc(5).
  package let bytes: Int64
  /// VmHWM, which unlike ru_maxrss can be reset: then it is `bytes`.
  package let peakBytes: Int64

  /// From the text of /proc/PID/status; zeros where it says nothing.
  package init(status: [UInt8]) {
    bytes = Self.value("VmRSS:", in: status)
    peakBytes = Self.value("VmHWM:", in: status)
  }

  static var ofThisProcess: ResidentMemory {
    ResidentMemory(status: ProcFile.read("/proc/self/status", bytesMax: 4_096) ?? [])
  }

  /// The most that the process has had since `start`, beyond what it had then. Where the peak could not be reset, and
  /// what was used since stayed below an earlier one, what there is now is all that is known.
  package func peak(since start: ResidentMemory) -> Int64 {
    let isOld = start.peakBytes > start.bytes && peakBytes <= start.peakBytes
    return max(0, (isOld ? bytes : peakBytes) - start.bytes)
  }

  private static func value(_ name: String, in status: [UInt8]) -> Int64 {
    guard let line = status.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: name.utf8) }) else {
      return 0
    }
    let digits = line.drop { !($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) }.prefix { $0 != UInt8(ascii: " ") }
    return (Int64(String(decoding: digits, as: UTF8.self)) ?? 0) * 1_024
  }
}
