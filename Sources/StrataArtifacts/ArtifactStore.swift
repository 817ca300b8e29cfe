import Glibc
public import StrataCore

/// Files named by their content, in a folder: `sha256/ab/cdef…` for content whose SHA-256 begins with `abcdef`.
///
/// An artifact is there whole or not at all, and is on the disk before its digest is returned. Equal content is kept
/// once. Several processes may use one folder. Every call blocks on the disk, so none belongs on an event loop, nor on
/// the threads that all tasks share, except `put(stream:on:)`, which leaves them by itself.
public final class ArtifactStore: Sendable {
  public struct Limits: Sendable {
    /// Of one artifact, in bytes. 16 GiB.
    public var artifactBytes = 16 << 30
    /// What is left free on the file system, in bytes, unless `reserveShare` is less: below it nothing is taken. 1 GiB.
    public var reserveBytes = 1 << 30
    /// The same as a share of the file system, 0 to 1. 2 %.
    public var reserveShare = 0.02
    /// Bytes written of one artifact between two looks at the room that is left. Writers together may pass into the
    /// reserve by so much each.
    public var roomCheckBytes = 1 << 20
    /// Of what an attempt saves for the next one of its job, in bytes: half of what it may write at all. 4 GiB.
    public var checkpointBytes = 4 << 30
    /// Of what is kept for all jobs of a tenant that were preempted and have not ended, in bytes: as much as eight of the
    /// largest, so that one tenant's leave room for the others'. 32 GiB.
    public var tenantCheckpointBytes = 32 << 30
    public init() {}
  }

  public let root: String
  public let limits: Limits

  /// Opens the store at `root`, making it with mode 0700 if it is not there, and removes what interrupted writes left.
  public init(root: String, limits: Limits = Limits()) throws(StrataError) {
    self.root = root
    self.limits = limits
    try Folder.make(root, mode: 0o700)
    try Folder.make(root + "/sha256")
    try Folder.make(TemporaryFile.folder(in: root))
    try TemporaryFile.sweep(root)
  }

  // MARK: Putting

  /// Begins an artifact that is written piece by piece. What is not finished leaves nothing behind.
  public func write() throws(StrataError) -> ArtifactWriter {
    try requireRoom()
    return try ArtifactWriter(self)
  }

  public func put(_ bytes: [UInt8]) throws(StrataError) -> Artifact {
    try requireRoom(for: bytes.count)
    var writer = try write()
    try writer.write(bytes)
    return try writer.finish()
  }

  /// Puts what a sequence brings, such as a request's body.
  ///
  /// - Parameter threads: where the writing happens, and blocks.
  public func put<Chunks: AsyncSequence & Sendable>(
    stream chunks: Chunks, on threads: any TaskExecutor
  ) async throws -> Artifact
  where Chunks.Element == [UInt8] {
    try await withTaskExecutorPreference(threads) {
      var writer = try self.write()
      for try await bytes in chunks { try writer.write(bytes) }
      return try writer.finish()
    }
  }

  /// Puts the regular file at `path`; a symbolic link is refused.
  ///
  /// - Parameter mayConsume: whether the file may become the artifact. It is then gone from `path`, and nobody may be
  ///   writing to it.
  public func put(contentsOf path: String, mayConsume: Bool = false) throws(StrataError) -> Artifact {
    let source = try SourceFile(path)
    guard source.size <= limits.artifactBytes else { throw .artifactTooLarge(limit: limits.artifactBytes) }
    // Where the file itself becomes the artifact it takes no room, but what touches the reserve may not stay either.
    try requireRoom()
    if mayConsume, let artifact = try adopt(source) { return artifact }
    try requireRoom(for: source.size)
    var writer = try write()
    unsafe try source.readAll { bytes throws(StrataError) in try unsafe writer.write(bytes) }
    let artifact = try writer.finish()
    if mayConsume { unsafe unlink(path) }
    return artifact
  }

  /// Makes the file itself the artifact. Nil if that cannot be: it lies on another file system, or has another name.
  private func adopt(_ source: borrowing SourceFile) throws(StrataError) -> Artifact? {
    guard source.hasOneName else { return nil }
    var hasher = SHA256Hasher()
    unsafe try source.readAll { bytes throws(StrataError) in unsafe hasher.update(bytes) }
    let artifact = Artifact(digest: hasher.finish(), size: source.size)
    try source.seal()
    return try place(source.path, as: artifact.digest) ? artifact : nil
  }

  /// Gives a complete file, already on the disk, its final name, or removes it if its content is here already.
  ///
  /// - Returns: false, with nothing changed, if the file lies on another file system than the store.
  func place(_ path: String, as digest: ArtifactDigest) throws(StrataError) -> Bool {
    let (folder, final) = location(of: digest)
    try Folder.make(folder)
    // Never over an artifact that is there: somebody may have it open by its inode, and it may be linked elsewhere.
    if unsafe link(path, final) != 0, errno != EEXIST {
      guard errno == EXDEV else { throw .storage("place the artifact \(digest)") }
      return false
    }
    unsafe unlink(path)
    try Folder.synchronize(folder)
    return true
  }

  // MARK: Getting

  /// The path of the artifact's file, which is not to be written to.
  public func path(of digest: ArtifactDigest) throws(StrataError) -> String {
    let path = location(of: digest).file
    guard unsafe access(path, F_OK) == 0 else { throw .artifactMissing(digest) }
    return path
  }

  /// In bytes; nil if the artifact is not here.
  public func size(of digest: ArtifactDigest) -> Int? { file(of: digest)?.size }

  /// The artifact's file, which is not to be written to, and its size in bytes; nil if the artifact is not here.
  public func file(of digest: ArtifactDigest) -> (path: String, size: Int)? {
    let path = location(of: digest).file
    var status = stat()
    return unsafe stat(path, &status) == 0 ? (path, Int(status.st_size)) : nil
  }

  /// Opens the artifact for reading; the caller closes the descriptor. It stays readable if the artifact is deleted.
  public func open(_ digest: ArtifactDigest) throws(StrataError) -> Int32 {
    let descriptor = unsafe Glibc.open(location(of: digest).file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .artifactMissing(digest) : .storage("open the artifact \(digest)")
    }
    return descriptor
  }

  /// - Returns: false if the artifact was not here.
  @discardableResult
  public func delete(_ digest: ArtifactDigest) throws(StrataError) -> Bool {
    if unsafe unlink(location(of: digest).file) == 0 { return true }
    guard errno == ENOENT else { throw .storage("delete the artifact \(digest)") }
    return false
  }

  private func location(of digest: ArtifactDigest) -> (folder: String, file: String) {
    let folder = "\(root)/sha256/\(digest.hexadecimal.prefix(2))"
    return (folder, "\(folder)/\(digest.hexadecimal.dropFirst(2))")
  }
}
