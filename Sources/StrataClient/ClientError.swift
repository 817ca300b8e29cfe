public import StrataCore

/// Why a request brought no answer that could be used.
public enum ClientError: Error, Sendable {
  /// Nobody answers at the endpoint.
  case cannotConnect(ClientEndpoint, reason: String)
  /// The server refused, and said why.
  case refused(ProblemDetails)
  /// The connection broke, or the server did not speak HTTP.
  case broken(ClientEndpoint, reason: String)
  case timedOut(ClientEndpoint)
  case cancelled
  /// What lies on this side: a file that cannot be read or written, an answer that cannot be decoded.
  case local(StrataError)
}

extension ClientError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotConnect(let endpoint, let reason):
      "could not reach the server at \(endpoint): \(reason); see whether it runs"
    case .refused(let problem): problem.description
    case .broken(let endpoint, let reason): "the conversation with \(endpoint) broke off: \(reason)"
    case .timedOut(let endpoint): "the server at \(endpoint) did not answer in time"
    case .cancelled: "the request was cancelled"
    case .local(let error): error.description
    }
  }
}
