import Glibc
import Testing

/// Real files beside the repository, which are not part of it. Tests that need them say loudly when they are absent.
enum SharedData {
  static let folder: String? = {
    if let given = getenv("STRATA_SHARED_DATA") {
      return isFolder(String(cString: given)) ? String(cString: given) : nil
    }
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    // A work tree may lie one folder deeper than the repository itself.
    return ["\(root)/../shared/data", "\(root)/../../shared/data"].first(where: isFolder)
  }()

  private static func isFolder(_ path: String) -> Bool {
    guard let directory = opendir(path) else { return false }
    closedir(directory)
    return true
  }

  static var isAbsent: Bool {
    if folder == nil { print("SKIPPED: no shared data beside the repository (set STRATA_SHARED_DATA)") }
    return folder == nil
  }

  /// Full paths of the files in a folder whose names end in one of `endings`, in order.
  static func files(in subfolder: String, endings: [String]) -> [String] {
    guard let folder else { return [] }
    let names = namesInFolder("\(folder)/\(subfolder)")
    return names.filter { name in endings.contains { name.hasSuffix($0) } }.sorted().map {
      "\(folder)/\(subfolder)/\($0)"
    }
  }
}

/// Reads a file as bytes.
func bytes(ofFile path: String) throws -> [UInt8] {
  let file = try #require(fopen(path, "rb"), "cannot open \(path)")
  defer { fclose(file) }
  var result: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&part, 1, part.count, file), count > 0 { result += part[..<count] }
  return result
}

/// Writes bytes as a file.
func write(_ bytes: [UInt8], to path: String) throws {
  let file = try #require(fopen(path, "wb"), "cannot create \(path)")
  defer { fclose(file) }
  try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}

/// A folder of the test's own, gone when it ends.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/strata-points-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  /// Of all files in it.
  var names: [String] { namesInFolder(path) }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}

/// Names of what is in a folder; none where it cannot be read.
func namesInFolder(_ path: String) -> [String] {
  guard let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      })
  }
  return names
}
