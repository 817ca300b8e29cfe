import Glibc
import Synchronization

/// A named place between two acts whose order matters, where a fault test can have the process killed.
///
/// In production `reached` costs one comparison. A test names a file in `STRATA_CRASH_POINT_FILE` that holds `name` or
/// `name:n`; the process removes the file and kills itself (SIGKILL: no clean-up runs) when it reaches that place the
/// n-th time. The process that is started in its place finds no file and lives.
enum CrashPoint: String {
  /// The job and its hold are committed; the queue does not know of it yet.
  case betweenCommitAndEnqueue = "commit-enqueue"
  /// Runs of schedules are due and read; nothing of them is committed.
  case betweenDueAndFiring = "due-firing"
  /// The jobs of runs are committed with the note that these are done; the queue does not know of them yet.
  case betweenFiringAndEnqueue = "firing-enqueue"
  /// Tasks of an array are to be made; nothing of them is committed.
  case betweenWindowAndMaking = "window-making"
  /// Tasks of an array are committed with its progress; the queue does not know of them yet.
  case betweenMakingAndEnqueue = "making-enqueue"
  /// The queue has logged an outcome; the ledger does not know of it yet.
  case betweenOutcomeAndSettlement = "outcome-settlement"
  /// The settlement is committed; the queue still holds the outcome.
  case betweenSettlementAndAcknowledgement = "settlement-acknowledgement"

  private struct Armed {
    let file: String
    let name: String
    let pass: Int
  }

  private static let armed: Armed? = {
    guard let variable = unsafe getenv("STRATA_CRASH_POINT_FILE") else { return nil }
    let file = unsafe String(cString: variable)
    guard let words = text(of: file)?.split(separator: ":"), let name = words.first else { return nil }
    return Armed(file: file, name: String(name), pass: words.count > 1 ? Int(words[1]) ?? 1 : 1)
  }()

  private static let passes = Atomic<Int>(0)

  func reached() {
    guard let armed = Self.armed, armed.name == rawValue else { return }
    guard Self.passes.add(1, ordering: .relaxed).newValue == armed.pass else { return }
    unsafe unlink(armed.file)
    kill(getpid(), SIGKILL)
  }

  private static func text(of file: String) -> String? {
    guard let stream = unsafe fopen(file, "r") else { return nil }
    defer { unsafe fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = unsafe fread(&bytes, 1, bytes.count, stream)
    return String(decoding: bytes[..<count].prefix { $0 > 0x20 }, as: UTF8.self)
  }
}
