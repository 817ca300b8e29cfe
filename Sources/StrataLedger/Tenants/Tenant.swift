public import StrataCore

/// Who pays.
public struct Tenant: Hashable, Sendable {
  public let id: TenantID
  /// Unique.
  public let name: String
  /// The name of its plan.
  public let plan: String
  public let createdAt: Timestamp
  /// Whether its keys may see and change what all tenants have in common: the whole queue, the books.
  public let isOperator: Bool
  public let sharing: TenantSharing

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    id = try row.identifier()
    name = try row.text()
    plan = try row.text()
    createdAt = try row.timestamp()
    isOperator = try row.boolean()
    sharing = try TenantSharing(&row)
  }
}

/// An API key as it may be shown.
public struct APIKey: Hashable, Sendable {
  public let id: KeyID
  public let name: String
  /// The first characters of its secret.
  public let prefix: String
  public let createdAt: Timestamp
  public let revokedAt: Timestamp?

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    id = try row.identifier()
    name = try row.text()
    prefix = try row.text()
    createdAt = try row.timestamp()
    revokedAt = try row.optionalTimestamp()
  }
}

/// A key just made, with its secret, which is not kept and cannot be shown again.
public struct NewAPIKey: Hashable, Sendable {
  public let key: APIKey
  /// `sk_` and 256 random bits.
  public let secret: String

  public var id: KeyID { key.id }
}

/// Whom a secret stands for.
public struct Principal: Hashable, Sendable {
  public let tenant: TenantID
  public let key: KeyID
  public let tenantName: String
  public let plan: String
  /// Whether it may see and change what all tenants have in common.
  public let isOperator: Bool

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    tenant = try row.identifier()
    key = try row.identifier()
    tenantName = try row.text()
    plan = try row.text()
    isOperator = try row.boolean()
  }
}
