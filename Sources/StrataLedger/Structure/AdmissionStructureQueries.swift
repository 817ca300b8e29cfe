import StrataCore

/// Reads and writes how submissions stand to other jobs; costs nothing where all stand alone.
struct AdmissionStructureQueries {
  private let after: Set<JobID>
  private let batches: Set<BatchID>
  private let keys: Set<AdmissionStructure.TenantKey>
  private let retried: Set<JobID>

  init(_ batch: [JobSubmission]) {
    after = Set(batch.flatMap(\.structure.after))
    batches = Set(batch.compactMap(\.structure.batch))
    keys = Set(
      batch.compactMap { submission in
        submission.structure.unique.map { AdmissionStructure.TenantKey(tenant: submission.tenant, key: $0.key) }
      })
    retried = Set(batch.compactMap(\.structure.retryOf))
  }

  /// None where all stand alone, else all, in order.
  var reading: [PostgreSQLCommand] {
    guard !after.isEmpty || !batches.isEmpty || !keys.isEmpty || !retried.isEmpty else { return [] }
    let keys = Array(keys)
    return [
      Query.findDependencies(.identifiers(Array(after))), Query.findBatches(.identifiers(Array(batches))),
      Query.findClaims(.identifiers(keys.map(\.tenant)), .texts(keys.map(\.key))),
      Query.findRetries(.identifiers(Array(retried))),
    ]
  }

  func read(_ rows: some Collection<PostgreSQLRows>) throws(PostgreSQLError) -> AdmissionStructure {
    var structure = AdmissionStructure()
    guard rows.count == 4 else { return structure }
    let rows = Array(rows)
    for (job, dependency) in try rows[0].map(Self.dependency) { structure.dependencies[job] = dependency }
    for (batch, known) in try rows[1].map(Self.batch) { structure.batches[batch] = known }
    for (key, claim) in try rows[2].map(Self.claim) { structure.claims[key] = claim }
    for (job, retry) in try rows[3].map(Self.retry) { structure.retries[job] = retry }
    return structure
  }

  private static func dependency(
    _ row: inout PostgreSQLRow
  ) throws(PostgreSQLError) -> (JobID, AdmissionStructure.Dependency) {
    let job: JobID = try row.identifier()
    return (job, AdmissionStructure.Dependency(tenant: try row.identifier(), state: try row.named()))
  }

  private static func batch(_ row: inout PostgreSQLRow) throws(PostgreSQLError) -> (BatchID, AdmissionStructure.Batch) {
    let batch: BatchID = try row.identifier()
    return (batch, AdmissionStructure.Batch(tenant: try row.identifier(), isOpen: try row.boolean()))
  }

  private static func claim(
    _ row: inout PostgreSQLRow
  ) throws(PostgreSQLError) -> (AdmissionStructure.TenantKey, AdmissionStructure.Claim) {
    let key = AdmissionStructure.TenantKey(tenant: try row.identifier(), key: try row.text())
    let until = try row.optionalTimestamp()
    return (key, AdmissionStructure.Claim(job: try AcceptedJob(&row), until: until))
  }

  private static func retry(_ row: inout PostgreSQLRow) throws(PostgreSQLError) -> (JobID, AcceptedJob) {
    let job: JobID = try row.identifier()
    return (job, try AcceptedJob(&row))
  }

  // MARK: Writing

  static func writing(_ decision: AdmissionDecision) -> [PostgreSQLCommand] {
    dependencies(decision) + batches(decision) + claims(decision)
  }

  /// What jobs wait for, and whose end is still to be told to them.
  private static func dependencies(_ decision: AdmissionDecision) -> [PostgreSQLCommand] {
    let edges = decision.acceptances.flatMap { acceptance in
      acceptance.waits.map { (needs: $0, job: acceptance.submission.job) }
    }
    guard !edges.isEmpty else { return [] }
    let insertion = Query.insertDependencies(.identifiers(edges.map(\.needs)), .identifiers(edges.map(\.job)))
    guard !decision.untold.isEmpty else { return [insertion] }
    return [insertion, Query.noteResolutions(.identifiers(Array(decision.untold)))]
  }

  private static func batches(_ decision: AdmissionDecision) -> [PostgreSQLCommand] {
    var growth: [BatchID: (jobs: Int64, held: Int64)] = [:]
    for acceptance in decision.acceptances {
      guard let batch = acceptance.submission.structure.batch else { continue }
      let grown = growth[batch] ?? (0, 0)
      growth[batch] = (grown.jobs + 1, grown.held + acceptance.hold.micros)
    }
    guard !growth.isEmpty else { return [] }
    let all = Array(growth)
    return [
      Query.growBatches(
        .identifiers(all.map(\.key)), .integers(all.map(\.value.jobs)), .integers(all.map(\.value.held)))
    ]
  }

  private static func claims(_ decision: AdmissionDecision) -> [PostgreSQLCommand] {
    // Of two jobs with one key in a batch the later one, whose time begins after the other's is over.
    var claims: [AdmissionStructure.TenantKey: (job: JobID, until: Timestamp?)] = [:]
    for submission in decision.acceptances.map(\.submission) {
      guard let unique = submission.structure.unique else { continue }
      let until = unique.seconds.map { submission.createdAt + .seconds($0) }
      claims[AdmissionStructure.TenantKey(tenant: submission.tenant, key: unique.key)] = (submission.job, until)
    }
    guard !claims.isEmpty else { return [] }
    let all = Array(claims)
    return [
      Query.claimKeys(
        .identifiers(all.map(\.key.tenant)), .texts(all.map(\.key.key)), .identifiers(all.map(\.value.job)),
        .timestamps(all.map(\.value.until)))
    ]
  }
}

extension AcceptedJob {
  /// From the columns id, state, hold_amount, created_at.
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    self.init(
      job: try row.identifier(), state: try row.named(), held: try row.amount(), createdAt: try row.timestamp())
  }
}
