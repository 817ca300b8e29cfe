/// Why a worker ends an attempt before it ends by itself.
public enum StopReason: Hashable, Sendable {
  case timeout
  case outOfMemory(usedBytes: Int64)
  case outOfProcessorTime
  case outputTooLarge(String)
  /// Its owner cancelled the job.
  case cancelled
  /// The worker must stop; the lease goes back.
  case handedBack
  /// A job of a higher class needs the room; the lease goes back once the attempt has had time to save what it has.
  case preempted
  /// The lease is not the worker's any more: nothing may be reported, and nothing need be kept.
  case leaseLost
}

/// Decides over one attempt, from its start to its last process; `AttemptRun` does what it says.
package struct AttemptSupervision: Sendable {
  package enum Phase: Hashable, Sendable {
    /// Can transition to: `saving`, `stopping`, `killing`, `ended`.
    case running
    /// Told that it is preempted; the time that it has to save what it has runs. Can transition to: `stopping`, `killing`,
    /// `ended`.
    case saving
    /// Asked to end; the grace runs. Can transition to: `killing`, `ended`.
    case stopping(StopReason)
    /// All its processes are being killed. Can transition to: `ended`.
    case killing(StopReason?)
    /// Final.
    case ended
  }

  package enum Event: Hashable, Sendable {
    case stop(StopReason)
    /// Do not wait for the grace any longer.
    case hasten
    case graceOver
    /// The time to save what it has is over.
    case savingOver
    case sample(memoryBytes: Int64, outputBytes: Int64, outputEntries: Int = 0, processorTime: Duration)
    case outcome(RunnerOutcome)
    /// The runner is gone, and with it whatever ran in it.
    case runnerExited(String)
    /// The runner sends what cannot be read.
    case garbled
  }

  package enum Action: Hashable, Sendable {
    /// Tell the attempt to save what it has, and start the time for that.
    case askToSave
    /// Ask the runner to end the attempt, and start the grace.
    case askToStop
    /// Kill all processes of the attempt, the runner included; `runnerExited` follows.
    case killTree
    case end(AttemptEnd)
  }

  package private(set) var phase = Phase.running
  private let memoryLimitBytes: Int64
  private let outputLimitBytes: Int64
  private let entriesLimit: Int
  private let processorLimit: Duration?
  /// Whether the last sample was over the limit of processor time.
  private var wasOverProcessorLimit = false

  /// - Parameter processorLimit: nil for none.
  package init(
    memoryLimitBytes: Int64, outputLimitBytes: Int64, entriesLimit: Int = .max, processorLimit: Duration?
  ) {
    self.memoryLimitBytes = memoryLimitBytes
    self.entriesLimit = entriesLimit
    self.outputLimitBytes = outputLimitBytes
    self.processorLimit = processorLimit
  }

  package mutating func handle(_ event: Event) -> Action? {
    if phase == .ended { return nil }
    switch event {
    case .stop(let reason): return stop(reason)
    case .sample(let memoryBytes, let outputBytes, let outputEntries, let processorTime):
      return checkMachine(memoryBytes, processorTime) ?? checkOutput(outputBytes, outputEntries)
    case .hasten, .graceOver: return kill()
    case .savingOver: return phase == .saving ? askToStop(.preempted) : nil
    case .garbled: return kill(always: true)
    case .outcome(let outcome): return end(AttemptEnd(reason: reason, outcome: outcome, exit: nil))
    case .runnerExited(let how): return end(AttemptEnd(reason: reason, outcome: nil, exit: how))
    }
  }

  private var reason: StopReason? {
    switch phase {
    case .running, .ended: nil
    case .saving: .preempted
    case .stopping(let reason): reason
    case .killing(let reason): reason
    }
  }

  /// A lost lease and memory run dry leave no time for a grace: other attempts need the machine.
  private mutating func stop(_ reason: StopReason) -> Action? {
    switch (phase, reason) {
    case (.running, .outOfMemory), (.running, .leaseLost), (.saving, .leaseLost), (.stopping, .leaseLost):
      phase = .killing(reason)
      return .killTree
    case (.killing, .leaseLost):
      phase = .killing(reason)
      return nil
    case (.running, .preempted):
      phase = .saving
      return .askToSave
    case (.saving, .preempted), (.stopping, _), (.killing, _), (.ended, _): return nil
    case (.saving, .cancelled), (.saving, .handedBack), (.running, _): return askToStop(reason)
    // Over a limit there is no time left to save anything, but it is preempted all the same.
    case (.saving, _): return askToStop(.preempted)
    }
  }

  private mutating func askToStop(_ reason: StopReason) -> Action {
    phase = .stopping(reason)
    return .askToStop
  }

  private mutating func checkMachine(_ memoryBytes: Int64, _ processorTime: Duration) -> Action? {
    if memoryBytes > memoryLimitBytes {
      return kill() ?? stop(.outOfMemory(usedBytes: memoryBytes))
    }
    // Being stopped for it is final, so one reading alone is not believed.
    let isOver = processorLimit.map { processorTime > $0 } ?? false
    defer { wasOverProcessorLimit = isOver }
    return isOver && wasOverProcessorLimit ? stop(.outOfProcessorTime) : nil
  }

  private mutating func checkOutput(_ bytes: Int64, _ entries: Int) -> Action? {
    if bytes > outputLimitBytes {
      return stop(.outputTooLarge("the attempt had written \(bytes) bytes; its limit is \(outputLimitBytes)"))
    }
    guard entries > entriesLimit else { return nil }
    return stop(.outputTooLarge("the attempt had made more than \(entriesLimit) files and folders, its limit"))
  }

  private mutating func kill(always: Bool = false) -> Action? {
    switch phase {
    case .saving:
      phase = .killing(.preempted)
      return .killTree
    case .stopping(let reason):
      phase = .killing(reason)
      return .killTree
    case .running where always:
      phase = .killing(nil)
      return .killTree
    case .running, .killing, .ended: return nil
    }
  }

  private mutating func end(_ end: AttemptEnd) -> Action {
    phase = .ended
    return .end(end)
  }
}
