import Glibc
public import StrataCore
import StrataRuntime

/// A worker's own folder beside those of other workers of this machine. It holds a lock for as long as it lives, so that
/// others can tell its folder from one that a killed worker left.
public final class WorkerFolder: Sendable {
  public let path: String
  /// For `WorkerConfiguration.folder`.
  public var attempts: String { "\(path)/attempts" }
  private let parent: String
  private let lock: Descriptor

  /// Makes the folder and locks it.
  ///
  /// - Parameter parent: holds the folders of workers and nothing else.
  public init(of id: WorkerID, in parent: String) throws(StrataError) {
    self.parent = parent
    path = "\(parent)/\(id)"
    try FileTree.make(parent)
    // Between the making and the locking nobody may take it for an abandoned one.
    let turn = try Self.takeTurn(in: parent)
    defer { turn.close() }
    try FileTree.make(path)
    guard let lock = Self.lock(path) else { throw .system("lock the folder \(path)") }
    self.lock = lock
    // For whoever has to tell it something. Nobody depends on it.
    _ = Descriptor.writePatiently(Array("\(getpid())\n".utf8), to: lock.raw)
  }

  /// The processes of this machine that hold the folders of workers beside each other, by those folders.
  public static func living(in parent: String) -> [String: Int32] {
    // A look locks for a moment, and one that starts must not meet that.
    guard let turn = try? takeTurn(in: parent) else { return [:] }
    defer { turn.close() }
    return FileTree.folders(in: parent).filter { WorkerID($0) != nil }.reduce(into: [:]) { living, name in
      let path = "\(parent)/\(name)"
      guard isHeld(path), let words = ProcFile.read("\(path)/lock", bytesMax: 32),
        let process = Int32(String(decoding: words.prefix { $0 != 0x0A }, as: UTF8.self))
      else { return }
      living[path] = process
    }
  }

  /// Whether a worker that lives has the folder.
  public static func isHeld(_ path: String) -> Bool {
    guard let file = try? Descriptor.open("\(path)/lock", O_RDONLY | O_NOFOLLOW) else { return false }
    defer { file.close() }
    return flock(file.raw, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Removes the folders of workers that are gone.
  ///
  /// - Parameter log: gets a line about each.
  /// - Returns: these workers, which were killed for certain: nobody else unlocks a folder and leaves it.
  @discardableResult
  public func removeAbandoned(log: (String) -> Void) throws(StrataError) -> [WorkerID] {
    let abandoned = try abandoned()
    for (_, path, lock) in abandoned {
      do throws(StrataError) {
        try FileTree.remove(path)
        log("removed \(path), which a worker that was killed had left")
      } catch {
        log("\(path), which a worker that was killed had left, could not be removed: \(error)")
      }
      lock.close()
    }
    return abandoned.map(\.id)
  }

  /// Removes the folder with all it holds.
  public func leave() throws(StrataError) {
    try FileTree.remove(path)
    lock.close()
  }

  /// Locked, so that another worker that starts now leaves them to this one.
  private func abandoned() throws(StrataError) -> [(id: WorkerID, path: String, lock: Descriptor)] {
    let turn = try Self.takeTurn(in: parent)
    defer { turn.close() }
    return FileTree.folders(in: parent).compactMap { name in
      guard let id = WorkerID(name), let lock = Self.lock("\(parent)/\(name)") else { return nil }
      return (id, "\(parent)/\(name)", lock)
    }
  }

  /// Nil where somebody else holds it, or where it is no more.
  private static func lock(_ folder: String) -> Descriptor? {
    guard let file = try? Descriptor.open("\(folder)/lock", O_RDWR | O_CREAT | O_NOFOLLOW) else { return nil }
    return flock(file.raw, LOCK_EX | LOCK_NB) == 0 ? file : nil
  }

  /// Held only for moments, until the descriptor is closed.
  private static func takeTurn(in parent: String) throws(StrataError) -> Descriptor {
    let folder = try Descriptor.open(parent, O_RDONLY | O_DIRECTORY)
    while flock(folder.raw, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .system("lock the folder \(parent)") }
    }
    return folder
  }
}
