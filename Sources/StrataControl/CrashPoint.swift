import StrataRuntime

/// A named place between two acts whose order matters, where a fault test can have the process killed: see
/// `CrashTrigger`.
package enum CrashPoint: String, CaseIterable {
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

  func reached() { CrashTrigger.reached(rawValue) }
}
