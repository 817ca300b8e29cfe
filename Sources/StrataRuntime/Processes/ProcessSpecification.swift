import Glibc

/// How to start a child process. Everything not said here the child gets clean: no other descriptors, default signal
/// dispositions, an empty signal mask.
public struct ProcessSpecification: Sendable {
  /// Where one of the child's three standard streams leads.
  public enum Stream: Sendable {
    /// The same as this process's.
    case inherit
    /// `/dev/null`.
    case null
    /// A descriptor of this process; it stays open here.
    case descriptor(Descriptor)
    /// A file: read for standard input; else created with mode 0600 and appended to.
    case file(String)
    /// A pipe, whose other end `ChildProcess` holds.
    case pipe
  }

  /// What becomes of the other members of the child's process group when the child itself has ended.
  public enum Leftovers: Sendable {
    /// They go on.
    case leave
    /// They are killed before the child is reaped, while its process group's number cannot mean another group.
    case kill
  }

  /// A name looked up in `PATH` of `environment`, or a path with a slash (relative to this process's folder).
  public var executable: String
  /// Without the name of the program itself.
  public var arguments: [String]
  /// The whole environment; this process's by default.
  public var environment: [String: String]
  /// The child's working folder; this process's when nil. Entered as the user switched to.
  public var workingDirectory: String?

  public var standardInput: Stream = .null
  public var standardOutput: Stream = .inherit
  public var standardError: Stream = .inherit
  /// Descriptors to pass besides the three, by the number they get in the child (3 or more, 255 at most).
  public var extraDescriptors: [Int32: Descriptor] = [:]
  /// The number that a pipe gets in the child by which it says, with any byte, that it is ready; nil for none. No disk takes
  /// part in that. See `ChildProcess.hasSaidReady`.
  public var readinessNumber: Int32?

  /// Whom to run as; needs root. This process's user when nil.
  public var user: UserIdentity?
  /// A new session (and so a new process group, and no terminal).
  public var startsNewSession = false
  /// A new process group, which signals from the terminal do not reach.
  public var startsNewProcessGroup = true
  public var leftovers = Leftovers.leave
  /// Sent to the child when this process ends in whatever way; 0 for none. Programs that change their user or run a
  /// setuid file lose it.
  public var parentDeathSignal: Int32 = SIGKILL
  public var resourceLimits: [ResourceLimit] = []
  /// Added to the child's nice value.
  public var niceIncrement: Int32 = 0

  public init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String] = Environment.current,
    workingDirectory: String? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
  }
}

/// A bound that the kernel holds a process to: setrlimit(2).
public struct ResourceLimit: Sendable, Hashable {
  /// One of the `RLIMIT_` numbers.
  public let resource: Int32
  /// Soft and hard limit alike, in the resource's own unit; nil for none.
  public let value: UInt64?

  public init(resource: Int32, value: UInt64?) {
    self.resource = resource
    self.value = value
  }

  /// Address space, in bytes. Programs that map much more than they use fail early under it.
  public static func addressSpace(bytes: UInt64) -> Self { Self(resource: Int32(RLIMIT_AS.rawValue), value: bytes) }
  /// Processor time of one process, in seconds; SIGXCPU, then SIGKILL.
  public static func processorTime(seconds: UInt64) -> Self {
    Self(resource: Int32(RLIMIT_CPU.rawValue), value: seconds)
  }
  /// The largest file it may write, in bytes.
  public static func fileSize(bytes: UInt64) -> Self { Self(resource: Int32(RLIMIT_FSIZE.rawValue), value: bytes) }
  /// The number of descriptors it may hold open.
  public static func openFiles(_ count: UInt64) -> Self { Self(resource: Int32(RLIMIT_NOFILE.rawValue), value: count) }
  /// The size of a core dump, in bytes.
  public static func coreSize(bytes: UInt64) -> Self { Self(resource: Int32(RLIMIT_CORE.rawValue), value: bytes) }
}
