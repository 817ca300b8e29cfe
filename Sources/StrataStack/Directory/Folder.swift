import Glibc
import StrataCore
import StrataRuntime

/// Making, reading and removing files and folders with plain system calls.
enum Folder {
  /// Creates `path` and the folders above it that are missing, and sets its mode.
  static func create(_ path: String, mode: UInt32) throws(StrataError) {
    if unsafe mkdir(path, mode) != 0 {
      if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
        try create(String(path[..<slash]), mode: 0o755)
        return try create(path, mode: mode)
      }
      guard errno == EEXIST, isFolder(path) else {
        throw refusal(to: "create the folder \(path)", remedy: "choose a folder that you may write, with --data-dir")
      }
    }
    guard unsafe chmod(path, mode) == 0 else {
      throw refusal(to: "make \(path) private", remedy: "choose a folder that is yours, with --data-dir")
    }
  }

  /// By the calling thread's errno(3): what this user may not do is told apart from what cannot be done.
  private static func refusal(to action: String, remedy: String) -> StrataError {
    let isForbidden = [EACCES, EPERM, EROFS].contains(errno)
    let error = StrataError.system(action, remedy: remedy)
    return isForbidden ? StrataError(.unauthorized, error.message, remedy: remedy) : error
  }

  static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }
  static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }
  static func exists(_ path: String) -> Bool { kind(path) != nil }

  /// Whether a folder has nothing in it. What is no folder, or cannot be read, is not empty.
  static func isEmpty(_ path: String) -> Bool {
    guard let folder = unsafe opendir(path) else { return false }
    defer { unsafe closedir(folder) }
    var count = 0
    while unsafe readdir(folder) != nil { count += 1 }
    return count <= 2
  }

  /// Why `path` cannot be looked into or made, by the calling thread's errno(3): who it is closed to is told so.
  static func obstacle(to action: String, _ path: String) -> StrataError {
    switch errno {
    case EACCES, EPERM:
      StrataError(
        .unauthorized, "you may not \(action) \(path)",
        remedy: "run it as the user whose folder it is, or name another with --data-dir")
    case ENOTDIR: StrataError(.conflict, "\(path) is no folder", remedy: "choose another, with --data-dir")
    default: .system("\(action) \(path)")
    }
  }

  /// What tells a folder from its copies, as one word: the file system that it lies in, and its number there. Nil where
  /// there is none.
  static func identity(_ path: String) -> String? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return "\(status.st_dev):\(status.st_ino)"
  }

  /// Whether two paths lead to one folder or file.
  static func isSame(_ one: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard unsafe stat(one, &first) == 0, unsafe stat(other, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  private static func kind(_ path: String) -> UInt32? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  /// Gives `path` to `user`, if another owns it.
  static func give(_ path: String, to user: UserIdentity?) throws(StrataError) {
    guard let user else { return }
    guard unsafe chown(path, user.user, user.group) == 0 else { throw .system("give \(path) to \(user.name)") }
  }

  /// Where a symbolic link leads; nil for what is none.
  static func target(of link: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 4_096)
    let count = unsafe readlink(link, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  static func readText(_ path: String) -> String? {
    ProcFile.read(path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Replaces the file at `path` at once: readers see the old text or the new one.
  static func writeText(_ text: String, to path: String, mode: UInt32 = 0o600) throws(StrataError) {
    let draft = path + ".new"
    unsafe unlink(draft)
    let file = try Descriptor.open(draft, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    try file.writeNow(Array(text.utf8))
    guard unsafe rename(draft, path) == 0 else { throw .system("write \(path)") }
  }
}

extension Folder {
  /// The names in a folder but for `.` and `..`, sorted; empty if it cannot be read.
  static func list(_ path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file, or a folder with all in it. Links are removed, never followed. Not an error if it is not there.
  static func removeTree(_ path: String) throws(StrataError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in list(path) { try removeTree(path + "/" + name) }
      guard unsafe rmdir(path) == 0 else { throw .system("remove \(path)") }
    } else {
      guard unsafe unlink(path) == 0 else { throw .system("remove \(path)") }
    }
  }

  /// The first folder above `path` through which `user` may not pass; nil if there is none. Folders that are not there
  /// yet are no walls.
  static func wall(above path: String, for user: UserIdentity) -> String? {
    var parent = path[...]
    while let slash = parent.lastIndex(of: "/"), slash > parent.startIndex {
      parent = parent[..<slash]
      if exists(String(parent)) && !canPass(String(parent), user) { return String(parent) }
    }
    return nil
  }

  /// What helps against a wall. Root's home stays closed: opening it is never the better way.
  static func wayAround(_ wall: String) -> String {
    let elsewhere = "give a folder outside \(wall), such as --data-dir \(DataDirectory.pathOfRoot)"
    return wall == "/root" ? elsewhere : elsewhere + ", or let others pass: chmod o+x '\(wall)'"
  }

  /// Whether `user` may pass through the folder `path` to what lies inside.
  static func canPass(_ path: String, _ user: UserIdentity) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return false }
    if status.st_uid == user.user { return status.st_mode & S_IXUSR != 0 }
    if user.groups.contains(status.st_gid) { return status.st_mode & S_IXGRP != 0 }
    return status.st_mode & S_IXOTH != 0
  }
}
