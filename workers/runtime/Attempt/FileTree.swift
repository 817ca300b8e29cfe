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

  /// What a folder holds.
  package struct Listing: Hashable, Sendable {
    package var files: [Entry] = []
    /// For each thing that is no result a sentence that says why.
    package var omissions: [String] = []
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

  /// Gives a file another name on the same file system; a file that had that name is gone.
  package static func move(_ path: String, to target: String) throws(StrataError) {
    guard unsafe rename(path, target) == 0 else { throw .system("move \(path) to \(target)") }
  }

  /// What lies directly in `path`, in order of names.
  ///
  /// - Parameter entriesMax: the most things that are looked at; nil where there are more.
  package static func list(_ path: String, entriesMax: Int = .max) -> Listing? {
    var listing = Listing()
    let children = Self.children(of: Array(path.utf8CString), atMost: entriesMax)
    guard children.count <= entriesMax else { return nil }
    for child in children {
      if let reason = child.omissionReason {
        listing.omissions.append("'\(child.printableName)' is not kept: \(reason)")
      } else {
        let name = child.printableName
        listing.files.append(Entry(name: name, path: "\(path)/\(name)", sizeBytes: Int64(child.status.st_size)))
      }
    }
    listing.files.sort { $0.name < $1.name }
    listing.omissions.sort()
    return listing
  }

  /// The names of the folders directly in `path`, symbolic links left out.
  package static func folders(in path: String) -> [String] {
    children(of: Array(path.utf8CString)).filter(\.isFolder).map(\.printableName)
  }

  /// Whether two paths lead to one and the same folder, the first one without a symbolic link at its end.
  package static func isSame(_ path: String, as other: String) -> Bool {
    var (left, right) = (stat(), stat())
    guard unsafe lstat(path, &left) == 0, unsafe stat(other, &right) == 0 else { return false }
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino
  }

  /// Whether `path` is a folder as `make` makes them that holds `names` and nothing else.
  package static func holds(_ path: String, only names: [String]) -> Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & (S_IFMT | 0o777) == S_IFDIR | 0o700 else { return false }
    return children(of: Array(path.utf8CString)).map(\.printableName).sorted() == names.sorted()
  }
}
