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
  /// must not pass or fail by luck, and a cancelled job must not be charged. Only a hand-back yields to a success.
  package func ending(of order: WorkOrder) -> (AttemptEnding, AttemptError?)? {
    switch reason {
    case .leaseLost: return nil
    case .handedBack: return outcome?.product.error == nil && outcome != nil ? (.succeeded, nil) : (.released, nil)
    case .cancelled: return (.cancelled, .cancelled)
    case .timeout: return (.failed, .timeout(seconds: order.timeoutSeconds))
    case .outOfMemory(let used):
      return (.failed, .outOfMemory(usedBytes: used, limitBytes: order.resources.memoryBytes))
    case .outOfProcessorTime: return (.failed, .outOfProcessorTime(limit: order.processorTimeMax))
    case .outputTooLarge(let message): return (.failed, .outputTooLarge(message))
    case nil: return unforced
    }
  }

  private var unforced: (AttemptEnding, AttemptError?) {
    guard let outcome else { return (.failed, .crashed("the attempt's process \(exit ?? "ended without an answer")")) }
    return outcome.product.error.map { (.failed, $0) } ?? (.succeeded, nil)
  }
}
