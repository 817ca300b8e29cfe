import Glibc
import StrataCore
import StrataRuntime

/// Chooses where the sockets of a data directory lie.
///
/// A short folder made elsewhere is recorded in `run/sockets`, so that every command on the same data directory finds
/// it again; if it has been cleaned away meanwhile, it is made anew.
struct SocketFolder {
  let run: String
  let temporaryFolder: String

  private var record: String { run + "/sockets" }

  private var isRunShortEnough: Bool {
    run.utf8.count + 1 + DataDirectory.socketNameBytesMax <= DataDirectory.socketPathBytesMax
  }

  /// Where they lie already; nil if that was never chosen.
  var placed: String? { isRunShortEnough ? run : Folder.readText(record) }

  func place() throws(StrataError) -> String {
    if isRunShortEnough { return run }
    if let recorded = Folder.readText(record), isOurs(recorded) { return recorded }
    let made = try makeShort()
    try Folder.writeText(made, to: record)
    return made
  }

  /// Removes a short folder made elsewhere, with what is in it: nobody may be using it any more.
  func remove() {
    guard !isRunShortEnough, let recorded = Folder.readText(record), isOurs(recorded) else { return }
    try? Folder.removeTree(recorded)
    unsafe unlink(record)
  }

  /// Whether the recorded folder is still there and still nobody else's.
  private func isOurs(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
  }

  private func makeShort() throws(StrataError) -> String {
    let base = temporaryFolder.utf8.count <= 60 ? temporaryFolder : "/tmp"
    var template = Array((base + "/strata-XXXXXX").utf8) + [0]
    let made = unsafe template.withUnsafeMutableBytes { bytes in
      guard let start = unsafe bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return false }
      return unsafe mkdtemp(start) != nil
    }
    guard made else { throw .system("create a folder for sockets in \(base)") }
    let path = String(decoding: template.dropLast(), as: UTF8.self)
    if UserIdentity.callerIsRoot { try Folder.create(path, mode: 0o711) }
    return path
  }
}
