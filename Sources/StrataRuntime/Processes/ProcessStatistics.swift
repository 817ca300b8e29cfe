import CLinux
import Glibc

/// One line of /proc/PID/stat: what the kernel tells of a process at this moment.
public struct ProcessStatistics: Sendable, Hashable {
  public let pid: Int32
  /// The program's name as the kernel keeps it: 15 bytes at most.
  public let name: String
  public let parent: Int32
  public let processGroup: Int32
  public let session: Int32
  /// The letter of proc(5): R, S, D, Z, T…
  public let state: UInt8
  /// Its own user and system time, in clock ticks.
  public let ownTicks: Int
  /// That of the children it has waited for, and of those they had.
  public let reapedTicks: Int
  /// When it started, in ticks since the machine did: with the pid it names a process for good.
  public let startTicks: Int
  public let residentBytes: Int

  public var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

  /// Whether its environment, as it was when it executed, has this entry `NAME=value`; false if it cannot be read.
  public func carries(_ entry: String) -> Bool {
    guard let variables = ProcFile.read("/proc/\(pid)/environ", bytesMax: 1 << 18) else { return false }
    return variables.split(separator: 0).contains { $0.elementsEqual(entry.utf8) }
  }

  static let ticksPerSecond = max(1, sysconf(Int32(_SC_CLK_TCK)))
  static let pageBytes = max(1, sysconf(Int32(_SC_PAGESIZE)))

  /// The process called `pid`; nil if there is none.
  ///
  /// - Complexity: one small read, some 5 µs.
  public static func read(_ pid: Int32) -> ProcessStatistics? {
    guard let bytes = ProcFile.read("/proc/\(pid)/stat", bytesMax: 4_096) else { return nil }
    return ProcessStatistics(pid: pid, line: bytes)
  }

  /// Parses the line; nil if it is not one. The name in it may hold any byte, so fields count from the last ")".
  package init?(pid: Int32, line: [UInt8]) {
    guard let close = line.lastIndex(of: UInt8(ascii: ")")), let open = line.firstIndex(of: UInt8(ascii: "(")),
      open < close
    else { return nil }
    let fields = line[(close + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count >= 22, let state = fields[0].first else { return nil }
    func number(_ index: Int) -> Int { Int(String(decoding: fields[index], as: UTF8.self)) ?? 0 }
    self.pid = pid
    self.state = state
    name = String(decoding: line[(open + 1)..<close], as: UTF8.self)
    parent = Int32(number(1))
    processGroup = Int32(number(2))
    session = Int32(number(3))
    ownTicks = number(11) + number(12)
    reapedTicks = number(13) + number(14)
    startTicks = number(19)
    residentBytes = number(21) * Self.pageBytes
  }
}
