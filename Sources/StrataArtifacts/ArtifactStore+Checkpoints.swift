import Glibc
public import StrataCore

/// What attempts that were handed back have saved for the next attempt of their job:
/// `checkpoints/<tenant>/<job>/<token>.<bytes>/<file>`. Unlike artifacts these are named by their jobs, and go with them.
/// What is being kept has `.part` behind its name, and counts with the bytes that are to come.
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
  /// - Throws: `artifactTooLarge` beyond `Limits.checkpointBytes`, `limitExceeded` beyond `Limits.tenantCheckpointBytes`,
  ///   `insufficientStorage`.
  /// - Complexity: beside the files, one look at each job of the tenant for which anything is kept.
  public func keepCheckpoint(
    _ files: [CheckpointFile], of job: JobID, tenant: TenantID, token: FencingToken
  ) throws(StrataError) {
    let folder = checkpoints(of: job, tenant)
    if files.isEmpty { return try dropOlder(than: "\(folder)/\(Self.name(of: token))", in: folder) }
    let bytes = try size(of: files)
    let final = "\(folder)/\(Self.name(of: token)).\(bytes)"
    try requireRoom()
    for path in [checkpointsFolder, checkpoints(of: tenant), folder] { try Folder.make(path, mode: 0o700) }
    let draft = final + Self.partSuffix
    do throws(StrataError) {
      try Self.remove(draft)
      // From here on it counts, also for others who keep something at this moment.
      try Folder.make(draft, mode: 0o700)
      try requireAllowance(of: tenant, for: job, bytes)
      try place(files, in: draft)
      guard unsafe rename(draft, final) == 0 else { throw .storage("keep the checkpoint of job \(job)") }
      try Folder.synchronize(folder)
    } catch {
      try? Self.remove(draft)
      // Gone where it is empty.
      _ = unsafe rmdir(folder)
      throw error
    }
    try dropOlder(than: final, in: folder)
  }

  /// Copies what was last kept for an attempt of a job into a folder.
  public func restoreCheckpoint(of job: JobID, tenant: TenantID, into target: String) throws(StrataError) {
    let kept = try Self.kept(in: checkpoints(of: job, tenant)).filter { !$0.hasSuffix(Self.partSuffix) }
    guard let last = kept.max() else { return }
    for path in try Folder.entries(of: last) {
      try Self.copy(SourceFile(path), to: "\(target)/\(Self.lastPart(of: path))")
    }
  }

  /// Removes what was kept for jobs; that of those which have nothing costs one look for each tenant who ever had.
  public func dropCheckpoints(of jobs: [JobID]) {
    for tenant in (try? Self.kept(in: checkpointsFolder)) ?? [] {
      for job in jobs { try? Self.remove("\(tenant)/\(job)") }
    }
  }

  /// The jobs for which anything is kept.
  public func jobsWithCheckpoints() throws(StrataError) -> [JobID] {
    var jobs: [JobID] = []
    for tenant in try Self.kept(in: checkpointsFolder) {
      jobs += try Folder.entries(of: tenant).compactMap { JobID(Self.lastPart(of: $0)) }
    }
    return jobs
  }

  private static let partSuffix = ".part"
  private var checkpointsFolder: String { root + "/checkpoints" }
  private func checkpoints(of tenant: TenantID) -> String { "\(checkpointsFolder)/\(tenant)" }
  private func checkpoints(of job: JobID, _ tenant: TenantID) -> String { "\(checkpoints(of: tenant))/\(job)" }

  // MARK: What a tenant may have

  /// Where two keep something at once, both may be refused, but never are both taken that are too much together.
  private func requireAllowance(of tenant: TenantID, for job: JobID, _ bytes: Int) throws(StrataError) {
    let own = checkpoints(of: job, tenant)
    var taken = 0
    for folder in try Folder.entries(of: checkpoints(of: tenant)) where folder != own {
      for kept in (try? Self.kept(in: folder)) ?? [] { taken += Self.bytes(in: kept) }
    }
    guard bytes > limits.tenantCheckpointBytes - taken else { return }
    throw StrataError(
      .limitExceeded,
      "what jobs of this tenant save may have \(limits.tenantCheckpointBytes) bytes in all; others have \(taken), and"
        + " \(bytes) more are too many",
      remedy: "save less, or let others that were preempted end first")
  }

  /// By its name; 0 for what this program did not name.
  private static func bytes(in path: String) -> Int {
    let parts = lastPart(of: path).split(separator: ".")
    return parts.count > 1 ? Int(parts[1]) ?? 0 : 0
  }

  private func size(of files: [CheckpointFile]) throws(StrataError) -> Int {
    var bytes = 0
    for file in files {
      bytes += try SourceFile(file.path).size
      guard bytes <= limits.checkpointBytes else {
        throw StrataError(
          .artifactTooLarge, "a checkpoint has more than the \(limits.checkpointBytes) bytes that are kept",
          remedy: "save less of the job's work")
      }
    }
    return bytes
  }

  /// Names sort as tokens do.
  private static func name(of token: FencingToken) -> String {
    let digits = String(token.rawValue)
    return String(repeating: "0", count: 20 - digits.count) + digits
  }

  private static func lastPart(of path: String) -> String {
    String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...])
  }

  /// What a folder holds; nothing where there is no such folder.
  private static func kept(in folder: String) throws(StrataError) -> [String] {
    guard unsafe access(folder, F_OK) == 0 else { return [] }
    return try Folder.entries(of: folder)
  }

  private func place(_ files: [CheckpointFile], in folder: String) throws(StrataError) {
    for file in files {
      let source = try SourceFile(file.path)
      let target = "\(folder)/\(file.name)"
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
    // Also what one was about to keep that fell.
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
