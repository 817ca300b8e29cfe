/// What a pipeline did: the content of its `summary.json`.
public protocol PipelineSummary: Encodable, Sendable {
  /// Points that were worked on: those of all inputs, less those of tiles that parts had finished.
  var pointsWorked: Int { get }
  /// What was odd and was worked around.
  var warnings: [String] { get }
}

extension PipelineSummary {
  /// The summary as JSON, keys in order, with a newline at its end.
  public func json() throws(PointCloudError) -> [UInt8] { try summaryJSON(self) }
}
