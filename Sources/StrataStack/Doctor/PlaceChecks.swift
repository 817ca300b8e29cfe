import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// The data directory, and where else Strata writes.
extension Doctor {
  /// The nearest folder that is there, of the data directory and those above it.
  private var standing: String {
    var path = dataDirectory
    while !Folder.exists(path), let slash = path.lastIndex(of: "/") {
      path = slash > path.startIndex ? String(path[..<slash]) : "/"
    }
    return path.isEmpty ? "." : path
  }

  func folder() -> Check {
    let name = "data directory"
    let place = standing
    guard Folder.isFolder(place) else {
      return Check(name, .fail, found: "\(place) is a file", remedy: "choose another with --data-dir")
    }
    guard unsafe access(place, W_OK | X_OK) == 0 else {
      return Check(name, .fail, found: "\(place) cannot be written", remedy: "choose a folder of yours with --data-dir")
    }
    if let user = try? PostgreSQLOwner.choose().user, let wall = Folder.wall(above: dataDirectory, for: user) {
      return Check(
        name, .fail, found: "\(user.name), who runs PostgreSQL, cannot pass through \(wall)",
        remedy: Folder.wayAround(wall))
    }
    return Check(name, .ok, found: place == dataDirectory ? place : "\(dataDirectory) (will be made)")
  }

  func socketPath() -> Check {
    let bytes = dataDirectory.utf8.count + "/run/".utf8.count + DataDirectory.socketNameBytesMax
    if bytes <= DataDirectory.socketPathBytesMax { return Check("socket paths", .ok, found: "\(bytes) bytes at most") }
    return Check(
      "socket paths", .ok,
      found: "\(bytes) bytes would be too long for a unix socket: sockets go to a short folder in the temporary one")
  }

  func disk() -> Check {
    var status = statvfs()
    guard unsafe statvfs(standing, &status) == 0 else {
      return Check("free disk", .warn, found: "could not be read", remedy: "df -h '\(standing)'")
    }
    let free = Int(clamping: status.f_bavail) * Int(clamping: status.f_frsize)
    return amount(
      "free disk", free, enough: needs.freeDiskBytes, least: needs.freeDiskBytesMin,
      "free space there, or choose another folder with --data-dir")
  }

  /// An amount of bytes judged by what is enough and what is too little.
  func amount(_ name: String, _ bytes: Int, enough: Int, least: Int, _ remedy: String) -> Check {
    let found = Self.written(bytes: bytes)
    if bytes >= enough { return Check(name, .ok, found: found) }
    return Check(name, bytes >= least ? .warn : .fail, found: found, remedy: remedy)
  }

  package static func written(bytes: Int) -> String {
    let tenths = bytes / (1 << 30 / 10)
    return bytes >= 1 << 30 ? "\(tenths / 10).\(tenths % 10) GiB" : "\(bytes >> 20) MiB"
  }
}
