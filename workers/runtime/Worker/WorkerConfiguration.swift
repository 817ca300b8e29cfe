public import StrataCore
public import StrataQueue
public import StrataRuntime

/// What a worker is and how it behaves, each bound with its default. `docs/workers.md` argues for them.
public struct WorkerConfiguration: Sendable {
  public var id = WorkerID()
  /// Tiers it serves, in the order in which it looks for work.
  public var tiers: [TierName]
  /// The most attempts it runs at once.
  public var slots: Int
  /// What those may ask for together.
  public var room: ResourceRequest
  /// Whose jobs it takes; nil: anybody's.
  public var dedication: Dedication?
  /// Where attempts get their folders. Private to this worker: what an earlier life left there is removed at start.
  public var folder: String
  /// Where the worker is, for people: the text of a `WorkerPlace`, say. Empty for what nobody is to know.
  public var place = ""
  /// The program that becomes a runner, and its arguments.
  public var runner: RunnerCommand
  /// What it runs itself; all else is run by runners.
  public var inlineHandlers: [any InlineHandler] = []

  /// How long the queue lets all leases live after a heartbeat. A lost worker's jobs are free again after this.
  public var leaseDuration = Duration.seconds(10)
  /// Three fit a lease, so that two may fail.
  public var heartbeatInterval = Duration.seconds(3)
  /// How long one call waits for signals. Bounds how long a broken connection goes unseen, and how long a worker does nothing
  /// whose signal got lost with one.
  public var signalWait = Duration.seconds(15)
  /// Given to running attempts when the worker is told to stop; then their leases are handed back. As long as a lease:
  /// most jobs end within it, and whoever stops the worker (an operator, an orchestrator with its usual 30 s before
  /// SIGKILL) still sees a clean end.
  public var drainGrace = Self.drainGraceStandard
  public static let drainGraceStandard = Duration.seconds(10)
  /// Progress and live log are gathered for this long before they are sent.
  public var progressInterval = Duration.milliseconds(250)
  /// After stop was requested and the attempts are over, reports are retried this long: no lease outlives it.
  public var reportGrace = Duration.seconds(10)
  /// How long a worker that ends tries to tell the queue so. If it cannot, it is listed until its lease is over.
  public var leavePatience = Duration.seconds(1)
  /// Results for which the store has no room are held this long; then their lease is handed back.
  public var storingPatience = Duration.seconds(60)
  /// How often this worker hands a job back for want of room. After that the attempt has failed, and counts: a job whose
  /// results never find room ends with its last attempt.
  public var shortageReleasesMax = 3
  /// The waits between tries while the queue is away, or the store has no room; nil for 50 ms at first and 5 s at the longest.
  public var backoff: Backoff?
  public var limits = AttemptLimits()
  /// The time that passes for it.
  public var time = Timekeeper.system
  /// Draws the waits before failed jobs are tried again.
  public var random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  /// Whether the worker's process inherits the orphans of runners that die, and ends them. Every child of the process
  /// that `ChildProcess` has not started is then taken for one: turn it off where a library starts children.
  public var adoptsOrphans = true

  /// - Parameter room: the machine's cores and memory unless it is said.
  public init(
    tiers: [TierName], slots: Int, room: ResourceRequest = MachineCapacity.whole, folder: String, runner: RunnerCommand
  ) {
    self.tiers = tiers
    self.slots = max(1, slots)
    self.room = room
    self.folder = folder
    self.runner = runner
  }
}

extension WorkerConfiguration {
  func newBackoff() -> Backoff { backoff ?? time.backoff(first: .milliseconds(50), longest: .seconds(5)) }
}

/// How to start a runner.
public struct RunnerCommand: Hashable, Sendable {
  /// A path, or a name to be found in `PATH`.
  public let executable: String
  public let arguments: [String]

  public init(executable: String, arguments: [String]) {
    self.executable = executable
    self.arguments = arguments
  }
}
