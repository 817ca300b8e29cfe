/// What a worker needs to know to run a job: the queue's payload, as JSON.
public struct WorkOrder: Hashable, Codable, Sendable {
  public var job: JobID
  public let tenant: TenantID
  /// The capability's own name, never the name it was sold under.
  public let capability: String
  public let version: Int
  /// The checked parameters with defaults filled in, as a JSON object's text.
  public var parametersJSON: String
  public var inputs: [ArtifactReference]
  public let timeoutSeconds: Int64
  public var resources: ResourceRequest
  /// Which errors are tried again, and after how long; nil for `RetryPolicy.standard`, which goes without saying. How
  /// many attempts there are is the queue's to count.
  public let retry: RetryPolicy?
  /// Which task of which array it is; nil for a job that stands for itself.
  public var task: ArrayTask?
  /// How it is preempted; nil where it may not be.
  public let preemption: PreemptionTerms?

  /// How it may run where it cannot run with its resources on its tier, the preferred way first; nil where there is but one
  /// way.
  public var alternatives: [Placement]?
  /// The most units of its capability's meter that it may come to: what is held for. Nil where nothing is counted.
  public var unitsMax: Int64?

  public init(
    job: JobID, tenant: TenantID, capability: String, version: Int, parametersJSON: String,
    inputs: [ArtifactReference], timeoutSeconds: Int64, resources: ResourceRequest,
    retry: RetryPolicy? = nil, task: ArrayTask? = nil, preemption: PreemptionTerms? = nil,
    alternatives: [Placement]? = nil, unitsMax: Int64? = nil
  ) {
    self.job = job
    self.tenant = tenant
    self.capability = capability
    self.version = version
    self.parametersJSON = parametersJSON
    self.inputs = inputs
    self.timeoutSeconds = timeoutSeconds
    self.resources = resources
    self.retry = retry
    self.task = task
    self.preemption = preemption
    self.alternatives = alternatives
    self.unitsMax = unitsMax
  }

  /// All ways to run it on `tier`, the preferred one first.
  public func placements(on tier: TierName) -> [Placement] {
    [Placement(tier: tier, resources: resources)] + (alternatives ?? [])
  }

  /// The order as it runs in one of these ways: with its resources, and without another. The preferred one where there is no
  /// such way.
  public func placed(_ rank: Int) -> WorkOrder {
    guard let alternatives else { return self }
    var order = self
    order.alternatives = nil
    if rank > 0, alternatives.indices.contains(rank - 1) { order.resources = alternatives[rank - 1].resources }
    return order
  }

  /// The most cores of any way to run it: what its hold covers.
  public var cpuMillicoresMax: Int64 {
    (alternatives ?? []).reduce(resources.cpuMillicores) { max($0, $1.resources.cpuMillicores) }
  }

  /// All the processor time that an attempt may use with its resources: its cores for its whole time. Where that would be
  /// more than 292 million years, it is that.
  public var processorTimeMax: Duration {
    let (milliseconds, isOver) = resources.cpuMillicores.multipliedReportingOverflow(by: timeoutSeconds)
    return .milliseconds(isOver ? .max : milliseconds)
  }

  enum CodingKeys: String, CodingKey {
    case job, tenant, capability, version, inputs, resources, retry, task, preemption, alternatives
    case parametersJSON = "parameters"
    case timeoutSeconds = "timeout_seconds"
    case unitsMax = "units_max"
  }
}

/// What a worker says of an attempt that has ended: the queue's report, as JSON.
public struct AttemptReport: Hashable, Codable, Sendable {
  public var usage: AttemptUsage
  /// What the attempt left behind; kept even where it failed.
  public var results: [ArtifactReference]
  /// The capability's own account of its work, as a JSON object's text (points read, exit status, …).
  public var summaryJSON: String?
  public var error: AttemptError?
  /// Everything the attempt printed, as an artifact.
  public var log: ArtifactReference?

  public init(
    usage: AttemptUsage, results: [ArtifactReference] = [], summaryJSON: String? = nil,
    error: AttemptError? = nil, log: ArtifactReference? = nil
  ) {
    self.usage = usage
    self.results = results
    self.summaryJSON = summaryJSON
    self.error = error
    self.log = log
  }

  enum CodingKeys: String, CodingKey {
    case usage, results, error, log
    case summaryJSON = "summary"
  }
}
