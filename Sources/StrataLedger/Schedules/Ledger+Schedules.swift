public import StrataCore

extension Ledger {
  /// Stores a schedule, and wakes whoever makes the runs; or finds the one that the key has made.
  ///
  /// - Parameters:
  ///   - key: the client's, and a digest of what it asked for: a repeated key must come with the same.
  ///   - max: how many a tenant may have.
  /// - Throws: `.duplicate` where the tenant has one of that name.
  public func createSchedule(
    _ definition: ScheduleDefinition, tenant: TenantID, progress: ScheduleProgress, key: ScheduleKey? = nil, max: Int,
    now: Timestamp, id: ScheduleID = ScheduleID()
  ) async throws(LedgerError) -> ScheduleVerdict {
    let values: [PostgreSQLParameter] =
      [.identifier(id), .identifier(tenant)] + definition.parameters + [.text(key?.text), .timestamp(now)]
      + progress.parameters + [.integer(Int64(max)), .bytes(key?.fingerprint)]
    return try await named(definition.name) { session throws(PostgreSQLError) in
      try session.transaction(.once) { transaction throws(PostgreSQLError) in
        // The lock first, so that of two that are made at once the second counts and finds the first.
        let found = try transaction.run(
          Query.lockTenant(.identifier(tenant)), Query.findMadeSchedule(.identifier(tenant), .text(key?.text)))[1]
        if let known = try found.first(MadeSchedule.init) { return known.verdict(definition, key) }
        let made = try transaction.commit(
          PostgreSQLCommand(statement: Query.insertSchedule, parameters: values), Query.notifySchedules())[0]
        return try made.first { row throws(PostgreSQLError) in .made(try StoredSchedule(&row)) } ?? .tooMany
      }
    }
  }

  /// What `createSchedule` would answer to a repeated key; nil for a key that has made none.
  public func madeSchedule(
    _ definition: ScheduleDefinition, tenant: TenantID, key: ScheduleKey
  ) async throws(LedgerError) -> ScheduleVerdict? {
    try await read(
      Query.findMadeSchedule(.identifier(tenant), .text(key.text))
    ) { row throws(PostgreSQLError) in try MadeSchedule(&row).verdict(definition, key) }.first
  }

  /// Replaces the definition of a schedule that is as it was read, and wakes whoever makes the runs.
  ///
  /// - Parameter start: where its instants count anew; nil leaves what was decided and what comes next.
  /// - Returns: nil where it was changed or deleted meanwhile.
  /// - Throws: `.duplicate` where the tenant has another one of that name.
  public func changeSchedule(
    _ schedule: StoredSchedule, to definition: ScheduleDefinition, start: ScheduleProgress?, now: Timestamp
  ) async throws(LedgerError) -> StoredSchedule? {
    let (keys, begins): ([PostgreSQLParameter], ScheduleProgress) = (
      [.identifier(schedule.id), .identifier(schedule.tenant), .integer(schedule.revision)], start ?? schedule.progress
    )
    let values =
      keys + definition.parameters + [.timestamp(now), .boolean(start != nil)] + begins.parameters
    return try await named(definition.name) { session throws(PostgreSQLError) in
      try session.run(
        .once,
        [PostgreSQLCommand(statement: Query.changeSchedule, parameters: values), Query.notifySchedules()]
      )[0].first { row throws(PostgreSQLError) in try StoredSchedule(&row) }
    }
  }

  /// Forgets a schedule. Its jobs stay.
  ///
  /// - Returns: nil where there is none.
  public func deleteSchedule(_ id: ScheduleID, tenant: TenantID) async throws(LedgerError) -> StoredSchedule? {
    try await exchange(Query.deleteSchedule(.identifier(tenant), .identifier(id))) { row throws(PostgreSQLError) in
      try StoredSchedule(&row)
    }.first
  }

  /// nil where the tenant has no such schedule.
  public func schedule(_ id: ScheduleID?, named name: String?, tenant: TenantID) async throws(LedgerError)
    -> StoredSchedule?
  {
    try await read(
      Query.findSchedule(.identifier(tenant), .identifier(id), .text(name))
    ) { row throws(PostgreSQLError) in try StoredSchedule(&row) }.first
  }

  /// A tenant's schedules, newest first, a page at a time: pass the last one to go on.
  public func schedules(
    of tenant: TenantID, before cursor: ScheduleID? = nil, limit: Int
  ) async throws(LedgerError) -> [StoredSchedule] {
    try await read(
      Query.listSchedules(.identifier(tenant), .identifier(cursor), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try StoredSchedule(&row) }
  }

  /// Schedules of whichever tenant of which a run is due at `now`, the longest due first.
  public func dueSchedules(at now: Timestamp, limit: Int) async throws(LedgerError) -> [StoredSchedule] {
    try await read(
      Query.listDueSchedules(.timestamp(now), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try StoredSchedule(&row) }
  }

  /// When the next run of any schedule is due; nil where none is.
  public func nextDue() async throws(LedgerError) -> Timestamp? {
    try await read(Query.nextDueSchedule()) { row throws(PostgreSQLError) in try row.optionalTimestamp() }.first ?? nil
  }

  private func named<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable (PostgreSQLSession) throws(PostgreSQLError) -> Value
  ) async throws(LedgerError) -> Value {
    do throws(LedgerError) { return try await perform(body) } catch .database(let error)
      where error.kind == .uniqueViolation
    {
      throw .duplicate("a schedule named '\(name)'")
    }
  }
}
