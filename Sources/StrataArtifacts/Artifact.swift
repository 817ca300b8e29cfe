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

  /// The digest of a file's content, which is read through once.
  ///
  /// - Throws: `storage` where it cannot be read; `invalidInput` for what is no regular file, such as a symbolic link.
  public init(hashingFileAt path: String) throws(StrataError) {
    let source = try SourceFile(path)
    var hasher = SHA256Hasher()
    unsafe try source.readAll { bytes throws(StrataError) in unsafe hasher.update(bytes) }
    self = hasher.finish()
  }
}
