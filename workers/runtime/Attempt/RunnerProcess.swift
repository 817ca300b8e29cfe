import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A runner as its worker holds it: the process, the socket to it, and the pipe that is its log.
final class RunnerProcess: Sendable {
  let cores: Int
  let child: ChildProcess
  /// The runner's standard output and error, shared by all that it starts.
  let log: Descriptor
  private let reading: Descriptor
  private let writing: Descriptor
  private let state = Mutex(State())

  private struct State {
    var decoder = FrameDecoder()
    var attempts = 0
  }

  private init(cores: Int, child: ChildProcess, log: Descriptor, socket: Descriptor) throws(StrataError) {
    self.cores = cores
    self.child = child
    self.log = log
    reading = socket
    writing = try socket.duplicate()
  }

  /// Starts a runner whose numerical libraries use `cores` threads, and waits until it is ready.
  static func start(_ command: RunnerCommand, cores: Int) async throws(StrataError) -> RunnerProcess {
    let (ours, theirs) = try Descriptor.socketPair()
    let (logReading, logWriting) = try Descriptor.pipe()
    try ours.makeNonblocking()
    try logReading.makeNonblocking()
    var specification = ProcessSpecification(
      command.executable, command.arguments,
      environment: RunnerEnvironment.make(from: Environment.current, cores: cores))
    specification.standardOutput = .descriptor(logWriting)
    specification.standardError = .descriptor(logWriting)
    specification.extraDescriptors = [Runner.descriptor: theirs]
    specification.startsNewSession = true
    // `Runner` says why.
    specification.parentDeathSignal = SIGCONT
    specification.resourceLimits = [.coreSize(bytes: 0)]
    let child = try await ChildProcess.spawn(specification)
    theirs.close()
    let runner = try RunnerProcess(cores: cores, child: child, log: logReading, socket: ours)
    guard await runner.nextReply() == .ready else { throw await runner.startFailure() }
    return runner
  }

  private func startFailure() async -> StrataError {
    await end()
    let words = (try? await log.readToEnd(bytesMax: 4_096)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return StrataError(
      .internalError, "the runner '\(child.executable)' did not start: it ended with \(exitInWords); it said: \(words)")
  }

  var exitInWords: String { child.exit.map { "\($0.status)" } ?? "no exit" }

  /// Attempts it has been given.
  var attempts: Int { state.withLock { $0.attempts } }
  var isAlive: Bool { child.exit == nil }

  func send(_ request: RunnerRequest) async throws {
    if case .run = request { state.withLock { $0.attempts += 1 } }
    try await writing.write(MessageCoding.frame(request))
  }

  /// The next message; nil when there will be none: the runner is gone, or sends what cannot be read.
  func nextReply() async -> RunnerReply? {
    do {
      while true {
        if let body = try state.withLock({ state throws(FrameError) in try state.decoder.next() }) {
          return try MessageCoding.read(RunnerReply.self, from: body)
        }
        let bytes = try await reading.read()
        if bytes.isEmpty { return nil }
        state.withLock { $0.decoder.append(bytes) }
      }
    } catch {
      return nil
    }
  }

  /// What is in the log pipe right now.
  func drainLog(_ take: ([UInt8]) -> Void) async {
    while log.isReadable, let bytes = try? await log.read(), !bytes.isEmpty { take(bytes) }
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
