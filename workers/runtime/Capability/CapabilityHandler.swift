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

/// The code of a capability whose definition has a meter: its work is counted, and paid for by that.
public protocol MeteredHandler: CapabilityHandler {
  /// How many units a job comes to, as far as its parameters and the beginnings of its inputs tell; nil where they do not. What it counts in
  /// the end (`AttemptProduct.units`) is never more.
  ///
  /// Asked before a job is accepted, and before an attempt begins.
  ///
  /// - Parameter awaited: names, or patterns of names (`*.tiles`), of further inputs, which other jobs are yet to make.
  func bound(_ parameters: Parameters, _ inputs: [InputFile], awaited: [String]) -> UnitBound?
}

/// The most units that a job comes to.
public struct UnitBound: Hashable, Sendable {
  public let most: Int64
  /// Whether it comes to no fewer.
  public let isExact: Bool

  public init(_ most: Int64, isExact: Bool) { (self.most, self.isExact) = (most, isExact) }
}

/// What a handler says of an attempt beyond its result files.
public struct AttemptProduct: Hashable, Sendable {
  /// The capability's own account of its work (points read, exit status, …); a JSON object.
  public let summary: JSONValue?
  /// A failure that still has a summary and results, such as a command's non-zero exit status.
  public let error: AttemptError?
  /// What was worked on, in units of the capability's meter; nil where there is none.
  public let units: Int64?

  public init(summary: JSONValue? = nil, error: AttemptError? = nil, units: Int64? = nil) {
    self.summary = summary
    self.error = error
    self.units = units
  }
}
