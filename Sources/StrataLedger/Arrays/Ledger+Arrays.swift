public import StrataCore

extension Ledger {
  /// Judges one task of an array as an admission would, and stores the array, with none of its tasks: two rows, however
  /// many there are. Whoever makes the tasks is woken.
  ///
  /// - Parameter pendingMax: how many arrays with tasks to make a tenant may have.
  public func submit(
    _ array: ArraySubmission, pendingMax: Int
  ) async throws(LedgerError) -> ArrayVerdict {
    try await perform { session throws(PostgreSQLError) in
      do throws(PostgreSQLError) {
        return try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
          try ArrayTransaction.submit(array, pendingMax, transaction)
        }
      } catch {
        guard error.isDueToValues else { throw error }
        return .refused(.invalid(error.message))
      }
    }
  }

  /// nil where the tenant has no such array.
  ///
  /// - Parameter tenant: nil reads any tenant's, for the operator.
  public func array(_ id: ArrayID, tenant: TenantID?) async throws(LedgerError) -> StoredArray? {
    try await read(Query.findArray(.identifier(id), .identifier(tenant))) { row throws(PostgreSQLError) in
      try StoredArray(&row)
    }.first
  }

  /// A tenant's arrays, newest first, a page at a time: pass the last one to go on.
  ///
  /// - Parameter withTasksToMake: only those that have some.
  public func arrays(
    of tenant: TenantID, before cursor: ArrayID? = nil, withTasksToMake: Bool = false, limit: Int
  ) async throws(LedgerError) -> [StoredArray] {
    try await read(
      Query.listArrays(.identifier(tenant), .identifier(cursor), .integer(page(limit)), .boolean(withTasksToMake))
    ) { row throws(PostgreSQLError) in try StoredArray(&row) }
  }

  /// Arrays of whichever tenant that may go on, oldest first, a page at a time.
  ///
  /// - Complexity: one look at each of them, and at each tenant who lacks credits for any; none at other arrays.
  public func dueArrays(
    at now: Timestamp = .now, after cursor: ArrayID? = nil, limit: Int
  ) async throws(LedgerError) -> [StoredArray] {
    try await read(
      Query.listDueArrays(.identifier(cursor), .timestamp(now), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try StoredArray(&row) }
  }

  /// Whether any array has tasks to make.
  public func arePendingArrays() async throws(LedgerError) -> Bool {
    try await read(Query.pendingArraysExist()) { row throws(PostgreSQLError) in try row.boolean() }.first ?? false
  }

  /// Makes tasks, in order, up to the first that is refused: their jobs, their holds and the array's progress are one
  /// transaction. Of two who make the same the second finds it done.
  ///
  /// - Parameter making: at most `LedgerLimits.batchMax` tasks.
  public func make(_ making: ArrayMaking) async throws(LedgerError) -> ArrayStep {
    try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        try ArrayTransaction.make(making, transaction)
      }
    }
  }

  /// Notes why no more tasks of arrays are made, and until when those are left alone.
  public func hold(_ holds: [ArrayHold]) async throws(LedgerError) {
    try await change(
      .idempotent,
      Query.holdArrays(
        .identifiers(holds.map(\.array)), .texts(holds.map(\.obstacle.code)), .texts(holds.map(\.obstacle.message)),
        .timestamps(holds.map(\.lookAt))))
  }

  /// Notes that an array has as many unfinished tasks as it may, unless it has fewer by now.
  ///
  /// - Parameter refillAt: how many are unfinished at most when more are made.
  public func fill(_ array: StoredArray, refillAt: Int) async throws(LedgerError) {
    try await perform { session throws(PostgreSQLError) in
      // Under the account's lock nobody ends tasks meanwhile.
      _ = try session.run(
        .idempotent,
        [
          Query.lockAccounts(.identifiers([array.tenant])),
          Query.fillArray(.identifier(array.id), .integer(Int64(refillAt))),
        ])
    }
  }

  /// Cancels tasks: those that are not made never will be, the wish for the others is noted.
  ///
  /// - Parameter positions: which; nil for all.
  /// - Returns: nil where the tenant has no such array.
  public func cancel(
    _ positions: PositionSet?, of array: ArrayID, tenant: TenantID
  ) async throws(LedgerError) -> ArrayCancellation? {
    try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        try ArrayTransaction.cancel(positions, array, tenant, transaction)
      }
    }
  }

  /// The tasks of an array that are made and have not ended, in order.
  public func unfinishedTasks(of array: ArrayID) async throws(LedgerError) -> [JobID] {
    try await read(Query.listUnfinishedTasks(.identifier(array.batch))) { row throws(PostgreSQLError) in
      try row.identifier()
    }
  }

  /// The tasks of an array that failed, in order.
  ///
  /// - Parameters:
  ///   - cursor: only those after this one.
  ///   - isUnmended: only those that no job does again by itself.
  public func failedTasks(
    of array: ArrayID, after cursor: JobID? = nil, isUnmended: Bool = false, limit: Int
  ) async throws(LedgerError) -> [JobID] {
    try await read(
      Query.listFailedTasks(
        .identifier(array.batch), .identifier(cursor), .boolean(isUnmended), .integer(Int64(limit)))
    ) { row throws(PostgreSQLError) in try row.identifier() }
  }
}

/// What arrays need of transactions that hold their tenants' accounts.
enum ArrayTransaction {
  static func submit(
    _ array: ArraySubmission, _ pendingMax: Int, _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> ArrayVerdict {
    // To an admission the array looks like a job of its identifier: its repeats are found in the same way.
    var decision = try AdmissionTransaction.read([array.task], transaction)
    decision.decide([array.task])
    switch decision.verdicts.first {
    case .existing(let known)?: return .existing(ArrayID(known.job))
    case .refused(let refusal)?: return .refused(refusal)
    case .accepted(let job)?:
      guard !decision.acceptances.isEmpty else { return .accepted(array.id, holdEach: job.held) }
      let counts = try transaction.run(
        Query.countPendingArrays(.identifier(array.task.tenant), .identifier(array.retryOf)))[0]
      let (pending, retry) =
        try counts.first { row throws(PostgreSQLError) in
          (Int(try row.integer()), try row.optionalIdentifier() as ArrayID?)
        } ?? (0, nil)
      if let retry { return .existing(retry) }
      guard pending < pendingMax else { return .tooMany }
      _ = try transaction.commit(insertion(array, job.held), Query.notifyArrays())
      return .accepted(array.id, holdEach: job.held)
    case nil: return .refused(.unknownTenant(array.task.tenant))
    }
  }

  private static func insertion(_ array: ArraySubmission, _ hold: MicroCredits) -> PostgreSQLCommand {
    let task = array.task
    return Query.insertArray(
      .identifier(array.id), .identifier(task.tenant), .text(task.idempotencyKey), .bytes(task.fingerprint),
      .text(array.draftJSON), .text(array.indexes.storedText), .integer(Int64(array.indexes.count)),
      .integer(array.runningMax.map { Int64($0) }), .timestamp(task.runAt), .text(JSONText.encode(array.span)),
      .integer(hold.micros), .identifier(array.retryOf), .timestamp(task.createdAt))
  }

  static func make(_ making: ArrayMaking, _ transaction: PostgreSQLTransaction) throws(PostgreSQLError) -> ArrayStep {
    let submissions = making.tasks.map(\.submission)
    var step = ArrayStep()
    var decision = try AdmissionTransaction.read(submissions, transaction)
    let array = try lock(making.array.id, making.array.tenant, transaction)
    guard let array, array.next == making.array.next, array.dropped == making.array.dropped else {
      step.isStale = true
      step.made = submissions.compactMap { decision.known($0.job) }
      return step
    }
    var next = array.next
    for (position, submission) in making.tasks {
      decision.decide([submission])
      guard case .accepted(let job)? = decision.verdicts.last else { break }
      step.made.append(job)
      next = array.dropped.gap(from: position + 1)
    }
    if case .refused(let refusal)? = decision.verdicts.last { step.refusal = refusal }
    let writes = decision.acceptances.isEmpty ? [] : AdmissionTransaction.writes(decision)
    _ = try transaction.commit(writes + advance(array, to: next, step, making))
    return step
  }

  static func cancel(
    _ positions: PositionSet?, _ id: ArrayID, _ tenant: TenantID, _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> ArrayCancellation? {
    let first = try transaction.run(
      Query.lockAccounts(.identifiers([tenant])), Query.lockArray(.identifier(id), .identifier(tenant)),
      Query.listUnfinishedTasks(.identifier(id.batch)))
    guard let array = try first[1].first({ row throws(PostgreSQLError) in try StoredArray(&row) }) else { return nil }
    let jobs = try first[2].map { row throws(PostgreSQLError) in try row.identifier() as JobID }.filter { job in
      guard let positions, let position = id.position(of: job) else { return true }
      return positions.contains(position)
    }
    var all = PositionSet()
    all.append(array.next..<array.indexes.count)
    let dropped = array.dropped.union((positions ?? all).from(array.next))
    let next = dropped.gap(from: array.next)
    var commands = [Query.requestCancels(.identifiers(jobs))]
    if dropped != array.dropped {
      // Whoever makes the next tasks finds out what holds them now.
      let place = (next: next, dropped: dropped)
      commands += advance(array, to: place, nil, holdEach: nil, standing: .ready, refillAt: nil, lookAt: nil)
    }
    commands.append(Query.noteArrayEnds(.identifiers([id.batch])))
    let isClosed = dropped != array.dropped && next == array.indexes.count
    let answers = try transaction.commit(
      commands + [Query.findArray(.identifier(id), .identifier(tenant))])
    // The batch is the answer before the last two, where it is closed by this.
    let closed =
      isClosed
      ? try answers.dropLast(2).last?.first { row throws(PostgreSQLError) in try StoredBatch(&row) } : nil
    let now = try answers.last?.first { row throws(PostgreSQLError) in try StoredArray(&row) }
    return ArrayCancellation(
      array: now ?? array, jobs: jobs, finished: closed.flatMap { $0.finishedAt == nil ? nil : $0 })
  }

  private static func lock(
    _ id: ArrayID, _ tenant: TenantID, _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> StoredArray? {
    try transaction.run(Query.lockArray(.identifier(id), .identifier(tenant)))[0]
      .first { row throws(PostgreSQLError) in try StoredArray(&row) }
  }

  /// Tasks were made, all of them or up to one that was refused: what its price was is known either way.
  private static func advance(
    _ array: StoredArray, to next: Int, _ step: ArrayStep, _ making: ArrayMaking
  ) -> [PostgreSQLCommand] {
    let needed: MicroCredits? = if case .budget(_, let needed)? = step.refusal { needed } else { nil }
    let standing: StoredArray.Standing? = step.refusal.map { _ in needed == nil ? .refused : .poor }
    return advance(
      array, to: (next, array.dropped), step.refusal.map { StoredArray.Obstacle($0.strataError) },
      holdEach: needed ?? step.made.last?.held, standing: standing, refillAt: making.refillAt,
      lookAt: standing == .refused ? making.lookAt : nil)
  }

  /// With its last task the array's batch is closed.
  ///
  /// - Parameter standing: nil for full or ready, as its tasks are.
  private static func advance(
    _ array: StoredArray, to place: (next: Int, dropped: PositionSet), _ obstacle: StoredArray.Obstacle?,
    holdEach: MicroCredits?, standing: StoredArray.Standing?, refillAt: Int?, lookAt: Timestamp?
  ) -> [PostgreSQLCommand] {
    let note = Query.advanceArray(
      .identifier(array.id), .integer(Int64(place.next)), .text(place.dropped.description),
      .integer(Int64(place.dropped.count)), .text(obstacle?.code), .text(obstacle?.message),
      .integer(holdEach?.micros), .text(standing?.rawValue), .integer(refillAt.map { Int64($0) }),
      .timestamp(lookAt))
    guard place.next == array.indexes.count else { return [note] }
    return [note, Query.closeBatch(.identifier(array.id.batch), .identifier(array.tenant))]
  }
}
