/// How a job stands to others.
public struct JobStructure: Hashable, Codable, Sendable {
  /// The most jobs that one may wait for.
  public static let afterMax = 1_000

  /// Jobs of the same tenant that must have ended before this one may run. Only jobs that exist can be named, so no
  /// circle can be.
  public var after: [JobID]
  /// What becomes of it when one of those does not succeed.
  public var dependencyPolicy: DependencyPolicy
  /// The open batch of the same tenant that it belongs to.
  public var batch: BatchID?
  /// What no other job of the tenant may have at the same time.
  public var unique: UniqueKey?
  /// The ended job that this one does again.
  public var retryOf: JobID?

  public init(
    after: [JobID] = [], dependencyPolicy: DependencyPolicy = .fail, batch: BatchID? = nil, unique: UniqueKey? = nil,
    retryOf: JobID? = nil
  ) {
    self.after = after
    self.dependencyPolicy = dependencyPolicy
    self.batch = batch
    self.unique = unique
    self.retryOf = retryOf
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

/// A name that one job of a tenant holds at a time.
public struct UniqueKey: Hashable, Codable, Sendable {
  /// Bytes of a key.
  public static let bytesMax = 255
  /// The longest that a key may be held after acceptance: a year.
  public static let secondsMax: Int64 = 31_536_000

  /// What becomes of a job whose key another holds.
  public enum Conflict: String, Codable, Sendable, CaseIterable {
    /// The other one is the answer.
    case existing
    /// It is refused.
    case refuse
  }

  public var key: String
  /// How long from its acceptance the job holds the key, whether or not it has ended; nil: until it has ended.
  public var seconds: Int64?
  public var onConflict: Conflict

  public init(_ key: String, seconds: Int64? = nil, onConflict: Conflict = .existing) {
    self.key = key
    self.seconds = seconds
    self.onConflict = onConflict
  }
}

public enum BatchTag: Sendable {}
/// A group of jobs that is watched as one.
public typealias BatchID = Identifier<BatchTag>
