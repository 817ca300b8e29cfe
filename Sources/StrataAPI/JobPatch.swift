/// What is to be changed of an unfinished job: the body of `PATCH /v1/jobs/{id}`.
public struct JobPatch: Hashable, Codable, Sendable {
  /// 0…100: among the jobs of its tenant higher ones go first.
  public var priority: Int

  public init(priority: Int) { self.priority = priority }

  enum CodingKeys: String, CodingKey, CaseIterable { case priority }

  public static var members: [String: [String]] { ["": CodingKeys.allCases.map(\.rawValue)] }
}
