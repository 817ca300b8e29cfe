public import StrataCore

// The failures that workers themselves name. `docs/workers.md` lists them with the reason for each retry decision.
extension AttemptError {
  /// The client's files or parameters cannot be worked on; another try would end the same.
  public static func invalidInput(_ message: String) -> Self {
    AttemptError(code: "invalid_input", message: message, isRetryable: false)
  }

  /// A job comes to more of what its capability counts than it is held for; another try would end the same.
  static func tooManyUnits(_ count: Int64, most: Int64, unit: String) -> Self {
    AttemptError(
      code: unitsExceededCode,
      message:
        "the job comes to \(count) \(unit), and credits are held for \(most): do it again with more (units_max, --units-max)",
      isRetryable: false)
  }

  public static let exitStatusCode = "exit_status"

  /// Those of the failures of attempts that a retry policy may name, whatever their capability.
  public static let codes = [
    exitStatusCode, "timeout", "out_of_memory", "out_of_cpu_time", "output_too_large", "output_replaced", "disk_full",
    "crashed", "input_missing", "worker_fault", "invalid_input",
  ]

  /// A command's own word that it failed. Not retried: a command that fails tells its user, who knows whether to ask
  /// again.
  public static func exitStatus(_ status: Int32) -> Self {
    AttemptError(code: exitStatusCode, message: "the command ended with exit status \(status)", isRetryable: false)
  }

  /// Not retried: the same work would take as long again, and the job's hold covers one full attempt.
  package static func timeout(seconds: Int64) -> Self {
    AttemptError(
      code: "timeout",
      message:
        "the attempt was stopped after its time limit of \(seconds) s; a longer one can be asked for (--timeout, timeout_seconds)",
      isRetryable: false)
  }

  /// Rounded up, since nothing is over a limit of 0.
  private static func mebibytes(_ bytes: Int64) -> Int64 { (bytes >> 20) + (bytes & 0xF_FFFF == 0 ? 0 : 1) }

  /// Not retried: the same work would need as much again.
  package static func outOfMemory(usedBytes: Int64, limitBytes: Int64) -> Self {
    AttemptError(
      code: "out_of_memory",
      message: "the attempt was stopped at \(mebibytes(usedBytes)) MiB of memory, over its limit of "
        + "\(mebibytes(limitBytes)) MiB",
      isRetryable: false)
  }

  /// Not retried: the same work would need as much again.
  package static func outOfProcessorTime(limit: Duration) -> Self {
    AttemptError(
      code: "out_of_cpu_time",
      message:
        "the attempt was stopped: it had used \(limit.seconds) s of CPU, all that its cores give within its time "
        + "limit and that credits are held for; ask for more cores or a longer time limit",
      isRetryable: false)
  }

  package static func outputTooLarge(_ message: String) -> Self {
    AttemptError(code: "output_too_large", message: message, isRetryable: false)
  }

  /// Not retried: the same command would do it again.
  package static func outputReplaced(_ folder: String) -> Self {
    AttemptError(
      code: "output_replaced",
      message: "the attempt has put a link or a file in the place of its folder '\(folder)', so its results were not "
        + "collected; leave results as files in the folder itself",
      isRetryable: false)
  }

  /// Retried: another worker, or this one later, may have room.
  package static func diskFull(_ action: String) -> Self {
    AttemptError(
      code: "disk_full", message: "there was no room on the disk to \(action)", isRetryable: true)
  }

  /// Retried: most crashes of native code do not depend on the input alone, and one crash costs little.
  public static func crashed(_ message: String) -> Self {
    AttemptError(code: "crashed", message: message, isRetryable: true)
  }

  /// Not retried: its owner has said that it shall end.
  package static let cancelled = AttemptError(
    code: "cancelled", message: "the job was cancelled while it ran", isRetryable: false)

  /// Not retried: content that the store has let go does not come back.
  package static func inputMissing(_ name: String) -> Self {
    AttemptError(
      code: "input_missing", message: "the input '\(name)' is not in the artifact store", isRetryable: false)
  }

  static let unreadableOrder = AttemptError(
    code: "invalid_order", message: "the work order cannot be read by this version of the worker", isRetryable: false)

  /// Something of the worker's own broke; another try may find it whole.
  public static func workerFault(_ message: String) -> Self {
    AttemptError(code: "worker_fault", message: message, isRetryable: true)
  }
}
