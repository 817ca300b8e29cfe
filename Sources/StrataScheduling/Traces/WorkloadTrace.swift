/// A record of a machine's load: what was submitted when, and what became of it.
public struct WorkloadTrace: Hashable, Sendable {
  public let header: WorkloadHeader
  /// In order of submission; those of the same instant as they were written.
  public let jobs: [WorkloadJob]

  public init(header: WorkloadHeader = WorkloadHeader(), jobs: [WorkloadJob]) {
    self.header = header
    self.jobs = jobs
  }
}

/// What the comments at the beginning of a trace say of the machine; nil where they do not.
public struct WorkloadHeader: Hashable, Sendable {
  public internal(set) var computer: String?
  public internal(set) var processorsMax: Int?
  public internal(set) var nodesMax: Int?
  /// Seconds since 1970 of the instant 0.
  public internal(set) var unixStartSeconds: Int64?
  /// An IANA name.
  public internal(set) var timeZone: String?

  public init() {}
}

/// One job of a trace. Times are kept to the millisecond; nil is what the trace does not know.
public struct WorkloadJob: Hashable, Sendable {
  public let number: Int64
  /// Since the beginning of the trace.
  public let submitMilliseconds: Int64
  public let waitMilliseconds: Int64?
  public let runMilliseconds: Int64?
  public let processorsAllocated: Int64?
  /// The average over its processors.
  public let cpuMilliseconds: Int64?
  /// The average over its processors.
  public let memoryKilobytes: Int64?
  public let processorsRequested: Int64?
  /// The wall time after which its owner let it be ended.
  public let requestedMilliseconds: Int64?
  /// For each processor.
  public let requestedMemoryKilobytes: Int64?
  public let status: Status?
  public let user: Int64?
  public let group: Int64?
  public let executable: Int64?
  public let queue: Int64?
  public let partition: Int64?
  /// The job that it could not be submitted before, and how long after that one's end it was.
  public let precedingJob: Int64?
  public let thinkMilliseconds: Int64?

  public enum Status: Int64, Hashable, Sendable, CaseIterable {
    case failed = 0
    case completed = 1
    case partToBeContinued = 2
    case lastPartCompleted = 3
    case lastPartFailed = 4
    case cancelled = 5
  }
}
