public import StrataCore

extension Ledger {
  /// One job, nil where there is none or it is another tenant's.
  ///
  /// - Parameter tenant: nil reads any tenant's, for the operator.
  public func job(_ id: JobID, tenant: TenantID?) async throws(LedgerError) -> StoredJob? {
    try await read(Query.findJob(.identifier(id), .identifier(tenant))) { row throws(PostgreSQLError) in
      try StoredJob(&row)
    }.first
  }

  /// Those of `jobs` that there are, of whichever tenants.
  public func jobs(_ jobs: [JobID]) async throws(LedgerError) -> [JobID: StoredJob] {
    let found = try await read(Query.findJobs(.identifiers(jobs))) { row throws(PostgreSQLError) in
      try StoredJob(&row)
    }
    return Dictionary(found.map { ($0.id, $0) }) { first, _ in first }
  }

  /// Jobs, newest first.
  ///
  /// - Parameters:
  ///   - cursor: the last job of the page before; nil for the first page.
  ///   - limit: at most this many, and never more than `LedgerLimits.pageMax`.
  public func jobs(
    _ filter: JobFilter, before cursor: JobID? = nil, limit: Int = 50
  ) async throws(LedgerError) -> [StoredJob] {
    let query = PostgreSQLCommand(
      statement: Query.listJobs, parameters: filter.parameters + [.identifier(cursor), .integer(page(limit))])
    return try await read(query) { row throws(PostgreSQLError) in try StoredJob(&row) }
  }

  /// Jobs that failed, or were cancelled, and that no other does again, oldest first, with what they ran after.
  ///
  /// - Parameter cursor: the last job of the page before; nil for the first page.
  public func retryable(
    _ filter: JobFilter, after cursor: JobID? = nil, limit: Int
  ) async throws(LedgerError) -> [StoredJob] {
    let query = PostgreSQLCommand(
      statement: Query.listRetryable, parameters: filter.parameters + [.identifier(cursor), .integer(page(limit))])
    return try await read(query) { row throws(PostgreSQLError) in try StoredJob(&row) }
  }

  /// The jobs that do others again, by those; each is done again by one at most.
  public func retries(of jobs: [JobID]) async throws(LedgerError) -> [JobID: AcceptedJob] {
    let pairs = try await read(Query.findRetries(.identifiers(jobs))) { row throws(PostgreSQLError) in
      (try row.identifier() as JobID, try AcceptedJob(&row))
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// Those of a tenant's newest `LedgerLimits.alikeScanMax` jobs that `part` may mean, newest first, at most `limit`.
  ///
  /// - Complexity: O(jobs looked at), a microsecond each.
  ///
  /// - Parameter tenant: nil for any tenant's, as operators may ask.
  public func jobs(
    of tenant: TenantID?, like part: IdentifierPart<JobTag>, limit: Int
  ) async throws(LedgerError) -> [JobID] {
    let (beginning, end) = (part.beginning, part.end)
    return try await read(
      Query.findAlike(
        .identifier(tenant), .identifier(beginning?.lowerBound), .identifier(beginning?.upperBound),
        .integer(Int64(bitPattern: end.mask)), .integer(Int64(bitPattern: end.value)),
        .integer(Int64(limits.alikeScanMax)), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try row.identifier() as JobID }.filter(part.matches)
  }

  /// Forgets unique keys whose time is over; they hold nothing any more.
  ///
  /// - Returns: how many; repeat it while that is `LedgerLimits.pageMax`.
  @discardableResult
  public func expireKeys() async throws(LedgerError) -> Int {
    try await read(Query.expireKeys(.integer(page(.max)))) { _ in }.count
  }

  /// The ended attempts of a job, oldest first.
  public func attempts(of job: JobID) async throws(LedgerError) -> [StoredAttempt] {
    try await read(Query.listAttempts(.identifier(job))) { row throws(PostgreSQLError) in try StoredAttempt(&row) }
  }

  /// Jobs that the queue should hold, oldest first, a page at a time: pass the last one's identifier to go on.
  public func unfinished(after cursor: JobID? = nil, limit: Int) async throws(LedgerError) -> [UnfinishedJob] {
    try await read(
      Query.listUnfinished(.identifier(cursor), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try UnfinishedJob(&row) }
  }

  /// Unfinished jobs whose identifiers lie between two others, oldest first; see `JobID.first(at:)`.
  ///
  /// - Complexity: one look at each unfinished job between them.
  public func unfinished(after first: JobID, before last: JobID, limit: Int) async throws(LedgerError) -> [JobID] {
    try await read(
      Query.listAccepted(.identifier(first), .identifier(last), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try row.identifier() }
  }

  /// The unfinished jobs of a tenant, oldest first, at most `limit`: their identifiers alone, so that many cost little.
  public func unfinished(of tenant: TenantID, limit: Int) async throws(LedgerError) -> [JobID] {
    try await read(
      Query.listTenantUnfinished(.identifier(tenant), .integer(Int64(limit)))
    ) { row throws(PostgreSQLError) in try row.identifier() }
  }

  /// The states of those of `jobs` that the ledger knows.
  public func states(of jobs: [JobID]) async throws(LedgerError) -> [JobID: JobState] {
    let pairs = try await read(Query.findStates(.identifiers(jobs))) { row throws(PostgreSQLError) in
      (try row.identifier() as JobID, try row.named() as JobState)
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// Notes that the owner of a job wants it cancelled, so that a queue that forgets it does not bring the job back.
  /// Changes nothing on a finished job.
  public func requestCancel(of job: JobID) async throws(LedgerError) {
    try await change(.idempotent, Query.requestCancel(.identifier(job)))
  }

  /// The same of many.
  public func requestCancel(of jobs: [JobID]) async throws(LedgerError) {
    try await change(.idempotent, Query.requestCancels(.identifiers(jobs)))
  }

  /// Unfinished jobs whose owners want them cancelled, oldest first, a page at a time: pass the last one to go on.
  ///
  /// - Complexity: one look at each unfinished job.
  public func cancelling(after cursor: JobID? = nil, limit: Int) async throws(LedgerError) -> [JobID] {
    try await read(Query.listCancelling(.identifier(cursor), .integer(page(limit)))) { row throws(PostgreSQLError) in
      try row.identifier()
    }
  }

  /// Counts one more restoring of each of these jobs because an entry of the queue could not be read. Finished ones are
  /// passed over.
  ///
  /// - Throws: `.disconnected` where nobody knows whether it was counted. It is not repeated here: that would count twice.
  public func countUnreadable(_ jobs: [JobID]) async throws(LedgerError) {
    try await change(.once, Query.countUnreadable(.identifiers(jobs)))
  }

  /// How often each of those of `jobs` that are unfinished was restored because an entry of the queue could not be read.
  public func unreadableRestores(of jobs: [JobID]) async throws(LedgerError) -> [JobID: Int] {
    let pairs = try await read(Query.findUnreadable(.identifiers(jobs))) { row throws(PostgreSQLError) in
      (try row.identifier() as JobID, Int(try row.integer()))
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// How often each of those of `jobs` was preempted that ever was.
  public func preemptions(of jobs: [JobID]) async throws(LedgerError) -> [JobID: Int] {
    let pairs = try await read(Query.countPreemptions(.identifiers(jobs))) { row throws(PostgreSQLError) in
      (try row.identifier() as JobID, Int(try row.integer()))
    }
    return Dictionary(pairs) { first, _ in first }
  }

  public func nextGeneration() async throws(LedgerError) -> QueueGeneration {
    let passed = PostgreSQLParameter.integer(Int64(QueueGeneration.tokensPassed))
    let generations = try await exchange(Query.nextGeneration(passed)) { row throws(PostgreSQLError) in
      QueueGeneration(
        number: UInt64(try row.integer()), tokenFloor: FencingToken(rawValue: UInt64(bitPattern: try row.integer())))
    }
    guard let generation = generations.first else {
      throw .database(PostgreSQLError(.malformed, message: "a generation has no row"))
    }
    return generation
  }

  func page(_ limit: Int) -> Int64 { Int64(max(0, min(limit, limits.pageMax))) }
}
