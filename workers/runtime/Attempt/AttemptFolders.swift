import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// Where one attempt works: `work`, with `work/output` for its results, and its log beside them.
///
/// An attempt may put anything in the place of these folders, symbolic links too. So what it leaves is reached from the
/// descriptor of the folder that was made for it, one real folder below the other, never by the whole path.
struct AttemptFolders: Sendable {
  let root: String
  var working: String { "\(root)/work" }
  var output: String { Self.output(below: root) }
  /// Leads to the root as it was made for as long as this value lives.
  var log: String { "\(Self.path(of: made))/log" }
  private let made: Descriptor

  init(makingAt root: String) throws(StrataError) {
    self.root = root
    try FileTree.make(Self.output(below: root))
    made = try Descriptor.open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  }

  /// What the attempt saves there is the next one's where it is handed back; not there unless it is made.
  var checkpoint: String { "\(working)/\(Self.checkpointName)" }
  package static let checkpointName = ".checkpoint"

  private static func output(below root: String) -> String { "\(root)/work" + "/output" }

  /// The folder with the results; nil if the attempt has removed it.
  ///
  /// - Throws: `output_replaced` where there is a link or a file instead.
  func openOutput() throws(AttemptError) -> Descriptor? {
    guard let working = try Self.open("work", in: made) else { return nil }
    return try Self.open("output", in: working)
  }

  /// As `openOutput`, of the folder with what it has saved.
  func openCheckpoint() throws(AttemptError) -> Descriptor? {
    guard let working = try Self.open("work", in: made) else { return nil }
    return try Self.open(Self.checkpointName, in: working)
  }

  private static func open(_ name: String, in folder: Descriptor) throws(AttemptError) -> Descriptor? {
    let number = unsafe Glibc.open("\(path(of: folder))/\(name)", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if number >= 0 { return Descriptor(owning: number) }
    switch errno {
    case ENOENT: return nil
    case ELOOP, ENOTDIR, EACCES: throw .outputReplaced(name)
    default: throw .workerFault("the folder '\(name)' could not be opened: \(StrataError.system("open it"))")
    }
  }

  /// A path to an open folder. It ends with a dot, so that it is a folder's also to those who follow no link.
  static func path(of folder: Descriptor) -> String { "/proc/self/fd/\(folder.raw)/." }

  /// Whether nothing tells them from new ones: an attempt has left nothing in them, and has not locked them either.
  var areAsMade: Bool {
    let path = Self.path(of: made)
    return FileTree.isSame(root, as: path) && FileTree.holds(path, only: ["work"])
      && FileTree.holds("\(path)/work", only: ["output"]) && FileTree.holds(Self.output(below: path), only: [])
  }
}

/// The folders of a worker's attempts, lent to one attempt at a time and used again: making and removing them costs
/// more than a small job, because file systems hand the places of things just removed out again only reluctantly.
final class FolderPool: Sendable {
  private struct State {
    var idle: [AttemptFolders] = []
    var made = 0
  }

  /// Holds all of them. Exists once the first has been lent.
  let parent: String
  private let state = Mutex(State())

  init(in parent: String) { self.parent = parent }

  /// Folders as they were made.
  func take() throws(StrataError) -> AttemptFolders {
    let (used, number) = state.withLock { state -> (AttemptFolders?, Int) in
      if let used = state.idle.popLast() { return (used, 0) }
      state.made += 1
      return (nil, state.made)
    }
    if let used { return used }
    return try AttemptFolders(makingAt: "\(parent)/\(number)")
  }

  /// Takes them back: keeps them for the next attempt if they are empty, or else removes them with all they hold.
  ///
  /// - Parameter isQuiet: whether it is sure that nobody writes to them any more.
  func put(_ folders: AttemptFolders, isQuiet: Bool) throws(StrataError) {
    _ = unsafe unlink(folders.log)
    guard isQuiet, folders.areAsMade else { return try FileTree.remove(folders.root) }
    state.withLock { $0.idle.append(folders) }
  }
}
