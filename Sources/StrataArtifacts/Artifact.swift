public import StrataCore

/// A stored artifact.
public struct Artifact: Hashable, Sendable {
  public let digest: ArtifactDigest
  /// In bytes.
  public let size: Int

  public init(digest: ArtifactDigest, size: Int) {
    self.digest = digest
    self.size = size
  }
}
