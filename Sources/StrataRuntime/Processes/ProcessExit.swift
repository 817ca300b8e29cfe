import CLinux
import Glibc

/// How a process ended, and what it had used.
public struct ProcessExit: Sendable, Hashable {
  public enum Status: Sendable, Hashable {
    /// It ended by itself, with this exit code.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)
  }

  public let status: Status
  public let usage: ResourceUsage

  public var isSuccess: Bool { status == .exited(0) }

  package init(status: Status, usage: ResourceUsage) {
    self.status = status
    self.usage = usage
  }

  init(waitStatus: Int32, usage: rusage) {
    let hasExited = strata_wait_exited(waitStatus) != 0
    status = hasExited ? .exited(strata_wait_exit_code(waitStatus)) : .signalled(strata_wait_signal(waitStatus))
    self.usage = ResourceUsage(usage)
  }
}

extension ProcessExit.Status: CustomStringConvertible {
  public var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): unsafe "signal \(signal) (\(String(cString: strsignal(signal))))"
    }
  }
}

/// What a process used, with those of its descendants that it (and they) had waited for: getrusage(2).
public struct ResourceUsage: Sendable, Hashable {
  public var userProcessorTime: Duration
  public var systemProcessorTime: Duration
  /// The largest resident set of any *single* one of them, in bytes. The kernel counts in what this process itself
  /// had at the moment of the start, so a figure below that says nothing.
  public var peakResidentBytes: Int

  public static let zero = ResourceUsage(
    userProcessorTime: .zero, systemProcessorTime: .zero, peakResidentBytes: 0)

  public init(userProcessorTime: Duration, systemProcessorTime: Duration, peakResidentBytes: Int) {
    self.userProcessorTime = userProcessorTime
    self.systemProcessorTime = systemProcessorTime
    self.peakResidentBytes = peakResidentBytes
  }

  init(_ usage: rusage) {
    userProcessorTime = Duration(usage.ru_utime)
    systemProcessorTime = Duration(usage.ru_stime)
    peakResidentBytes = usage.ru_maxrss * 1_024
  }

  public var processorTime: Duration { userProcessorTime + systemProcessorTime }

  /// Both together: times added, the larger peak.
  public static func + (a: Self, b: Self) -> Self {
    Self(
      userProcessorTime: a.userProcessorTime + b.userProcessorTime,
      systemProcessorTime: a.systemProcessorTime + b.systemProcessorTime,
      peakResidentBytes: max(a.peakResidentBytes, b.peakResidentBytes))
  }
}

extension Duration {
  fileprivate init(_ time: timeval) {
    self = .seconds(time.tv_sec) + .microseconds(Int64(time.tv_usec))
  }
}
