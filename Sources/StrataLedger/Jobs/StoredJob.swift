public import StrataCore

/// A job as the ledger has it. Whether an unfinished one runs at the moment, only the queue knows.
public struct StoredJob: Hashable, Sendable {
  /// What the worker was or will be told; names the job and its tenant.
  public let order: WorkOrder
  public let soldAs: String
  public let tier: TierName
  public let priority: JobPriority
  public let attemptsMax: Int
  /// `.blocked` or `.queued` until it is final.
  public let state: JobState
  /// The most it may be charged.
  public let held: MicroCredits
  public let createdAt: Timestamp
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
  /// The jobs that it was submitted to run after; empty in listings.
  public let after: [JobID]
  /// What becomes of it when one of them does not succeed.
  public let dependencyPolicy: DependencyPolicy
  /// How many of them it still waits for.
  public let blockers: Int

  public var id: JobID { order.job }
  public var tenant: TenantID { order.tenant }
}

extension StoredJob {
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let id: JobID = try row.identifier()
    let tenant: TenantID = try row.identifier()
    let capability = (name: try row.text(), version: Int(try row.integer()))
    soldAs = try row.text()
    tier = try row.named()
    priority = try row.required(JobPriority(rawValue: Int(row.integer())))
    attemptsMax = Int(try row.integer())
    order = try WorkOrder(job: id, tenant: tenant, capability: capability, &row)
    state = try row.named()
    held = try row.amount()
    createdAt = try row.timestamp()
    finishedAt = try row.optionalTimestamp()
    error = try row.optionalDocument()
    results = try row.optionalDocument() ?? []
    summaryJSON = row.optionalText()
    log = try row.optionalDocument()
    charged = try row.optionalAmount()
    cost = try row.optionalAmount()
    after = try row.optionalDocument() ?? []
    dependencyPolicy =
      try row.optionalText().map { text throws(PostgreSQLError) in
        try row.required(DependencyPolicy(rawValue: text))
      } ?? .fail
    blockers = Int(try row.integer())
  }
}

extension WorkOrder {
  /// From the columns params, inputs, timeout_seconds, cpu_millicores, memory_bytes.
  init(
    job: JobID, tenant: TenantID, capability: (name: String, version: Int), _ row: inout PostgreSQLRow
  ) throws(PostgreSQLError) {
    self.init(
      job: job, tenant: tenant, capability: capability.name, version: capability.version,
      parametersJSON: try row.text(), inputs: try row.optionalDocument() ?? [], timeoutSeconds: try row.integer(),
      resources: ResourceRequest(cpuMillicores: try row.integer(), memoryBytes: try row.integer()))
  }
}

extension PostgreSQLRow {
  /// A `json` column that holds a `Value`.
  mutating func optionalDocument<Value: Decodable>() throws(PostgreSQLError) -> Value? {
    guard let text = optionalText() else { return nil }
    return try JSONText.decode(Value.self, text)
  }
}
