import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A runner as its worker holds it: the process, the link to it, and its log.
final class RunnerProcess: Sendable {
  let cores: Int
  let child: ChildProcess
  let link: RunnerLink
  let log: RunnerLog
  private let given = Atomic<Int>(0)

  private init(cores: Int, child: ChildProcess, link: RunnerLink, log: RunnerLog) {
    self.cores = cores
    self.child = child
    self.link = link
    self.log = log
  }

  /// Starts a runner whose numerical libraries use `cores` threads, and waits until it is ready.
  static func start(_ command: RunnerCommand, cores: Int) async throws(StrataError) -> RunnerProcess {
    let (ours, theirs) = try Descriptor.socketPair()
    let (logReading, logWriting) = try Descriptor.pipe()
    try ours.makeNonblocking()
    try logReading.makeNonblocking()
    let child = try await ChildProcess.spawn(specification(command, cores, socket: theirs, log: logWriting))
    theirs.close()
    logWriting.close()
    let words = Mutex<[UInt8]>([])
    let log = RunnerLog(logReading)
    log.attach { bytes in words.withLock { $0 += bytes.prefix(startWordsMax - $0.count) } }
    let (replies, first) = AsyncStream.makeStream(of: RunnerReply?.self)
    let link = try RunnerLink(ours) { first.yield($0) }
    let runner = RunnerProcess(cores: cores, child: child, link: link, log: log)
    guard case .ready?? = await replies.first(where: { _ in true }) else {
      throw await runner.startFailure { words.withLock { String(decoding: $0, as: UTF8.self) } }
    }
    link.listen(nil)
    log.detach()
    return runner
  }

  /// Of what a runner says while it starts, should it fail.
  private static let startWordsMax = 4_096

  private static func specification(
    _ command: RunnerCommand, _ cores: Int, socket: Descriptor, log: Descriptor
  ) -> ProcessSpecification {
    var specification = ProcessSpecification(
      command.executable, command.arguments,
      environment: RunnerEnvironment.make(from: Environment.current, cores: cores))
    specification.standardOutput = .descriptor(log)
    specification.standardError = .descriptor(log)
    specification.extraDescriptors = [Runner.descriptor: socket]
    specification.startsNewSession = true
    // `Runner` says why.
    specification.parentDeathSignal = SIGCONT
    specification.resourceLimits = [.coreSize(bytes: 0)]
    return specification
  }

  private func startFailure(_ words: () -> String) async -> StrataError {
    await end()
    log.detach()
    return StrataError(
      .internalError,
      "the runner '\(child.executable)' did not start: it ended with \(exitInWords); it said: \(words())")
  }

  var exitInWords: String { child.exit.map { "\($0.status)" } ?? "no exit" }

  /// Attempts it has been given.
  var attempts: Int { given.load(ordering: .relaxed) }
  var isAlive: Bool { child.exit == nil }

  func send(_ request: RunnerRequest) async throws {
    if case .run = request { given.add(1, ordering: .relaxed) }
    try await link.send(request)
  }

  /// Ends an idle runner, which has no descendants.
  func end() async {
    child.signal(SIGKILL)
    _ = await child.wait()
  }

  /// Ends the runner and all its descendants. It is stopped first, so that it starts and reaps nothing more: then the
  /// reading taken of its dead descendants misses nothing.
  ///
  /// - Returns: what the tree had used in its life.
  func kill() async -> ProcessTree.Reading {
    child.signal(SIGSTOP)
    await ProcessTree.killAll(below: child.pid)
    let reading = ProcessTree.reading(of: child.pid)
    child.signal(SIGKILL)
    _ = await child.wait()
    return reading
  }
}
