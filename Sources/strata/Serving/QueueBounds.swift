import StrataControl
import StrataCore
import StrataQueue
import StrataRuntime

/// How full the queue may become before no more jobs are accepted, as `up` takes it. What is not said is left to
/// `AdmissionBounds`.
struct QueueBounds {
  static let options: [OptionDefinition] = [
    .option("queue-memory", "SIZE", "what the queue may take of memory [a quarter of the machine's]"),
    .option("queue-full-at", "PERCENT", "of that memory, from where on no jobs are accepted [80]"),
    .option("queue-open-at", "PERCENT", "below which they are again [5 less]"),
    .option("queue-jobs", "N", "the most jobs that the queue holds [5000000]"),
    .option("tenant-jobs", "N", "the most jobs of one tenant that wait to be run [1000000]"),
    .option(
      "tenant-lanes", "N", "the most kinds of jobs (capability, tier, resources) that one tenant has at once [250]"),
  ]

  /// Less is of no use to a Redis.
  private static let memoryBytesMin: Int64 = 16 << 20
  /// One job may need as many.
  private static let tenantLanesMin = 1 + QueueLimits().alternativesMax

  /// Nil where nothing is said.
  let memoryBytes: Int64?
  private let fullAt: Int?
  private let openAt: Int?
  private let jobs: Int?
  private let tenantJobs: Int?
  private let tenantLanes: Int?

  init(_ arguments: Arguments) throws(UsageError) {
    memoryBytes = try arguments["queue-memory"].map { text throws(UsageError) in
      try Quantity.bytes(text, of: "--queue-memory")
    }
    if let memoryBytes, memoryBytes < Self.memoryBytesMin {
      throw UsageError("--queue-memory must be 16M at least", command: arguments.command)
    }
    fullAt = try arguments.integer("queue-full-at", in: 2...99)
    openAt = try arguments.integer("queue-open-at", in: 1...98)
    jobs = try arguments.integer("queue-jobs", in: 1...1_000_000_000)
    tenantJobs = try arguments.integer("tenant-jobs", in: 1...1_000_000_000)
    tenantLanes = try arguments.integer("tenant-lanes", in: Self.tenantLanesMin...QueueLimits().lanesMax)
    if let openAt, openAt >= fullAt ?? 80 {
      throw UsageError(
        "--queue-open-at must be less than --queue-full-at, which is \(fullAt ?? 80)", command: arguments.command)
    }
  }

  /// The words of a command line that the same bounds are read from.
  var words: [String] {
    let values: [(String, Int64?)] = [
      ("queue-memory", memoryBytes), ("queue-full-at", fullAt.map(Int64.init)),
      ("queue-open-at", openAt.map(Int64.init)), ("queue-jobs", jobs.map(Int64.init)),
      ("tenant-jobs", tenantJobs.map(Int64.init)), ("tenant-lanes", tenantLanes.map(Int64.init)),
    ]
    return values.flatMap { name, value in value.map { ["--\(name)", "\($0)"] } ?? [] }
  }

  /// - Parameter isQueueLocal: whether the queue's server runs on this machine, whose memory, or whose control group's, it
  ///   then has at most.
  func admission(isQueueLocal: Bool) -> AdmissionBounds {
    var bounds = AdmissionBounds()
    bounds.memoryBytesMax = memoryBytes ?? (isQueueLocal ? MachineCapacity.memoryBytes : nil)
    if let fullAt { bounds.memoryFullAt = Double(fullAt) / 100 }
    if fullAt != nil || openAt != nil { bounds.memoryOpenAt = Double(openAt ?? max(1, (fullAt ?? 80) - 5)) / 100 }
    if let jobs { bounds.jobsMax = jobs }
    if let tenantJobs { bounds.tenantWaitingMax = tenantJobs }
    if let tenantLanes { bounds.tenantLanesMax = tenantLanes }
    return bounds
  }
}

extension RedisEndpoint {
  /// Whether the server is on this machine, and stays there.
  var isLocal: Bool {
    switch place {
    case .at(.unix): true
    case .at(.tcp(let host, _)): host == "localhost" || host == "::1" || host.hasPrefix("127.")
    case .master: false
    }
  }
}
