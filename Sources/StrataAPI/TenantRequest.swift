/// The body of `POST /v1/tenants`.
public struct TenantRequest: Hashable, Codable, Sendable {
  /// Unique: letters, digits, `.`, `_` and `-`.
  public let name: String
  /// The name of its plan, written likewise; `local` unless said.
  public let plan: String?
  /// What it may spend, in millionths of a credit; nothing unless said.
  public let grantMicrocredits: Int64?

  public init(name: String, plan: String? = nil, grantMicrocredits: Int64? = nil) {
    self.name = name
    self.plan = plan
    self.grantMicrocredits = grantMicrocredits
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, plan
    case grantMicrocredits = "grant_microcredits"
  }

  /// As `JobRequest.members`.
  public static var members: [String: [String]] { ["": CodingKeys.allCases.map(\.rawValue)] }
}
