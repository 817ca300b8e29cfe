import CLinux
import Glibc
public import StrataCore

/// Signals sent to this process.
public enum Signals {
  /// Someone wants this process to end.
  public struct TerminationRequest: Sendable, Hashable {
    /// SIGINT (Ctrl-C), SIGTERM, SIGHUP, or another that was asked for.
    public let signal: Int32
    /// 1 for the first; a second one usually means: at once.
    public let count: Int

    package init(signal: Int32, count: Int) {
      self.signal = signal
      self.count = count
    }
  }

  /// Requests from now on, in place of the signals' default effect; each is heard, however many threads there are.
  ///
  /// A SIGHUP or SIGINT that this process was started to ignore stays ignored: whoever started it so (`nohup`, or a
  /// shell without job control for what it puts into the background) wants it to outlive the terminal and its Ctrl-C.
  /// SIGTERM is always heard.
  ///
  /// Call once in a process's life: a later call takes the requests over.
  ///
  /// - Parameter others: signals that are heard, too, such as SIGQUIT.
  public static func terminationRequests(
    also others: [Int32] = []
  ) throws(StrataError) -> AsyncStream<TerminationRequest> {
    let (read, write) = try Descriptor.pipe()
    try read.makeNonblocking()
    try write.makeNonblocking()
    // The handler uses the number for as long as the process lives.
    let number = write.release()
    for signal in [SIGINT, SIGTERM, SIGHUP] + others where signal == SIGTERM || !isIgnored(signal) {
      guard strata_report_signal(signal, number) == 0 else { throw .system("handle signal \(signal)") }
    }
    return stream(from: read)
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func stream(from pipe: Descriptor) -> AsyncStream<TerminationRequest> {
    let (stream, continuation) = AsyncStream.makeStream(of: TerminationRequest.self)
    let reader = Task {
      var count = 0
      while let bytes = try? await pipe.read(), !bytes.isEmpty {
        for byte in bytes {
          count += 1
          continuation.yield(TerminationRequest(signal: Int32(byte), count: count))
        }
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in reader.cancel() }
    return stream
  }

  /// Makes a write to a closed pipe or socket an error of that write, not the end of the process. Call at the start.
  public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
