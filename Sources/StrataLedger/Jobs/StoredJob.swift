public import StrataCore

/// A job as the ledger has it. Whether an unfinished one runs at the moment, only the queue knows.
public struct StoredJob: Hashable, Sendable {
  /// What the worker was or will be told; names the job and its tenant.
  public let order: WorkOrder
  /// Inputs that are not known yet, or never became known; nil where the order has all.
  public let awaited: AwaitedInputs?
  public let soldAs: String
  /// What its owner calls it and finds it by.
  public let metadata: JobMetadata
  public let tier: TierName
  public let priority: JobPriority
  public let attemptsMax: Int
  /// `.blocked` or `.queued` until it is final.
  public let state: JobState
  /// The most it may be charged.
  public let held: MicroCredits
  public let createdAt: Timestamp
  /// When it was to run at the earliest; nil for at once.
  public let runAt: Timestamp?
  /// It fails, or has failed, where no attempt of it has begun by then.
  public let startBy: Timestamp?
  public let finishedAt: Timestamp?
  public let error: AttemptError?
  public let results: [ArtifactReference]
  /// The capability's own account of its work, as a JSON object's text.
  public let summaryJSON: String?
  /// Everything the last attempt printed.
  public let log: ArtifactReference?
  /// nil until it is finished.
  public let charged: MicroCredits?
  /// What all its attempts cost us; nil until it is finished.
  public let cost: MicroEuro?
  /// How it stands to others; `after` is empty in listings.
  public let structure: JobStructure
  /// How many of those in `after` it still waits for.
  public let blockers: Int
  /// The job that does it again; nil in listings.
  public let retriedBy: JobID?
  /// The run of a schedule that it is; nil for one that its owner submitted.
  public let occurrence: ScheduleOccurrence?
  /// The name of that schedule; nil once it is deleted.
  public let scheduleName: String?

  /// All that it is to work on, in the order in which it was named.
  public var inputs: [JobInput] { awaited?.amid(order.inputs) ?? order.inputs.map(JobInput.artifact) }

  public var id: JobID { order.job }
  public var tenant: TenantID { order.tenant }
}

extension StoredJob {
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let id: JobID = try row.identifier()
    let tenant: TenantID = try row.identifier()
    let capability = (name: try row.text(), version: Int(try row.integer()))
    soldAs = try row.text()
    metadata = JobMetadata(name: row.optionalText(), labels: try row.optionalDocument() ?? [:])
    tier = try row.named()
    priority = try row.required(JobPriority(rawValue: Int(row.integer())))
    attemptsMax = Int(try row.integer())
    order = try WorkOrder(job: id, tenant: tenant, capability: capability, &row)
    awaited = try row.optionalDocument()
    state = try row.named()
    held = try row.amount()
    createdAt = try row.timestamp()
    runAt = try row.optionalTimestamp()
    startBy = try row.optionalTimestamp()
    finishedAt = try row.optionalTimestamp()
    error = try row.optionalDocument()
    results = try row.optionalDocument() ?? []
    summaryJSON = row.optionalText()
    log = try row.optionalDocument()
    charged = try row.optionalAmount()
    cost = try row.optionalAmount()
    structure = try JobStructure(&row)
    blockers = Int(try row.integer())
    retriedBy = try row.optionalIdentifier()
    occurrence = try ScheduleOccurrence(&row)
    scheduleName = row.optionalText()
  }
}

extension ScheduleOccurrence {
  /// From the columns schedule, schedule_instant; nil for a job that no schedule made.
  fileprivate init?(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let (schedule, instant): (ScheduleID?, Timestamp?) = (try row.optionalIdentifier(), try row.optionalTimestamp())
    guard let schedule else { return nil }
    self.init(schedule: schedule, instant: instant)
  }
}

extension JobStructure {
  /// From the columns after, on_dependency, batch, unique_key, unique_seconds, retry_of.
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let after: [JobID] = try row.optionalDocument() ?? []
    let policy = row.optionalText().flatMap(DependencyPolicy.init) ?? .fail
    let batch: BatchID? = try row.optionalIdentifier()
    let (key, seconds) = (row.optionalText(), try row.optionalInteger())
    self.init(
      after: after, dependencyPolicy: policy, batch: batch, unique: key.map { UniqueKey($0, seconds: seconds) },
      retryOf: try row.optionalIdentifier())
  }
}

extension WorkOrder {
  /// From the columns params, inputs, timeout_seconds, cpu_millicores, memory_bytes, gpu_thousandths, retry, task,
  /// preemption, alternatives, units_max.
  init(
    job: JobID, tenant: TenantID, capability: (name: String, version: Int), _ row: inout PostgreSQLRow
  ) throws(PostgreSQLError) {
    self.init(
      job: job, tenant: tenant, capability: capability.name, version: capability.version,
      parametersJSON: try row.text(), inputs: try row.list(), timeoutSeconds: try row.integer(),
      resources: ResourceRequest(
        cpuMillicores: try row.integer(), memoryBytes: try row.integer(), gpuThousandths: try row.integer()),
      retry: try row.optionalDocument(), task: try row.optionalDocument(), preemption: try row.optionalDocument(),
      alternatives: try row.optionalDocument(), unitsMax: try row.optionalInteger())
  }
}

extension PostgreSQLRow {
  /// A `json` column that holds a list, none of which is the usual one.
  fileprivate mutating func list<Item: Decodable>() throws(PostgreSQLError) -> [Item] {
    guard let text = optionalText(), text != "[]" else { return [] }
    return try JSONText.decode([Item].self, text)
  }

  /// A `json` column that holds a `Value`.
  mutating func optionalDocument<Value: Decodable>() throws(PostgreSQLError) -> Value? {
    guard let text = optionalText() else { return nil }
    return try JSONText.decode(Value.self, text)
  }
}
