import Glibc
public import StrataCore
public import StrataRuntime

/// The one folder in which an installation keeps all it has.
///
/// It is private to its owner (0700). When the owner is root, PostgreSQL runs as another user, which must be able to
/// pass through: then the folder and `run/` are 0711; what is inside them stays private.
public struct DataDirectory: Sendable {
  /// The longest path of a unix socket: `sun_path` holds 108 bytes with the terminating zero.
  public static let socketPathBytesMax = 107
  /// The longest name of a socket inside the sockets' folder.
  static let socketNameBytesMax = 24

  /// Where root's goes: root's home is closed to the user that PostgreSQL then runs as.
  public static let pathOfRoot = "/var/lib/strata"

  /// Absolute.
  public let path: String
  /// Where the unix sockets lie: `run/` inside, or a short private folder elsewhere when that path would be too long.
  public let sockets: String

  public var postgres: String { path + "/postgres" }
  public var redis: String { path + "/redis" }
  public var artifacts: String { path + "/artifacts" }
  public var run: String { path + "/run" }
  public var logs: String { path + "/log" }
  public var configuration: String { path + "/config.json" }

  /// The file that says that a folder is a data directory: nothing else is ever written into or made private.
  private static let marker = "strata-data"

  /// The folder at `path`, made with all its parts if it is not there.
  ///
  /// - Throws: `conflict` for a folder that has something in it and is no data directory.
  /// - Parameters:
  ///   - artifacts: the folder of the artifacts where it lies elsewhere, absolute: `artifacts` becomes a link to it.
  ///   - temporaryFolder: where a short folder for sockets goes if one is needed.
  public static func open(
    _ path: String, artifacts: String? = nil, temporaryFolder: String = Environment.current["TMPDIR"] ?? "/tmp"
  ) throws(StrataError) -> DataDirectory {
    let path = try absolute(path)
    try claim(path)
    // PostgreSQL's user, where it is another, passes through to `postgres/` and to its socket in `run/`.
    let passable: UInt32 = UserIdentity.callerIsRoot ? 0o711 : 0o700
    try Folder.create(path, mode: passable)
    try Folder.create(path + "/run", mode: passable)
    for part in ["redis", "log"] { try Folder.create(path + "/" + part, mode: 0o700) }
    try placeArtifacts(artifacts, in: path)
    if !Folder.exists(path + "/" + marker) { try Folder.writeText("1\n", to: path + "/" + marker) }
    let sockets = try SocketFolder(run: path + "/run", temporaryFolder: temporaryFolder).place()
    return DataDirectory(path: path, sockets: sockets)
  }

  /// The data directory at `path`, only to be looked at: nothing is made or changed. Nil where there is none: neither
  /// the marker nor a lock that a stack has written. (`/run/lock` is a folder of the system's.)
  ///
  /// - Throws: `unauthorized` where this user may not look.
  public static func find(_ path: String) throws(StrataError) -> DataDirectory? {
    let path = try absolute(path)
    let record = LockRecord(directory: path)
    let hasLock = try record.open() != nil && record.holder != nil
    guard hasLock || Folder.exists(path + "/" + marker) else { return nil }
    let sockets = SocketFolder(run: path + "/run", temporaryFolder: "").placed
    return DataDirectory(path: path, sockets: sockets ?? path + "/run")
  }

  /// Whether the folder at `path` has other things in it, so that no data directory can be made there.
  public static func isForeign(_ path: String) -> Bool {
    Folder.exists(path) && !Folder.exists(path + "/" + marker) && !Folder.isEmpty(path)
  }

  private static func claim(_ path: String) throws(StrataError) {
    guard isForeign(path) else { return }
    throw StrataError(
      .conflict, "\(path) has other things in it and is no data directory of Strata's",
      remedy: "choose a new or empty folder, with --data-dir")
  }

  /// Removes the sockets' folder where it lies elsewhere. Only for who holds the lock, when nothing runs any more; the
  /// next `open` makes another.
  public func removeSocketFolder() { SocketFolder(run: run, temporaryFolder: "").remove() }

  /// The path of the unix socket called `name` ("http.sock").
  public func socket(_ name: String) -> String { sockets + "/" + name }

  /// `path` from the root on.
  ///
  /// - Throws: `invalid_input` for what is no path.
  public static func absolute(_ path: String) throws(StrataError) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw StrataError(.invalidInput, "'\(path)' is no folder's path")
    }
    if path.hasPrefix("/") { return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }
    guard let current = unsafe getcwd(nil, 0) else { throw .system("find the working folder") }
    defer { unsafe free(current) }
    return unsafe String(cString: current) + "/" + path
  }
}
