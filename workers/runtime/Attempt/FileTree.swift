import FoundationEssentials
import Glibc
package import StrataCore
import StrataRuntime

/// Folders of attempts: made, measured, listed and removed. Symbolic links are never followed: what an attempt leaves
/// behind may point anywhere.
package enum FileTree {
  /// A regular file directly in a folder.
  package struct Entry: Hashable, Sendable {
    package let name: String
    package let path: String
    package let sizeBytes: Int64
  }

  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Makes a folder, and those above it, that only this user may enter.
  package static func make(_ path: String) throws(StrataError) {
    if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw .system("create the folder \(path)")
    }
    try make(String(path[..<slash]))
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("create the folder \(path)") }
  }

  /// Removes a folder with all it holds; not an error where there is none.
  package static func remove(_ path: String) throws(StrataError) {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      var status = stat()
      if unsafe lstat(path, &status) != 0 && errno == ENOENT { return }
      throw StrataError(.internalError, "could not remove the folder \(path)", cause: error)
    }
  }

  /// Gives a file another name on the same file system; a file that had that name is gone.
  package static func move(_ path: String, to target: String) throws(StrataError) {
    guard unsafe rename(path, target) == 0 else { throw .system("move \(path) to \(target)") }
  }

  /// The bytes on disk of all files below `path`, by their sizes.
  package static func size(of path: String) -> Int64 {
    names(in: path).reduce(0) { sum, name in
      var status = stat()
      guard unsafe lstat("\(path)/\(name)", &status) == 0 else { return sum }
      if status.st_mode & S_IFMT == S_IFDIR { return sum + size(of: "\(path)/\(name)") }
      return sum + Int64(status.st_size)
    }
  }

  /// What lies directly in `path`, in order of names: the regular files, and the names of all else.
  package static func list(_ path: String) -> (files: [Entry], others: [String]) {
    var files: [Entry] = []
    var others: [String] = []
    for name in names(in: path).sorted() {
      var status = stat()
      guard unsafe lstat("\(path)/\(name)", &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFREG {
        files.append(Entry(name: name, path: "\(path)/\(name)", sizeBytes: Int64(status.st_size)))
      } else {
        others.append(name)
      }
    }
    return (files, others)
  }

  /// Whether `path` is a folder as `make` makes them that holds `names` and nothing else.
  package static func holds(_ path: String, only names: [String]) -> Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & (S_IFMT | 0o777) == S_IFDIR | 0o700 else { return false }
    return self.names(in: path).sorted() == names.sorted()
  }

  /// Without `.` and `..`; none where there is no such folder.
  private static func names(in path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
