public import StrataCore

/// The body of `POST /v1/jobs`.
public struct JobRequest: Hashable, Codable, Sendable {
  /// A capability's own name or one it is sold under.
  public var capability: String
  /// What the job is called; need not be unique. As `JobMetadataLimits` says.
  public var name: String?
  /// What it is found by: names with values. As `JobMetadataLimits` says.
  public var labels: [String: String]?
  public var params: [String: JSONValue]?
  /// What is stored, or what other jobs make: then it runs after those.
  public var inputs: [JobInput]?
  /// 0…100; 50 unless said.
  public var priority: Int?
  public var tier: String?
  public var resources: ResourceOverride?
  /// How else it may run, in the order in which that is preferred; at most four.
  public var alternatives: [Alternative]?
  /// How long one attempt may take, instead of the capability's limit.
  public var timeoutSeconds: Int64?
  /// What of the capability's retry policy is otherwise for this job.
  public var retry: RetryOverride?
  /// When it is to run at the earliest, as RFC 3339 with an offset; one of this and `delaySeconds` at most.
  public var runAt: String?
  /// How long after its acceptance it is to run at the earliest.
  public var delaySeconds: Int64?
  /// The job fails where no attempt of it has begun by then, as `runAt`; one of this and `startWithinSeconds` at most.
  public var startBy: String?
  /// How long after its acceptance that is.
  public var startWithinSeconds: Int64?
  /// Whether it may be ended so that a job of a higher class has its room; it is tried again then.
  public var preemptible: Bool?
  /// Seconds that it then has to save what it has; 30 unless said. Only of a job that is preemptible.
  public var graceSeconds: Int64?
  /// By which signal it is told; SIGTERM unless said. Only of a job that is preemptible.
  public var checkpointSignal: PreemptionTerms.Signal?
  /// Refuse the job if it could cost more than this: a number of credits with at most six decimals.
  public var maxCredits: JSONValue?
  /// The same in millionths of a credit; one of the two at most.
  public var maxMicrocredits: Int64?
  /// The most units of the capability's meter, such as points, that the job may come to, which is held for; as many as its inputs say
  /// unless said.
  public var unitsMax: Int64?
  /// Jobs of the same tenant that must have ended before this one may run; at most `JobStructure.afterMax`.
  public var after: [JobID]?
  /// What becomes of it when one of them does not succeed; `fail` unless said.
  public var onDependencyFailure: DependencyPolicy?
  /// An open batch of the same tenant that the job joins.
  public var batch: BatchID?
  /// What no other job of the tenant may have at the same time: 1 to 255 bytes.
  public var uniqueKey: String?
  /// How long from its acceptance the job holds the key; until it has ended, unless said.
  public var uniqueSeconds: Int64?
  /// What becomes of it where another job holds the key; `existing` unless said.
  public var onDuplicate: UniqueKey.Conflict?
  /// Makes it an array: so many tasks, each of which is a job. Only as a body of `POST /v1/jobs` and `POST /v1/jobs:check`.
  public var array: ArrayRequest?

  public init(
    capability: String, params: [String: JSONValue]? = nil, inputs: [JobInput]? = nil, priority: Int? = nil,
    tier: String? = nil, resources: ResourceOverride? = nil, timeoutSeconds: Int64? = nil,
    runAt: String? = nil, delaySeconds: Int64? = nil, startBy: String? = nil, startWithinSeconds: Int64? = nil,
    preemptible: Bool? = nil, graceSeconds: Int64? = nil, checkpointSignal: PreemptionTerms.Signal? = nil,
    maxCredits: JSONValue? = nil, maxMicrocredits: Int64? = nil, after: [JobID]? = nil,
    onDependencyFailure: DependencyPolicy? = nil, batch: BatchID? = nil,
    uniqueKey: String? = nil, uniqueSeconds: Int64? = nil, onDuplicate: UniqueKey.Conflict? = nil,
    array: ArrayRequest? = nil, alternatives: [Alternative]? = nil, name: String? = nil,
    labels: [String: String]? = nil, retry: RetryOverride? = nil, unitsMax: Int64? = nil
  ) {
    self.capability = capability
    self.name = name
    self.labels = labels
    self.retry = retry
    self.unitsMax = unitsMax
    self.params = params
    self.inputs = inputs
    self.priority = priority
    self.tier = tier
    self.resources = resources
    self.timeoutSeconds = timeoutSeconds
    self.runAt = runAt
    self.delaySeconds = delaySeconds
    self.startBy = startBy
    self.startWithinSeconds = startWithinSeconds
    self.preemptible = preemptible
    self.graceSeconds = graceSeconds
    self.checkpointSignal = checkpointSignal
    self.maxCredits = maxCredits
    self.maxMicrocredits = maxMicrocredits
    self.after = after
    self.onDependencyFailure = onDependencyFailure
    self.batch = batch
    self.uniqueKey = uniqueKey
    self.uniqueSeconds = uniqueSeconds
    self.onDuplicate = onDuplicate
    self.array = array
    self.alternatives = alternatives
  }

  /// Another way to run a job. What is nil is as the job has it.
  public struct Alternative: Hashable, Codable, Sendable {
    public var tier: String?
    public var resources: ResourceOverride?

    public init(tier: String? = nil, resources: ResourceOverride? = nil) {
      self.tier = tier
      self.resources = resources
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case tier, resources }
  }

  /// What replaces the capability's own resource request; nil leaves its value.
  public struct ResourceOverride: Hashable, Codable, Sendable {
    public var cpuMillicores: Int64?
    public var memoryBytes: Int64?
    public var gpuThousandths: Int64?

    public init(cpuMillicores: Int64? = nil, memoryBytes: Int64? = nil, gpuThousandths: Int64? = nil) {
      self.cpuMillicores = cpuMillicores
      self.memoryBytes = memoryBytes
      self.gpuThousandths = gpuThousandths
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
      case cpuMillicores = "cpu_millicores"
      case memoryBytes = "memory_bytes"
      case gpuThousandths = "gpu_thousandths"
    }

    static let memberNames = CodingKeys.allCases.map(\.rawValue)

    /// Nil where it replaces nothing.
    public var unlessEmpty: ResourceOverride? { self == ResourceOverride() ? nil : self }
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case capability, name, labels, params, inputs, priority, tier, resources, alternatives, retry, after, batch
    case preemptible, array
    case graceSeconds = "grace_seconds"
    case checkpointSignal = "checkpoint_signal"
    case timeoutSeconds = "timeout_seconds"
    case runAt = "run_at"
    case delaySeconds = "delay_seconds"
    case startBy = "start_by"
    case startWithinSeconds = "start_within_seconds"
    case maxCredits = "max_credits"
    case maxMicrocredits = "max_microcredits"
    case unitsMax = "units_max"
    case onDependencyFailure = "on_dependency_failure"
    case uniqueKey = "unique_key"
    case uniqueSeconds = "unique_seconds"
    case onDuplicate = "on_duplicate"
  }

  /// The members of a body that may hold numbers that are not whole.
  public static let fractions: Set<String> = ["params", "max_credits", "retry"]

  /// The members a body may have, by the path of their object (`[]` for an element of a list); another one is refused
  /// rather than ignored.
  public static var members: [String: [String]] {
    [
      "": CodingKeys.allCases.map(\.rawValue), "resources": ResourceOverride.memberNames,
      "inputs[]": JobInput.memberNames, "array": ArrayRequest.CodingKeys.allCases.map(\.rawValue),
      "alternatives[]": Alternative.CodingKeys.allCases.map(\.rawValue),
      "alternatives[].resources": ResourceOverride.memberNames,
      "retry": RetryOverride.CodingKeys.allCases.map(\.rawValue),
    ]
  }
}

/// The answer to a job that would be accepted: 200 of `POST /v1/jobs:check`.
public struct JobCheck: Hashable, Codable, Sendable {
  public let estimate: JobAccepted.Estimate
  /// As of the answer to an accepted job.
  public let warnings: [SubmissionWarningView]?

  public init(estimate: JobAccepted.Estimate, warnings: [SubmissionWarningView]? = nil) {
    self.estimate = estimate
    self.warnings = warnings
  }
}

/// What is told of a submission that is accepted all the same, as a refusal would say it.
public struct SubmissionWarningView: Hashable, Codable, Sendable {
  /// `unsatisfiable`: of several ways to run it, no worker that is known could ever run this one.
  public let code: String
  public let detail: String

  public init(code: String, detail: String) {
    self.code = code
    self.detail = detail
  }
}

/// The answer to an accepted job: 202.
public struct JobAccepted: Hashable, Codable, Sendable {
  public let id: JobID
  public let state: JobState
  /// What is held for it now: nothing where it answers a repeated `Idempotency-Key` after the job's end.
  public let heldMicrocredits: Int64
  public let estimate: Estimate
  /// True when the job was accepted before: this answers a repeated `Idempotency-Key`, or a job with the same unique
  /// key, or a job that is done again already.
  public let isRepeat: Bool
  /// How many tasks there are, where this is an array; then `id` is that of `/v1/arrays/{id}`, nothing is held yet, and
  /// the estimate is of all tasks together.
  public let tasks: Int?
  /// What its owner should know although it was accepted; absent where there is nothing, and of a repeat.
  public let warnings: [SubmissionWarningView]?

  public init(
    id: JobID, state: JobState, heldMicrocredits: Int64, estimate: Estimate, isRepeat: Bool, tasks: Int? = nil,
    warnings: [SubmissionWarningView]? = nil
  ) {
    self.id = id
    self.state = state
    self.heldMicrocredits = heldMicrocredits
    self.estimate = estimate
    self.isRepeat = isRepeat
    self.tasks = tasks
    self.warnings = warnings
  }

  public struct Estimate: Hashable, Codable, Sendable {
    /// The most the job can be charged.
    public let chargeMaxMicrocredits: Int64

    public init(chargeMaxMicrocredits: Int64) { self.chargeMaxMicrocredits = chargeMaxMicrocredits }

    enum CodingKeys: String, CodingKey { case chargeMaxMicrocredits = "charge_max_microcredits" }
  }

  enum CodingKeys: String, CodingKey {
    case id, state, estimate, tasks, warnings
    case heldMicrocredits = "held_microcredits"
    case isRepeat = "repeat"
  }
}
