import Glibc

/// How to end a process: ask, wait, insist, wait, kill. Each step has its own budget.
///
/// Safe to climb twice, and on a process that has ended: a step on what is gone does nothing.
public struct TeardownLadder: Sendable, Hashable {
  /// One step: a signal, and how long to wait for the end after it.
  public struct Step: Sendable, Hashable {
    public let signal: Int32
    public let patience: Duration
    /// Whether the whole process group gets the signal, or the child alone.
    public let reachesGroup: Bool

    public init(signal: Int32, patience: Duration, reachesGroup: Bool = true) {
      self.signal = signal
      self.patience = patience
      self.reachesGroup = reachesGroup
    }
  }

  public let steps: [Step]

  /// - Parameter steps: in order. SIGKILL to the whole group follows the last, without a limit: the kernel ends it.
  public init(_ steps: [Step]) { self.steps = steps }

  /// SIGTERM, and after `patience` SIGKILL.
  public static func terminate(patience: Duration) -> Self { Self([Step(signal: SIGTERM, patience: patience)]) }

  /// SIGKILL at once.
  public static let kill = Self([])

  /// The longest that climbing it can take before SIGKILL.
  public var budget: Duration { steps.reduce(.zero) { $0 + $1.patience } }
}

extension ChildProcess {
  /// Ends the child by `ladder`, its descendants with it, and waits until it is gone.
  ///
  /// Descendants that left the process group are found through /proc before the last step and killed too.
  @discardableResult
  public func tearDown(_ ladder: TeardownLadder) async -> ProcessExit {
    for step in ladder.steps {
      if let exit { return exit }
      if step.reachesGroup { signalGroup(step.signal) } else { signal(step.signal) }
      if let exit = await wait(atMost: step.patience) { return exit }
    }
    let strays = exit == nil ? ProcessTree.descendants(of: pid) : []
    signalGroup(SIGKILL)
    for stray in strays { stray.signal(SIGKILL) }
    return await wait()
  }
}
