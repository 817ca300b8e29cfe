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

extension ArtifactDigest {
  /// The digest of `bytes`, which are all in memory.
  public init(hashing bytes: [UInt8]) {
    var hasher = SHA256Hasher()
    unsafe bytes.withUnsafeBytes { unsafe hasher.update($0) }
    self = hasher.finish()
  }
}
