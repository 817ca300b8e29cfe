/// How full the queue and its server are.
public struct QueueLoad: Hashable, Sendable {
  /// Jobs that it holds: ready, delayed and leased.
  public var jobs: Int
  /// What the server counts against its own limit.
  public var memoryUsedBytes: Int64
  /// The server's own limit, at which it refuses jobs; nil where it has set itself none.
  public var memoryMaxBytes: Int64?
  /// The memory of the server's machine, as far as the server knows; nil where it does not.
  public var machineMemoryBytes: Int64?

  public init(
    jobs: Int = 0, memoryUsedBytes: Int64 = 0, memoryMaxBytes: Int64? = nil, machineMemoryBytes: Int64? = nil
  ) {
    self.jobs = jobs
    self.memoryUsedBytes = memoryUsedBytes
    self.memoryMaxBytes = memoryMaxBytes
    self.machineMemoryBytes = machineMemoryBytes
  }
}
