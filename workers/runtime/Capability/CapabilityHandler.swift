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

/// What a handler says of an attempt beyond its result files.
public struct AttemptProduct: Hashable, Codable, Sendable {
  /// The capability's own account of its work (points read, exit status, …); a JSON object.
  public let summary: JSONValue?
  /// A failure that still has a summary and results, such as a command's non-zero exit status.
  public let error: AttemptError?

  public init(summary: JSONValue? = nil, error: AttemptError? = nil) {
    self.summary = summary
    self.error = error
  }
}
