import Glibc
import StrataCore
import Synchronization

/// Where one attempt works: `work`, with `work/output` for its results, and its log beside them.
struct AttemptFolders: Hashable, Sendable {
  let root: String
  var working: String { "\(root)/work" }
  var output: String { "\(root)/work/output" }
  var log: String { "\(root)/log" }

  func make() throws(StrataError) { try FileTree.make(output) }

  /// Whether nothing tells them from new ones: an attempt has left nothing in them, and has not locked them either.
  var areAsMade: Bool {
    FileTree.holds(root, only: ["work"]) && FileTree.holds(working, only: ["output"])
      && FileTree.holds(output, only: [])
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
    let folders = AttemptFolders(root: "\(parent)/\(number)")
    try folders.make()
    return folders
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
