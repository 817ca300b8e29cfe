import Glibc
public import StrataCore
public import StrataRuntime

/// A process that outlives the stack's parent by a moment, to end what the parent left behind.
///
/// It holds the reading end of a pipe whose only writing end is the parent's. When the parent ends, in whatever way,
/// the kernel closes that end; the sentinel then ends every process that carries the stack's mark
/// (`StackIdentity.environment`), and itself. A parent that stops in good order does the same by `stop`.
public final class Sentinel: Sendable {
  /// The hidden subcommand of the binary under which `run` must be called.
  public static let subcommand = "sentinel"
  /// How long processes may take to end after they were asked to.
  public static let graceStandard = Duration.seconds(10)

  /// How long it may take to end everything, with the standard grace, and some more for a busy machine.
  public static let endMax = graceStandard + Sweep.insistence + Sweep.killingMax + .seconds(10)

  private static let pipeNumber: Int32 = 3
  private static let lockNumber: Int32 = 4
  private let lifeline: Descriptor
  private let child: ChildProcess

  private init(lifeline: Descriptor, child: ChildProcess) {
    self.lifeline = lifeline
    self.child = child
  }

  /// Starts a sentinel for this process. Keep the result as long as the stack runs: letting go of it ends the stack.
  ///
  /// - Parameters:
  ///   - binary: a program that calls `run` when its first argument is `subcommand`; this one by default.
  ///   - lock: shared with the sentinel, so that nobody takes the folder before the sentinel has done its work.
  public static func start(
    binary: String = OwnProgram.path, identity: StackIdentity, grace: Duration = graceStandard,
    holding lock: DataDirectory.Lock? = nil
  ) async throws(StrataError) -> Sentinel {
    let (read, write) = try Descriptor.pipe()
    var specification = ProcessSpecification(binary, [subcommand, identity.value, "\(grace.milliseconds)"])
    specification.environment.removeValue(forKey: StackIdentity.variable)
    specification.workingDirectory = "/"
    specification.extraDescriptors = [pipeNumber: read]
    if let lock { specification.extraDescriptors[lockNumber] = lock.file }
    specification.startsNewSession = true
    specification.parentDeathSignal = 0
    return Sentinel(lifeline: write, child: try await ChildProcess.spawn(specification))
  }

  /// The number of the sentinel's process.
  public var pid: Int32 { child.pid }

  /// Lets it end whatever still carries the mark, and waits until it has. Safe to call twice.
  public func stop() async {
    lifeline.close()
    _ = await child.wait()
  }

  /// What the sentinel's process does: waits for the parent's end, then sweeps. Blocks; returns an exit code.
  ///
  /// - Parameter arguments: those after the subcommand.
  public static func run(arguments: [String]) -> Int32 {
    guard arguments.count == 2, let milliseconds = Int(arguments[1]), !arguments[0].isEmpty else { return 2 }
    // Whoever ends a whole group or service politely must not end the sentinel before its work.
    for name in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(name, SIG_IGN) }
    var byte: UInt8 = 0
    while true {
      let count = unsafe read(pipeNumber, &byte, 1)
      if count == 0 || (count < 0 && errno != EINTR) { break }
    }
    let sweep = Sweep(identity: StackIdentity(arguments[0]), grace: .milliseconds(milliseconds))
    return sweep.run() ? 0 : 1
  }
}
