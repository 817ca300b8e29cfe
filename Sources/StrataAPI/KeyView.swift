public import StrataCore

/// An API key as `GET /v1/keys` shows it. Times are RFC 3339 in UTC.
public struct KeyView: Hashable, Codable, Sendable {
  public let id: KeyID
  public let name: String
  /// The first characters of its secret, so that a person can tell keys apart.
  public let prefix: String
  public let createdAt: String
  /// Absent while it is valid.
  public let revokedAt: String?
  /// Whether it is the one that this was asked with.
  public let isCurrent: Bool
  /// In the answer that made it, and nowhere else.
  public var secret: String?

  public init(
    id: KeyID, name: String, prefix: String, createdAt: String, revokedAt: String?, isCurrent: Bool,
    secret: String? = nil
  ) {
    self.id = id
    self.name = name
    self.prefix = prefix
    self.createdAt = createdAt
    self.revokedAt = revokedAt
    self.isCurrent = isCurrent
    self.secret = secret
  }

  enum CodingKeys: String, CodingKey {
    case id, name, prefix, secret
    case createdAt = "created_at"
    case revokedAt = "revoked_at"
    case isCurrent = "current"
  }
}

/// The body of `POST /v1/keys`.
public struct KeyRequest: Hashable, Codable, Sendable {
  /// What its owner calls it; names may repeat.
  public let name: String

  public init(name: String) { self.name = name }

  /// As `JobRequest.members`.
  public static var members: [String: [String]] { ["": ["name"]] }
}
