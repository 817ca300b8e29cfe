/// The bounds of one attempt, each with its default. Timeout and memory come with the work order.
public struct AttemptLimits: Hashable, Sendable {
  /// Between asking an attempt to end (SIGTERM) and killing it (SIGKILL).
  public var stopGrace = Duration.seconds(5)
  /// How often memory and output are measured while an attempt runs. An attempt may pass its memory limit by what it
  /// takes in this long.
  public var sampleInterval = Duration.milliseconds(200)
  /// All files of the output and working folders together, in what they take on the disk; and the results, in what they
  /// say they hold.
  public var outputBytesMax: Int64 = 8 << 30
  /// Files and folders in the working folder, and in the output folder. So many are counted in a fraction of a second,
  /// and a small disk has as many inodes.
  public var entriesMax = 200_000
  /// Result files of one attempt. The report that lists them must fit the queue.
  public var outputFilesMax = 500
  /// Files that an attempt saves for the next one of its job.
  public var checkpointFilesMax = 1_000
  /// The stored log; what is printed beyond it is dropped and marked.
  public var logBytesMax = 16 << 20
  /// With less than this left on the disk, a failed attempt is taken to have failed for it.
  public var diskReserveBytes: Int64 = 4 << 20
  /// The same for what a file system can give names to: its free inodes.
  public var diskReserveFiles: Int64 = 100
  /// Whether an attempt is stopped once it has used the processor time that its hold covers. Not where nothing is held.
  public var processorTimeIsHeld = true
  /// Attempts after which an idle runner is replaced, so that what its libraries leak stays bounded.
  public var attemptsPerRunnerMax = 1_000

  public init() {}
}
