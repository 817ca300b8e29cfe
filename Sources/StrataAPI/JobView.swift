public import StrataCore

/// A job as `GET /v1/jobs/{id}` shows it. Times are RFC 3339 in UTC.
public struct JobView: Hashable, Codable, Sendable {
  public var id: JobID
  public var state: JobState
  /// The name the job was submitted under.
  public var capability: String
  /// What its owner calls it; absent where that is nothing.
  public var name: String?
  /// What its owner finds it by; absent where there is nothing.
  public var labels: [String: String]?
  public var tenant: TenantID
  public var tier: TierName
  public var priority: Int
  /// The capability's parameters, with defaults filled in; absent in listings.
  public var params: JSONValue?
  /// Absent in listings, and where there are none. Those that other jobs make are named so until it is known what they are.
  public var inputs: [JobInput]?
  /// What each attempt asks of a worker.
  public var resources: ResourceRequest?
  /// How else it may run, the preferred way first; absent where there is but one.
  public var alternatives: [Placement]?
  /// How long one attempt may take.
  public var timeoutSeconds: Int64?
  /// How many attempts it may have; those that were handed back or preempted do not count.
  public var attemptsMax: Int?
  /// Its retry policy; absent where it is the standard one, and in listings.
  public var retry: RetryPolicy?
  public var attempts: [AttemptView]
  /// While it runs and has said how far it is.
  public var progress: Progress?
  /// True while it runs and is being stopped because its owner has cancelled it; else absent.
  public var isCancelRequested: Bool?
  public var createdAt: String
  /// When it was to run at the earliest; absent where that was at once.
  public var runAt: String?
  /// It fails, or has failed, where no attempt of it has begun by then.
  public var startBy: String?
  /// How it is preempted; absent where it may not be.
  public var preemption: PreemptionTerms?
  /// How often it was; absent in listings, and where it never was.
  public var preemptions: Int?
  public var startedAt: String?
  public var finishedAt: String?
  /// What is held for it now: nothing once it has ended.
  public var heldMicrocredits: Int64
  /// The most it may be charged, and so what was held for it when it was accepted.
  public var chargeMaxMicrocredits: Int64
  /// The most units of its capability's meter that it may come to; absent where nothing is counted.
  public var unitsMax: Int64?
  public var costMicroeuro: Int64
  public var chargedMicrocredits: Int64
  public var results: [ArtifactReference]
  public var summary: JSONValue?
  public var error: AttemptError?
  /// Its place among the waiting jobs of its tenant that need the same, 0 for the next; absent unless it waits for a worker.
  public var jobsAhead: Int?
  /// Until when it waits; absent unless it waits for an instant.
  public var scheduledFor: String?
  /// The jobs that it was submitted to run after; absent in listings, and where there are none.
  public var after: [JobID]?
  /// What becomes of it where one of those fails or is cancelled; absent as `after` is.
  public var onDependencyFailure: DependencyPolicy?
  /// How many of them have not ended; absent unless it is blocked.
  public var waitsFor: Int?
  /// The batch it is in.
  public var batch: BatchID?
  public var uniqueKey: String?
  /// The ended job that this one does again.
  public var retryOf: JobID?
  /// The job that does this one again; absent in listings.
  public var retriedBy: JobID?
  /// The run of a schedule that it is; absent for a job that its owner submitted.
  public var schedule: ScheduledRunView?
  /// The task of an array that it is; absent for a job that stands for itself.
  public var task: TaskView?

  public init(
    id: JobID, state: JobState, capability: String, tenant: TenantID, tier: TierName, priority: Int,
    params: JSONValue? = nil, inputs: [JobInput]? = nil, resources: ResourceRequest? = nil,
    alternatives: [Placement]? = nil,
    timeoutSeconds: Int64? = nil, attemptsMax: Int? = nil,
    attempts: [AttemptView] = [], progress: Progress? = nil, isCancelRequested: Bool? = nil, createdAt: String,
    runAt: String? = nil,
    startBy: String? = nil, preemption: PreemptionTerms? = nil, preemptions: Int? = nil, startedAt: String? = nil,
    finishedAt: String? = nil, heldMicrocredits: Int64, chargeMaxMicrocredits: Int64, costMicroeuro: Int64 = 0,
    chargedMicrocredits: Int64 = 0,
    results: [ArtifactReference] = [], summary: JSONValue? = nil, error: AttemptError? = nil, jobsAhead: Int? = nil,
    scheduledFor: String? = nil, after: [JobID]? = nil, onDependencyFailure: DependencyPolicy? = nil,
    waitsFor: Int? = nil, batch: BatchID? = nil,
    uniqueKey: String? = nil, retryOf: JobID? = nil, retriedBy: JobID? = nil, schedule: ScheduledRunView? = nil,
    task: TaskView? = nil, name: String? = nil, labels: [String: String]? = nil, retry: RetryPolicy? = nil,
    unitsMax: Int64? = nil
  ) {
    self.id = id
    self.state = state
    self.capability = capability
    self.name = name
    self.labels = labels
    self.retry = retry
    self.tenant = tenant
    self.tier = tier
    self.priority = priority
    self.params = params
    self.inputs = inputs
    self.resources = resources
    self.alternatives = alternatives
    self.timeoutSeconds = timeoutSeconds
    self.attemptsMax = attemptsMax
    self.attempts = attempts
    self.progress = progress
    self.isCancelRequested = isCancelRequested
    self.createdAt = createdAt
    self.runAt = runAt
    self.startBy = startBy
    self.preemption = preemption
    self.preemptions = preemptions
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.heldMicrocredits = heldMicrocredits
    self.chargeMaxMicrocredits = chargeMaxMicrocredits
    self.unitsMax = unitsMax
    self.costMicroeuro = costMicroeuro
    self.chargedMicrocredits = chargedMicrocredits
    self.results = results
    self.summary = summary
    self.error = error
    self.jobsAhead = jobsAhead
    self.scheduledFor = scheduledFor
    self.after = after
    self.onDependencyFailure = onDependencyFailure
    self.waitsFor = waitsFor
    self.batch = batch
    self.uniqueKey = uniqueKey
    self.retryOf = retryOf
    self.retriedBy = retriedBy
    self.schedule = schedule
    self.task = task
  }

  /// Which task of which array a job is.
  public struct TaskView: Hashable, Codable, Sendable {
    public var array: ArrayID
    public var index: Int

    public init(array: ArrayID, index: Int) {
      self.array = array
      self.index = index
    }
  }

  public struct Progress: Hashable, Codable, Sendable {
    /// 0…1.
    public var fraction: Double?
    public var stage: String?

    public init(fraction: Double?, stage: String?) {
      self.fraction = fraction
      self.stage = stage
    }
  }

  enum CodingKeys: String, CodingKey {
    case id, state, capability, tenant, tier, priority, attempts, progress, results, summary, error, after, batch
    case schedule, task, preemption, preemptions, params, inputs, resources, alternatives, name, labels, retry
    case isCancelRequested = "cancel_requested"
    case timeoutSeconds = "timeout_seconds"
    case attemptsMax = "attempts_max"
    case createdAt = "created_at"
    case runAt = "run_at"
    case startBy = "start_by"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case heldMicrocredits = "held_microcredits"
    case chargeMaxMicrocredits = "charge_max_microcredits"
    case unitsMax = "units_max"
    case onDependencyFailure = "on_dependency_failure"
    case costMicroeuro = "cost_microeuro"
    case chargedMicrocredits = "charged_microcredits"
    case jobsAhead = "jobs_ahead"
    case scheduledFor = "scheduled_for"
    case waitsFor = "waits_for"
    case uniqueKey = "unique_key"
    case retryOf = "retry_of"
    case retriedBy = "retried_by"
  }
}

/// One attempt of a job, ended or running.
public struct AttemptView: Hashable, Codable, Sendable {
  public var attempt: Int
  /// Absent while it runs.
  public var ending: AttemptEnding?
  /// The class of the job that it was, or is being, preempted for; absent for one that was not.
  public var preemptedBy: Int?
  public var worker: WorkerID?
  /// Where it ran: the job's tier, or that of one of its alternatives.
  public var tier: TierName?
  public var startedAt: String?
  public var endedAt: String?
  public var usage: AttemptUsage?
  public var costMicroeuro: Int64?
  public var error: AttemptError?
  public var log: ArtifactReference?

  public init(
    attempt: Int, ending: AttemptEnding? = nil, preemptedBy: Int? = nil, worker: WorkerID? = nil,
    tier: TierName? = nil,
    startedAt: String? = nil,
    endedAt: String? = nil, usage: AttemptUsage? = nil, costMicroeuro: Int64? = nil, error: AttemptError? = nil,
    log: ArtifactReference? = nil
  ) {
    self.attempt = attempt
    self.ending = ending
    self.preemptedBy = preemptedBy
    self.worker = worker
    self.tier = tier
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.usage = usage
    self.costMicroeuro = costMicroeuro
    self.error = error
    self.log = log
  }

  enum CodingKeys: String, CodingKey {
    case attempt, ending, worker, tier, usage, error, log
    case preemptedBy = "preempted_by"
    case startedAt = "started_at"
    case endedAt = "ended_at"
    case costMicroeuro = "cost_microeuro"
  }
}

/// A page of a listing: pass `nextCursor` as `cursor` for the next one; absent on the last.
public struct Page<Item: Codable & Sendable>: Codable, Sendable {
  public let items: [Item]
  public let nextCursor: String?

  public init(items: [Item], nextCursor: String?) {
    self.items = items
    self.nextCursor = nextCursor
  }

  enum CodingKeys: String, CodingKey {
    case items
    case nextCursor = "next_cursor"
  }
}

extension Page: Equatable where Item: Equatable {}

/// What a tenant has: `GET /v1/account`.
public struct AccountView: Hashable, Codable, Sendable {
  public let tenant: TenantID
  public let name: String
  public let plan: String
  public let limitMicrocredits: Int64
  public let postedMicrocredits: Int64
  public let heldMicrocredits: Int64
  /// What new jobs may still hold.
  public let availableMicrocredits: Int64

  public init(
    tenant: TenantID, name: String, plan: String, limitMicrocredits: Int64, postedMicrocredits: Int64,
    heldMicrocredits: Int64
  ) {
    self.tenant = tenant
    self.name = name
    self.plan = plan
    self.limitMicrocredits = limitMicrocredits
    self.postedMicrocredits = postedMicrocredits
    self.heldMicrocredits = heldMicrocredits
    availableMicrocredits = limitMicrocredits - postedMicrocredits - heldMicrocredits
  }

  enum CodingKeys: String, CodingKey {
    case tenant, name, plan
    case limitMicrocredits = "limit_microcredits"
    case postedMicrocredits = "posted_microcredits"
    case heldMicrocredits = "held_microcredits"
    case availableMicrocredits = "available_microcredits"
  }
}

/// A capability as clients see it: `GET /v1/capabilities`.
public struct CapabilityView: Hashable, Codable, Sendable {
  public let name: String
  /// The capability behind a listing; the same as `name` for its own name.
  public let implementation: String
  public let version: Int
  public let summary: String
  public let tier: TierName
  public let price: Price
  public let timeoutSeconds: Int64
  public let attemptsMax: Int
  public let retry: RetryPolicy
  public let resources: ResourceRequest
  public let parameters: [ParameterDefinition]
  public let inputsMin: Int
  public let inputsMax: Int
  /// How a job is split over workers; absent where it cannot be.
  public let parts: Capability.Parts?
  /// What of its work is counted; absent where nothing is.
  public let meter: Capability.Meter?

  public init(_ capability: Capability, soldAs name: String, at price: Price) {
    self.name = name
    implementation = capability.name
    version = capability.version
    summary = capability.summary
    tier = capability.tier
    self.price = price
    timeoutSeconds = capability.timeoutSeconds
    attemptsMax = capability.attemptsMax
    retry = capability.retry
    resources = capability.resources
    parameters = capability.parameters
    inputsMin = capability.inputs.lowerBound
    inputsMax = capability.inputs.upperBound
    parts = capability.parts
    meter = capability.meter
  }

  enum CodingKeys: String, CodingKey {
    case name, implementation, version, summary, tier, price, retry, resources, parameters, parts, meter
    case timeoutSeconds = "timeout_seconds"
    case attemptsMax = "attempts_max"
    case inputsMin = "inputs_min"
    case inputsMax = "inputs_max"
  }
}

/// One server-sent event of a job, as JSON in its `data` field.
public struct JobEvent: Hashable, Codable, Sendable {
  public let job: JobID
  /// `started`, `progress`, `requeued`, or a final state's name.
  public let type: String
  public let attempt: Int?
  public let fraction: Double?
  public let stage: String?
  /// Why the attempt ended, on `requeued`.
  public let ending: AttemptEnding?
  /// The class of the job that it was preempted for, on `requeued`.
  public let preemptedBy: Int?

  public init(
    job: JobID, type: String, attempt: Int? = nil, fraction: Double? = nil, stage: String? = nil,
    ending: AttemptEnding? = nil, preemptedBy: Int? = nil
  ) {
    self.job = job
    self.type = type
    self.attempt = attempt
    self.fraction = fraction
    self.stage = stage
    self.ending = ending
    self.preemptedBy = preemptedBy
  }

  enum CodingKeys: String, CodingKey {
    case job, type, attempt, fraction, stage, ending
    case preemptedBy = "preempted_by"
  }
}
