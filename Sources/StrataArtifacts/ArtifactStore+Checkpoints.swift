import Glibc
public import StrataCore

/// What attempts that were handed back have saved for the next attempt of their job: `checkpoints/<job>/<token>/<file>`.
/// Unlike artifacts these are named by their jobs, and go with them.
extension ArtifactStore {
  /// A file that is to be kept, or was.
  public struct CheckpointFile: Hashable, Sendable {
    /// Without any folder.
    public let name: String
    public let path: String

    public init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// Keeps files for the next attempt of a job instead of what earlier ones kept; none, where there are none. All of them
  /// are kept or, where that fails, what was kept before.
  ///
  /// - Parameters:
  ///   - files: regular files that nobody writes to any more; they may be gone from where they are.
  ///   - token: of the attempt. What a later one has kept is left.
  /// - Throws: `artifactTooLarge` beyond `Limits.checkpointBytes`, `insufficientStorage`.
  public func keepCheckpoint(_ files: [CheckpointFile], of job: JobID, token: FencingToken) throws(StrataError) {
    let folder = checkpoints(of: job)
    let final = "\(folder)/\(Self.name(of: token))"
    if files.isEmpty { return try dropOlder(than: final, in: folder) }
    try requireRoom()
    try Folder.make(checkpointsFolder, mode: 0o700)
    try Folder.make(folder, mode: 0o700)
    let draft = final + ".part"
    do throws(StrataError) {
      try Self.remove(draft)
      try Folder.make(draft, mode: 0o700)
      try place(files, in: draft)
      guard unsafe rename(draft, final) == 0 else { throw .storage("keep the checkpoint of job \(job)") }
      try Folder.synchronize(folder)
    } catch {
      try? Self.remove(draft)
      throw error
    }
    try dropOlder(than: final, in: folder)
  }

  /// Copies what was last kept for an attempt of a job into a folder.
  public func restoreCheckpoint(of job: JobID, into target: String) throws(StrataError) {
    let kept = try Self.kept(in: checkpoints(of: job))
    guard let last = kept.max() else { return }
    for path in try Folder.entries(of: last) {
      try Self.copy(SourceFile(path), to: "\(target)/\(Self.lastPart(of: path))")
    }
  }

  /// Removes what was kept for jobs; that of those which have nothing costs one look for all.
  public func dropCheckpoints(of jobs: [JobID]) {
    guard unsafe access(checkpointsFolder, F_OK) == 0 else { return }
    for job in jobs { try? Self.remove(checkpoints(of: job)) }
  }

  /// The jobs for which anything is kept.
  public func jobsWithCheckpoints() throws(StrataError) -> [JobID] {
    guard unsafe access(checkpointsFolder, F_OK) == 0 else { return [] }
    return try Folder.entries(of: checkpointsFolder).compactMap { JobID(Self.lastPart(of: $0)) }
  }

  private var checkpointsFolder: String { root + "/checkpoints" }
  private func checkpoints(of job: JobID) -> String { "\(checkpointsFolder)/\(job)" }

  /// Names sort as tokens do.
  private static func name(of token: FencingToken) -> String {
    let digits = String(token.rawValue)
    return String(repeating: "0", count: 20 - digits.count) + digits
  }

  private static func lastPart(of path: String) -> String {
    String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...])
  }

  /// What is kept whole; nothing where there is no such folder.
  private static func kept(in folder: String) throws(StrataError) -> [String] {
    guard unsafe access(folder, F_OK) == 0 else { return [] }
    return try Folder.entries(of: folder).filter { !$0.hasSuffix(".part") }
  }

  private func place(_ files: [CheckpointFile], in folder: String) throws(StrataError) {
    var room = limits.checkpointBytes
    for file in files {
      let source = try SourceFile(file.path)
      let target = "\(folder)/\(file.name)"
      room -= source.size
      guard room >= 0 else {
        throw StrataError(
          .artifactTooLarge, "a checkpoint has more than the \(limits.checkpointBytes) bytes that are kept",
          remedy: "save less of the job's work")
      }
      // A file that lies on this file system and has no other name needs no copy.
      let isMoved = unsafe source.hasOneName && rename(file.path, target) == 0
      if !isMoved {
        try requireRoom(for: source.size)
        try Self.copy(source, to: target)
      } else {
        try source.synchronize()
      }
    }
    try Folder.synchronize(folder)
  }

  private static func copy(_ source: borrowing SourceFile, to target: String) throws(StrataError) {
    let descriptor = unsafe Glibc.open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .storage("make \(target)") }
    defer { close(descriptor) }
    unsafe try source.readAll { bytes throws(StrataError) in
      var rest = unsafe bytes
      while unsafe !rest.isEmpty {
        let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw .storage("write \(target)", errorNumber: count == 0 ? ENOSPC : errno) }
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
    guard fsync(descriptor) == 0 else { throw .storage("write \(target)") }
  }

  private func dropOlder(than path: String, in folder: String) throws(StrataError) {
    for other in try Self.kept(in: folder) where other < path { try Self.remove(other) }
    // Gone where it is empty.
    _ = unsafe rmdir(folder)
  }

  /// Removes a file, or a folder with what it holds; what is not there is as good as removed.
  private static func remove(_ path: String) throws(StrataError) {
    if unsafe unlink(path) == 0 || errno == ENOENT { return }
    for entry in try Folder.entries(of: path) { try remove(entry) }
    guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw .storage("remove \(path)") }
  }
}
