import Glibc
public import StrataCore

/// An artifact being written. Unless it is finished, nothing of it remains.
public struct ArtifactWriter: ~Copyable {
  private let store: ArtifactStore
  private let file: TemporaryFile
  private var hasher = SHA256Hasher()
  /// Bytes written so far.
  public private(set) var size = 0
  /// At how many bytes the room that is left is looked at next.
  private var nextCheck: Int

  init(_ store: ArtifactStore) throws(StrataError) {
    self.store = store
    nextCheck = store.limits.roomCheckBytes
    file = try TemporaryFile(root: store.root)
  }

  /// Appends `bytes`. After an error the artifact cannot be finished and should be dropped.
  public mutating func write(_ bytes: [UInt8]) throws(StrataError) {
    let result = unsafe bytes.withUnsafeBytes { bytes in
      Result { () throws(StrataError) in try unsafe write(bytes) }
    }
    try result.get()
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(StrataError) {
    guard bytes.count <= store.limits.artifactBytes - size else {
      throw .artifactTooLarge(limit: store.limits.artifactBytes)
    }
    try unsafe file.write(bytes)
    if size + bytes.count >= nextCheck {
      try store.requireRoom()
      nextCheck = size + bytes.count + store.limits.roomCheckBytes
    }
    unsafe hasher.update(bytes)
    size += bytes.count
  }

  /// Puts the artifact on the disk under its digest.
  public consuming func finish() throws(StrataError) -> Artifact {
    try file.seal()
    let artifact = Artifact(digest: hasher.finish(), size: size)
    guard try store.place(file.path, as: artifact.digest) else {
      throw .storage("place the artifact \(artifact.digest)", errorNumber: EXDEV)
    }
    return artifact
  }
}
