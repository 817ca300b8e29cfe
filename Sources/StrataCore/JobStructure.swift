/// How a job stands to others.
public struct JobStructure: Hashable, Codable, Sendable {
  /// The most jobs that one may wait for.
  public static let afterMax = 1_000

  /// Jobs of the same tenant that must have ended before this one may run. Only jobs that exist can be named, so no
  /// circle can be.
  public var after: [JobID]
  /// What becomes of it when one of those does not succeed.
  public var dependencyPolicy: DependencyPolicy

  public init(after: [JobID] = [], dependencyPolicy: DependencyPolicy = .fail) {
    self.after = after
    self.dependencyPolicy = dependencyPolicy
  }

  /// Whether it stands alone.
  public var isPlain: Bool { self == JobStructure() }
}

/// What becomes of a job when one that it waits for fails or is cancelled.
public enum DependencyPolicy: String, Codable, Sendable, CaseIterable {
  /// It fails, with `dependency_failed`.
  case fail
  /// It is cancelled, with `dependency_skipped`.
  case skip
  /// It runs all the same, once all have ended.
  case run
}
