import StrataQueue

/// How full the queue may become before no more jobs are accepted. What is accepted already is not touched by it.
public struct AdmissionBounds: Hashable, Sendable {
  /// The share of its memory that the queue's server may use: from there on nothing is accepted, …
  public var memoryFullAt = 0.80
  /// … until it uses less than this share again. Lower than `memoryFullAt`, or acceptance would flutter.
  public var memoryOpenAt = 0.75
  /// What the server may use, where it has not set itself a lower limit; nil for that, or for its machine's memory.
  public var memoryBytesMax: Int64?
  /// The jobs that the queue may hold, ready, delayed and running; as many are too many until it holds a twentieth less.
  public var jobsMax = 5_000_000
  /// The jobs of one tenant that may be ready and not run yet.
  public var tenantWaitingMax = 1_000_000
  /// The lanes in which a tenant may have jobs: a lane for each way (tier, resources) in which jobs of a capability may run.
  public var tenantLanesMax = 250
  /// How often the queue is asked. In between, what is accepted here is counted.
  public var lookInterval = Duration.seconds(1)
  /// When whoever is refused shall come back.
  public var retryAfter = Duration.seconds(5)

  public init() {}

  /// What a server with this load may use; nil where nobody knows.
  func memoryBytes(_ load: QueueLoad) -> Int64? {
    [load.memoryMaxBytes, memoryBytesMax].compactMap(\.self).min() ?? load.machineMemoryBytes
  }

  var jobsOpenAt: Int { jobsMax - jobsMax / 20 }
}
