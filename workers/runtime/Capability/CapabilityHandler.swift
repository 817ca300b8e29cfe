public import StrataCore

/// The code of one capability: adapts a domain library to a job. Runs in a runner, a child process of the worker, so
/// that whatever goes wrong in it costs one attempt.
public protocol CapabilityHandler: Sendable {
  /// The definition, decoded from the data file beside the handler.
  var definition: Capability { get }

  /// Runs one attempt. Results are the files left in `context.outputFolder`.
  ///
  /// - Throws: the attempt's failure. Mark it retryable only if another try could end differently.
  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct
}

/// The code of a capability that a worker runs itself, without a runner: one that takes microseconds, touches no file, starts
/// nothing and cannot crash. There is nothing to stop of it, to measure beside or to keep within limits, so it has no
/// `AttemptContext`.
public protocol InlineHandler: CapabilityHandler {
  /// Runs one attempt, on the calling thread.
  ///
  /// - Throws: the attempt's failure.
  func run(_ parameters: Parameters) throws(AttemptError) -> AttemptProduct
}

extension InlineHandler {
  public func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    try run(context.parameters)
  }
}

/// What a handler says of an attempt beyond its result files.
public struct AttemptProduct: Hashable, Sendable {
  /// The capability's own account of its work (points read, exit status, …); a JSON object.
  public let summary: JSONValue?
  /// A failure that still has a summary and results, such as a command's non-zero exit status.
  public let error: AttemptError?

  public init(summary: JSONValue? = nil, error: AttemptError? = nil) {
    self.summary = summary
    self.error = error
  }
}
