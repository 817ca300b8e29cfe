/// When a waiting job will start: a part of `GET /v1/jobs/{id}/explain`.
public struct StartView: Hashable, Codable, Sendable {
  public enum State: String, Hashable, Codable, Sendable {
    /// A worker has room for it: it starts as soon as that asks.
    case now
    /// It will start between two instants, with the probability `confidence`.
    case expected
    /// Nothing can be said; `code` and `message` say why.
    case unknown
  }

  public let state: State
  /// As likely too early as too late.
  public let expectedAt: String?
  public let earliestAt: String?
  public let latestAt: String?
  /// 0 to 1.
  public let confidence: Double?
  /// A stable name: why nothing can be said, or why what is said is a rough guess.
  public let code: String?
  /// The same, as a part of a sentence.
  public let message: String?

  public init(
    state: State, expectedAt: String? = nil, earliestAt: String? = nil, latestAt: String? = nil,
    confidence: Double? = nil, code: String? = nil, message: String? = nil
  ) {
    self.state = state
    self.expectedAt = expectedAt
    self.earliestAt = earliestAt
    self.latestAt = latestAt
    self.confidence = confidence
    self.code = code
    self.message = message
  }

  enum CodingKeys: String, CodingKey {
    case state, confidence, code, message
    case expectedAt = "expected_at"
    case earliestAt = "earliest_at"
    case latestAt = "latest_at"
  }
}
