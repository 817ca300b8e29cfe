import Glibc
package import StrataCore
import StrataRuntime

/// What whoever walks a folder does about something that lies there.
private enum Step { case pass, enter, stop }

extension FileTree {
  /// What lies below a folder takes.
  package struct Usage: Hashable, Sendable {
    /// On the disk: what is sparse takes what is written of it, and what has several names counts once.
    package var bytes: Int64 = 0
    /// Files, folders and whatever else has a name there.
    package var entries = 0
    /// Whether there is more, which was not looked at.
    package var isCut = false
  }

  /// Measures all that lies below `path`, however deep.
  ///
  /// - Parameter entriesMax: the most things that are looked at.
  /// - Complexity: one system call for each of them, four for each folder.
  package static func usage(of path: String, entriesMax: Int = .max) -> Usage {
    var usage = Usage()
    var seen: Set<FileIdentity> = []
    guard let root = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return usage }
    // Somebody may be moving folders about: what was counted until then is counted.
    try? walk(root) { folder, name throws(StrataError) in
      guard usage.entries < entriesMax else {
        usage.isCut = true
        return .stop
      }
      usage.entries += 1
      guard let status = Self.status(of: name, in: folder) else { return .pass }
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      if isFolder || status.st_nlink < 2 || seen.insert(FileIdentity(status)).inserted {
        usage.bytes = usage.bytes.addingUpToMax(Int64(status.st_blocks).multipliedUpToMax(by: 512))
      }
      return isFolder ? .enter : .pass
    }
    return usage
  }

  /// Removes a folder with all it holds, however deep; not an error where there is none. A link, or a file, of that name
  /// is removed itself.
  package static func remove(_ path: String) throws(StrataError) {
    let number = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if number < 0 {
      if errno == ENOENT { return }
      if unsafe unlink(path) == 0 { return }
      // A folder that may not be read may be empty all the same.
      guard unsafe rmdir(path) == 0 else { throw .system("remove the folder \(path)") }
      return
    }
    try walk(Descriptor(owning: number)) { folder, name throws(StrataError) in
      if unsafe unlinkat(folder.raw, name, 0) == 0 || errno == ENOENT { return .pass }
      guard errno == EISDIR || errno == EPERM else { throw .system("remove what is in the folder \(path)") }
      return .enter
    } leave: { folder, name throws(StrataError) in
      guard unsafe unlinkat(folder.raw, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
        throw .system("remove what is in the folder \(path)")
      }
    }
    guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw .system("remove the folder \(path)") }
  }

  /// Goes through all that lies below an open folder. It goes from folder to folder by their names alone, so that no path
  /// is too long for it, and holds three descriptors at most, so that none is too deep.
  ///
  /// - Parameters:
  ///   - visit: is handed a folder and each name in it; what it enters is gone through after the rest of its folder.
  ///   - leave: is handed a folder and the name of one in it that has been gone through, or could not be opened.
  /// - Throws: what they throw; and where a folder has been moved to another place meanwhile.
  private static func walk(
    _ root: Descriptor, visit: (Descriptor, [CChar]) throws(StrataError) -> Step,
    leave: (Descriptor, [CChar]) throws(StrataError) -> Void = { _, _ in }
  ) throws(StrataError) {
    var here = root
    guard var levels = try Level(of: here, named: [], visit).map({ [$0] }) else { return }
    while let level = levels.last {
      if let name = level.foldersLeft.last {
        levels[levels.count - 1].foldersLeft.removeLast()
        let number = unsafe openat(here.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
          try leave(here, name)
          continue
        }
        here = Descriptor(owning: number)
        guard let below = try Level(of: here, named: name, visit) else { return }
        levels.append(below)
      } else {
        levels.removeLast()
        guard let above = levels.last else { return }
        here = try above.parent(of: here)
        try leave(here, level.name)
      }
    }
  }

  /// A folder between the root of a walk and the one it is in.
  private struct Level {
    /// In the folder above.
    let name: [CChar]
    /// Still to be gone through.
    var foldersLeft: [[CChar]] = []
    private let identity: FileIdentity

    /// Visits what lies in it. Nil where the walk is to stop.
    init?(
      of folder: Descriptor, named name: [CChar], _ visit: (Descriptor, [CChar]) throws(StrataError) -> Step
    ) throws(StrataError) {
      self.name = name
      identity = try FileIdentity(of: folder)
      var found: [[CChar]] = []
      let isWhole = try forEachName(in: folder) { name throws(StrataError) in
        switch try visit(folder, name) {
        case .pass: return true
        case .stop: return false
        case .enter:
          found.append(name)
          return true
        }
      }
      guard isWhole else { return nil }
      foldersLeft = found
    }

    /// Opens this folder from the one below it.
    func parent(of below: Descriptor) throws(StrataError) -> Descriptor {
      let number = unsafe openat(below.raw, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard number >= 0 else { throw .system("leave a folder") }
      let parent = Descriptor(owning: number)
      guard try FileIdentity(of: parent) == identity else {
        throw StrataError(.internalError, "a folder was moved while it was gone through")
      }
      return parent
    }
  }
}

/// Which file it is, whatever its names.
private struct FileIdentity: Hashable {
  private let device: dev_t
  private let inode: ino_t

  init(_ status: stat) { (device, inode) = (status.st_dev, status.st_ino) }

  init(of file: Descriptor) throws(StrataError) {
    var status = stat()
    guard unsafe fstat(file.raw, &status) == 0 else { throw .system("look at a folder") }
    self.init(status)
  }
}

extension Int64 {
  /// The sum, or the largest number where that is larger: sizes that an attempt may claim have no bound.
  package func addingUpToMax(_ other: Int64) -> Int64 {
    let (sum, isTooLarge) = addingReportingOverflow(other)
    return isTooLarge ? .max : sum
  }

  package func multipliedUpToMax(by other: Int64) -> Int64 {
    let (product, isTooLarge) = multipliedReportingOverflow(by: other)
    return isTooLarge ? .max : product
  }
}
