import Glibc
import StrataCore
import StrataRuntime

/// Chooses where the sockets of a data directory lie.
///
/// A short folder made elsewhere is recorded in `run/sockets`, so that every command on the same data directory finds
/// it again; if it has been cleaned away meanwhile, it is made anew. The record says which `run/` it is of: in a copy of
/// the data directory it leads to another stack's sockets, and is passed over.
struct SocketFolder {
  /// What a stack puts into it.
  static let contents: Set<String> = ["pg", "redis.sock", "api.sock"]
  private static let nameStart = "strata-"
  /// That mkdtemp(3) chooses.
  private static let nameEndLength = 6

  let run: String
  let temporaryFolder: String

  private var record: String { run + "/sockets" }

  private var isRunShortEnough: Bool {
    run.utf8.count + 1 + DataDirectory.socketNameBytesMax <= DataDirectory.socketPathBytesMax
  }

  /// Where they lie already; nil if that was never chosen.
  var placed: String? { isRunShortEnough ? run : recorded }

  /// What the record of this very `run/` says.
  private var recorded: String? {
    let lines = Folder.readText(record)?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
    guard lines.count >= 2, lines[1] == Folder.identity(run) ?? "" else { return nil }
    return String(lines[0])
  }

  func place() throws(StrataError) -> String {
    if isRunShortEnough { return run }
    if let recorded, isOurs(recorded) { return recorded }
    let made = try makeShort()
    try Folder.writeText("\(made)\n\(Folder.identity(run) ?? "?")\n", to: record)
    return made
  }

  /// Removes a short folder made elsewhere, with what a stack leaves in it: nobody may be using it any more. What else
  /// is in it stays, and the folder with it.
  func remove() {
    guard !isRunShortEnough, let recorded, isOurs(recorded) else { return }
    for name in Folder.list(recorded) where Self.contents.contains(name) {
      try? Folder.removeTree(recorded + "/" + name)
    }
    unsafe rmdir(recorded)
    unsafe unlink(record)
  }

  /// Whether the recorded folder is one that `makeShort` makes, is still there, and is still nobody else's.
  private func isOurs(_ path: String) -> Bool {
    guard path.hasPrefix("/"), let name = path.split(separator: "/").last, name.hasPrefix(Self.nameStart),
      name.utf8.count == Self.nameStart.utf8.count + Self.nameEndLength
    else { return false }
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
  }

  private func makeShort() throws(StrataError) -> String {
    let base = temporaryFolder.utf8.count <= 60 ? temporaryFolder : "/tmp"
    let end = String(repeating: "X", count: Self.nameEndLength)
    var template = Array((base + "/" + Self.nameStart + end).utf8) + [0]
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
