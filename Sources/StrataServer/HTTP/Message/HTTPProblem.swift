import StrataArtifacts
import StrataControl
public import StrataCore
import StrataLedger

extension HTTPResponse {
  /// A problem document (RFC 9457), `application/problem+json`, with `type` `about:blank` and a stable `code`.
  public static func problem(_ refusal: HTTPRefusal) -> HTTPResponse {
    var json = "{\"type\":\"about:blank\",\"title\":"
    json.appendJSON(refusal.status.reason)
    json += ",\"status\":\(refusal.status.rawValue),\"detail\":"
    json.appendJSON(refusal.detail)
    json += ",\"code\":"
    json.appendJSON(refusal.code)
    json += "}\n"
    var response = HTTPResponse(
      refusal.status, contentType: "application/problem+json", body: .bytes(Array(json.utf8)))
    if let pause = refusal.retryAfter {
      response.headers.append("retry-after", "\(Int(max(0, pause.seconds).rounded(.up)))")
    }
    return response
  }

  /// The problem document for whatever a handler threw. What is not meant for a client is told as `internal_error`.
  public static func problem(for error: any Error) -> HTTPResponse {
    switch error {
    case let refusal as HTTPRefusal: problem(refusal)
    case let error as StrataError: problem(HTTPRefusal(error))
    default:
      problem(HTTPRefusal(.internalServerError, "internal_error", "the server failed; its log says why"))
    }
  }
}

extension HTTPRefusal {
  /// - Parameter error: its description is told to the client, its cause is not.
  public init(_ error: StrataError) {
    self.init(
      Self.statuses[error.code] ?? .internalServerError, error.code.rawValue, error.description,
      retryAfter: error.retryAfter)
  }

  private static let statuses: [StrataError.Code: HTTPStatus] = [
    .invalidInput: .badRequest, .notFound: .notFound, .unauthorized: .unauthorized,
    .budgetExceeded: .paymentRequired, .unsatisfiable: .unprocessableContent, .conflict: .conflict,
    .limitExceeded: .tooManyRequests, .unavailable: .serviceUnavailable, .timeout: .gatewayTimeout,
    .cancelled: .conflict, .artifactTooLarge: .contentTooLarge, .insufficientStorage: .insufficientStorage,
    .unknownDependency: .unprocessableContent, .unknownBatch: .unprocessableContent, .notUnique: .conflict,
    .unknownArtifact: .unprocessableContent, .invalidName: .unprocessableContent,
    .invalidBody: .unprocessableContent, .queueFull: .serviceUnavailable, .tooManyWaiting: .tooManyRequests,
  ]
}

extension String {
  /// Appends `text` as a JSON string (RFC 8259, section 7).
  mutating func appendJSON(_ text: String) {
    append("\"")
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": append("\\\(scalar)")
      case "\n": append("\\n")
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
      default: unicodeScalars.append(scalar)
      }
    }
    append("\"")
  }
}
