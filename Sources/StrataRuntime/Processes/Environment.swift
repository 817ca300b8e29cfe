import CLinux
import Glibc

/// This process's environment, and programs found through it.
public enum Environment {
  /// All variables, as they are now.
  public static var current: [String: String] {
    var variables: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let (name, value) = split(unsafe String(cString: text))
      if !name.isEmpty { variables[name] = value }
      unsafe entry += 1
    }
    return variables
  }

  package static func split(_ entry: String) -> (name: String, value: String) {
    guard let equals = entry.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (entry, "") }
    return (String(entry[..<equals]), String(entry[entry.utf8.index(after: equals)...]))
  }

  /// The path of an executable file called `name` in the folders of `path` (separated by colons), or nil.
  ///
  /// A name with a slash is a path already and is returned as it is.
  public static func find(_ name: String, path: String = current["PATH"] ?? "/usr/local/bin:/usr/bin:/bin") -> String? {
    if name.utf8.contains(UInt8(ascii: "/")) { return name }
    for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
      let candidate = (folder.isEmpty ? "." : String(folder)) + "/" + name
      if isExecutableFile(candidate) { return candidate }
    }
    return nil
  }

  static func isExecutableFile(_ path: String) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return unsafe access(path, X_OK) == 0
  }
}
