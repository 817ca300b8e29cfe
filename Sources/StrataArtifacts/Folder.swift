import Glibc
import StrataCore

enum Folder {
  /// Makes the folder unless it is there, and puts its name on the disk.
  static func make(_ path: String, mode: mode_t = 0o755) throws(StrataError) {
    if unsafe mkdir(path, mode) == 0 {
      let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      return try synchronize(parent.isEmpty ? "/" : parent)
    }
    guard errno == EEXIST else { throw .storage("make the folder \(path)") }
  }

  /// Puts the names in a folder on the disk.
  static func synchronize(_ path: String) throws(StrataError) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .storage("open the folder \(path)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .storage("write the folder \(path)") }
  }

  /// The paths of what lies in a folder.
  static func entries(of path: String) throws(StrataError) -> [String] {
    guard let folder = unsafe opendir(path) else { throw .storage("list the folder \(path)") }
    defer { unsafe closedir(folder) }
    var entries: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { entries.append("\(path)/\(name)") }
    }
    return entries
  }
}
