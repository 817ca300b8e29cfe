@unsafe @preconcurrency import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A child process of a worker that runs attempts, one after the other.
///
/// It speaks with its worker over descriptor 3; what it prints is the attempt's log. It is the sub-reaper of whatever
/// an attempt starts, so nothing escapes it, and it ends all of it when the attempt ends. When its worker is gone it
/// ends its own descendants and itself: that is why its parent-death signal is SIGCONT (which wakes it should it have
/// been stopped) and not SIGKILL (which would orphan its grandchildren).
public enum Runner {
  /// The hidden subcommand of `strata` that calls `main`.
  public static let subcommand = "runner"
  /// The socket to the worker.
  package static let descriptor: Int32 = 3
  /// How long a runner without a worker may take to end its descendants before the kernel ends it.
  static let orphanSecondsMax: UInt32 = 5

  /// Serves attempts until the worker closes the connection; never returns.
  public static func main(handlers: [any CapabilityHandler]) -> Never {
    do throws(StrataError) {
      RunnerLoop(handlers: handlers, socket: try prepareProcess()).serve()
    } catch {
      writeFully(Array("strata runner: \(error)\n".utf8), to: STDERR_FILENO)
      _exit(1)
    }
    leave()
  }

  /// - Returns: the socket to the worker, which nothing that is started inherits.
  private static func prepareProcess() throws(StrataError) -> Descriptor {
    signal(SIGPIPE, SIG_IGN)
    unsafe setvbuf(stdout, nil, _IOLBF, 0)
    try Subreaper.enable()
    return try Descriptor(owning: descriptor).duplicate()
  }

  private static func leave() -> Never {
    alarm(orphanSecondsMax)
    Descendants.killAll()
    _exit(0)
  }
}

/// Reads requests on the process's first thread, and runs attempts on others.
final class RunnerLoop: Sendable {
  private let handlers: [String: any CapabilityHandler]
  private let socket: Descriptor
  private let current = Mutex<AttemptControl?>(nil)
  private let writing = Mutex<Void>(())

  init(handlers: [any CapabilityHandler], socket: Descriptor) {
    self.socket = socket
    self.handlers = Dictionary(handlers.map { ($0.definition.name, $0) }) { first, _ in first }
  }

  func serve() {
    send(.ready)
    var decoder = FrameDecoder()
    while let bytes = readSome() {
      decoder.append(bytes)
      do {
        while let body = try decoder.next() {
          handle(try RunnerRequest(body: body))
        }
      } catch {
        // The worker is of the same build; whatever this is, it cannot be answered.
        return
      }
    }
  }

  /// Nil when the worker is gone.
  private func readSome() -> ArraySlice<UInt8>? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let size = buffer.count
    while true {
      let count = unsafe Glibc.read(socket.raw, &buffer, size)
      if count > 0 { return buffer[..<count] }
      if count == 0 || errno != EINTR { return nil }
    }
  }

  private func handle(_ request: RunnerRequest) {
    switch request {
    case .run(let assignment): start(assignment)
    case .save(let signal):
      current.withLock { $0 }?.cancel()
      Descendants.tell(signal.number)
    case .stop:
      current.withLock { $0 }?.cancel()
      Descendants.tell(SIGTERM)
    }
  }

  private func start(_ assignment: Assignment) {
    let throttle = ProgressThrottle()
    let control = AttemptControl { fraction, stage in
      if throttle.admits(fraction, stage) { self.send(.progress(fraction: fraction, stage: stage)) }
    }
    current.withLock { $0 = control }
    Task.detached {
      let outcome = await self.attempt(assignment, control)
      self.current.withLock { $0 = nil }
      self.send(.outcome(outcome))
    }
  }

  private func attempt(_ assignment: Assignment, _ control: AttemptControl) async -> RunnerOutcome {
    let meter = RunnerMeter()
    let product = await self.product(of: assignment, control)
    let orphanPeakBytes = Descendants.killAll()
    fflush(nil)
    return meter.outcome(product, orphanPeakBytes: orphanPeakBytes)
  }

  private func product(of assignment: Assignment, _ control: AttemptControl) async -> AttemptProduct {
    do throws(AttemptError) {
      guard let handler = handlers[assignment.order.capability] else {
        throw .workerFault("this worker does not know the capability '\(assignment.order.capability)'")
      }
      let parameters = try Parameters(json: assignment.order.parametersJSON)
      let meter = AttemptMeter(handler, assignment.order)
      try meter.requireHeld(parameters, assignment.inputs)
      let product = try await handler.run(
        AttemptContext(assignment: assignment, parameters: parameters, control: control))
      return meter.checked(product)
    } catch {
      return AttemptProduct(error: error)
    }
  }

  private func send(_ reply: RunnerReply) {
    guard let frame = Self.frame(of: reply) else { return }
    writing.withLock { _ in
      // An attempt whose worker is gone is ended by the reading side.
      _ = writeFully(frame, to: socket.raw)
    }
  }

  /// A summary too large for a frame becomes the attempt's failure.
  private static func frame(of reply: RunnerReply) -> [UInt8]? {
    if let frame = try? reply.frame { return frame }
    guard case .outcome(let outcome) = reply else { return nil }
    let failure = AttemptError.outputTooLarge("the summary is over \(Frames.bodyBytesMax) bytes")
    return try? RunnerReply.outcome(
      RunnerOutcome(
        error: failure, cpuMicroseconds: outcome.cpuMicroseconds, memoryPeakBytes: outcome.memoryPeakBytes)
    ).frame
  }
}

extension PreemptionTerms.Signal {
  fileprivate var number: Int32 {
    switch self {
    case .terminate: SIGTERM
    case .user1: SIGUSR1
    }
  }
}
