/// Why a text is no trace in the standard workload format.
public struct WorkloadFormatError: Error, Hashable, Sendable {
  /// 1 for the first.
  public let line: Int
  public let reason: Reason

  public init(line: Int, reason: Reason) {
    self.line = line
    self.reason = reason
  }

  public enum Reason: Error, Hashable, Sendable {
    case lineTooLong
    case fieldCount(Int)
    /// The field's name and what was written there, cut short.
    case malformed(String, String)
    case outOfRange(String, String)
    /// A field that no job can do without.
    case missing(String)
    case tooManyJobs(Int)
  }
}

extension WorkloadFormatError: CustomStringConvertible {
  public var description: String { "line \(line): \(reason)" }
}

extension WorkloadFormatError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .lineTooLong: "it is longer than \(StandardWorkloadFormat.lineLengthMax) bytes"
    case .fieldCount(let count): "a job has \(WorkloadField.allCases.count) fields, not \(count)"
    case .malformed(let field, let text): "'\(text)' is no number for the field '\(field)'"
    case .outOfRange(let field, let text): "the field '\(field)' cannot be \(text); write -1 where it is not known"
    case .missing(let field): "the field '\(field)' must be known"
    case .tooManyJobs(let limit): "there are more than \(limit) jobs; cut the trace into parts"
    }
  }
}
