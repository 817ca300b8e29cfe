import Glibc
import Synchronization

/// Where a fault test can have a process killed: at a named place, or before or after one of its exchanges with a server.
///
/// In production `reached` costs one comparison. A test names a file in `STRATA_CRASH_POINT_FILE` that holds `PLACE:N`,
/// or `ROLE@PLACE:N` where only `strata ROLE` is meant: the process that is started then removes the file and kills
/// itself (SIGKILL: no clean-up runs) when it reaches that place the N-th time, the first one where N is not said. The
/// process that is started in its place finds no file and lives.
public enum CrashTrigger {
  /// A kind of server with which a process exchanges something.
  public enum Server: String, CaseIterable, Sendable { case queue, ledger }

  private struct Armed {
    let file: String
    let place: String
    let pass: Int
  }

  private static let armed: Armed? = {
    guard let variable = unsafe getenv("STRATA_CRASH_POINT_FILE") else { return nil }
    let file = unsafe String(cString: variable)
    guard let bytes = ProcFile.read(file, bytesMax: 128) else { return nil }
    var words = String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self).split(separator: "@")[...]
    if words.count == 2, words.removeFirst() != CommandLine.arguments.dropFirst().first ?? "" { return nil }
    let parts = words.first?.split(separator: ":") ?? []
    guard let place = parts.first else { return nil }
    return Armed(file: file, place: String(place), pass: parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
  }()

  private static let passes = Atomic<Int>(0)

  /// The process is at this place now.
  public static func reached(_ place: String) {
    guard let armed, armed.place == place else { return }
    count(armed)
  }

  /// The process is about to send something to a server.
  public static func before(_ server: Server) {
    guard let armed, armed.place == place(before: server) else { return }
    count(armed)
  }

  /// The process has had the answer to something.
  public static func after(_ server: Server) {
    guard let armed, armed.place == place(after: server) else { return }
    count(armed)
  }

  /// What these two places are called.
  public static func place(before server: Server) -> String { "before-\(server.rawValue)" }
  public static func place(after server: Server) -> String { "after-\(server.rawValue)" }

  private static func count(_ armed: Armed) {
    guard passes.add(1, ordering: .relaxed).newValue == armed.pass else { return }
    unsafe unlink(armed.file)
    kill(getpid(), SIGKILL)
  }
}
