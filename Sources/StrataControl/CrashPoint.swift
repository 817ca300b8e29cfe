import Glibc
import Synchronization

/// A named place between two acts whose order matters, where a fault test can have the process killed.
///
/// In production `reached` costs one comparison. A test sets `STRATA_CRASH_POINT` to `name` or `name:n`, and the process
/// kills itself (SIGKILL: no clean-up runs) when it reaches the place the n-th time.
enum CrashPoint: String {
  /// The job and its hold are committed; the queue does not know of it yet.
  case betweenCommitAndEnqueue = "commit-enqueue"
  /// The queue has logged an outcome; the ledger does not know of it yet.
  case betweenOutcomeAndSettlement = "outcome-settlement"
  /// The settlement is committed; the queue still holds the outcome.
  case betweenSettlementAndAcknowledgement = "settlement-acknowledgement"

  private static let armed: (name: String, count: Int)? = {
    guard let text = unsafe getenv("STRATA_CRASH_POINT") else { return nil }
    let parts = unsafe String(cString: text).split(separator: ":")
    return parts.first.map { (String($0), parts.count > 1 ? Int(parts[1]) ?? 1 : 1) }
  }()

  private static let passes = Atomic<Int>(0)

  func reached() {
    guard let armed = Self.armed, armed.name == rawValue else { return }
    if Self.passes.add(1, ordering: .relaxed).newValue == armed.count { kill(getpid(), SIGKILL) }
  }
}
