package import StrataCore

/// How an attempt ended, as its worker saw it.
package struct AttemptEnd: Hashable, Sendable {
  /// Why the worker ended it; nil if it ended by itself.
  package let reason: StopReason?
  /// What the runner said; nil if it died.
  package let outcome: RunnerOutcome?
  /// How the runner died, in words; nil if it lives.
  package let exit: String?

  package init(reason: StopReason?, outcome: RunnerOutcome?, exit: String?) {
    self.reason = reason
    self.outcome = outcome
    self.exit = exit
  }

  /// What to say of it to the queue; nil to say nothing, because the lease is another's.
  ///
  /// A reason of the worker's stands even where the attempt succeeded in its last moment: a job that was over its limit
  /// must not pass or fail by luck, and a cancelled job must not be charged. Only a hand-back, as after a preemption, yields
  /// to a success, and the limit of processor time, which is watched from outside, to the runner's exact account.
  package func ending(of order: WorkOrder) -> (AttemptEnding, AttemptError?)? {
    switch reason {
    case .leaseLost: return nil
    case .handedBack, .preempted:
      return outcome.map { $0.error == nil } == true ? (.succeeded, nil) : (.released, nil)
    case .cancelled: return (.cancelled, .cancelled)
    case .timeout: return (.failed, .timeout(seconds: order.timeoutSeconds))
    case .outOfMemory(let used):
      return (.failed, .outOfMemory(usedBytes: used, limitBytes: order.resources.memoryBytes))
    case .outOfProcessorTime: return outOfProcessorTime(order.processorTimeMax)
    case .outputTooLarge(let message): return (.failed, .outputTooLarge(message))
    case nil: return unforced
    }
  }

  /// An attempt that was stopped for time that it had not used succeeds if it could, and else may be tried again.
  private func outOfProcessorTime(_ limit: Duration) -> (AttemptEnding, AttemptError?) {
    guard let outcome, .microseconds(outcome.cpuMicroseconds) <= limit else {
      return (.failed, .outOfProcessorTime(limit: limit))
    }
    if outcome.error == nil { return (.succeeded, nil) }
    return (
      .failed,
      .workerFault(
        "it was stopped for \(limit.seconds) s of CPU, of which it had used "
          + "\(Duration.microseconds(outcome.cpuMicroseconds).seconds) s")
    )
  }

  private var unforced: (AttemptEnding, AttemptError?) {
    guard let outcome else { return (.failed, .crashed("the attempt's process \(exit ?? "ended without an answer")")) }
    return outcome.error.map { (.failed, $0) } ?? (.succeeded, nil)
  }
}
