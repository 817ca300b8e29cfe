public import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// Arrays, as their tenants see them and take them back. Any controller takes these; the leader makes the tasks.
extension ControlPlane {
  /// An array with what is known of its tasks. Costs a few reads and one question to the queue about the tasks that are
  /// made and have not ended, however many there are in all.
  ///
  /// - Throws: `notFound`.
  public func array(_ id: ArrayID, tenant: TenantID) async throws(StrataError) -> ArraySnapshot {
    let stored = try await storedArray(id, tenant)
    let shown = configuration.arrays.failedShown
    do {
      let failed = stored.failed == 0 ? [] : try await ledger.failedTasks(of: id, limit: shown)
      return ArraySnapshot(
        stored: stored, running: stored.unfinished == 0 ? 0 : await running(of: id),
        obstacle: try await obstacle(of: stored),
        failedIndexes: try? TaskIndexes(ascending: stored.indexes(of: failed)))
    } catch {
      throw error.strataError
    }
  }

  /// A tenant's arrays, newest first, without what only the queue knows.
  ///
  /// - Returns: at most `limit`; `next` is nil on the last page.
  public func arrays(
    tenant: TenantID, after cursor: ArrayID?, limit: Int
  ) async throws(StrataError) -> (arrays: [ArraySnapshot], next: ArrayID?) {
    let found: [StoredArray]
    do { found = try await ledger.arrays(of: tenant, before: cursor, limit: limit) } catch { throw error.strataError }
    let snapshots = found.map { ArraySnapshot(stored: $0, running: nil, obstacle: $0.obstacle, failedIndexes: nil) }
    return (snapshots, found.count == limit ? found.last?.id : nil)
  }

  /// The arrays of a tenant that a part of an identifier may mean, newest first, at most `limit`; as for jobs.
  public func arrays(
    tenant: TenantID, like part: IdentifierPart<ArrayTag>, limit: Int
  ) async throws(StrataError) -> [ArraySnapshot] {
    do {
      var found: [ArraySnapshot] = []
      for id in try await ledger.arrays(of: tenant, like: part, limit: limit) {
        guard let stored = try await ledger.array(id, tenant: tenant) else { continue }
        found.append(ArraySnapshot(stored: stored, running: nil, obstacle: stored.obstacle, failedIndexes: nil))
      }
      return found
    } catch {
      throw error.strataError
    }
  }

  func storedArray(_ id: ArrayID, _ tenant: TenantID) async throws(StrataError) -> StoredArray {
    let found: StoredArray?
    do { found = try await ledger.array(id, tenant: tenant) } catch { throw error.strataError }
    guard let found else { throw StrataError(.notFound, "there is no array \(id) of this tenant") }
    return found
  }

  private func running(of id: ArrayID) async -> Int? {
    guard let jobs = try? await ledger.unfinishedTasks(of: id), let statuses = try? await queue.status(of: jobs) else {
      return nil
    }
    return statuses.count { if case .leased? = $0 { true } else { false } }
  }

  /// Why there is room for more tasks and none is made, as far as this controller can tell.
  func obstacle(of array: StoredArray) async throws(LedgerError) -> StoredArray.Obstacle? {
    guard array.pending > 0, array.unfinished < configuration.arrays.window(of: array) else { return nil }
    if let refusal = admission.room.door.refusal { return StoredArray.Obstacle(refusal) }
    let available = try await ledger.balance(of: array.tenant).available
    if available < array.holdEach {
      return StoredArray.Obstacle(
        code: StrataError.Code.budgetExceeded.rawValue,
        message: "each task needs a hold of \(array.holdEach) credits, \(available) are available")
    }
    // Once there are credits again the array is about to go on.
    return array.standing == .poor ? nil : array.obstacle
  }

  // MARK: Taking back, doing again

  /// Cancels an array, or some of its tasks: those that are not made never will be; those that wait are taken out of the
  /// queue, and those that run are stopped, as by `cancel` of each.
  ///
  /// - Parameter indexes: which; nil for all.
  /// - Throws: `notFound`, also for an index that it does not have; `conflict` where all tasks have ended.
  public func cancel(
    _ indexes: TaskIndexes?, of id: ArrayID, tenant: TenantID
  ) async throws(StrataError) -> ArraySnapshot {
    let stored = try await storedArray(id, tenant)
    guard stored.finishedAt == nil else {
      throw StrataError(.conflict, "array \(id) is finished: all its tasks have ended")
    }
    let positions: PositionSet? = if let indexes { try stored.positions(of: indexes) } else { nil }
    if let positions, stored.dropped.union(positions).ranges.count > PositionSet.rangesMax {
      throw StrataError(
        .limitExceeded, "the cancelled tasks come to more than \(PositionSet.rangesMax) ranges",
        remedy: "cancel whole ranges, or the whole array")
    }
    let done: ArrayCancellation?
    do { done = try await ledger.cancel(positions, of: id, tenant: tenant) } catch { throw error.strataError }
    guard let done else { throw StrataError(.notFound, "there is no array \(id) of this tenant") }
    log.info("tasks cancelled", ["array": "\(id)", "tenant": "\(tenant)", "jobs": "\(done.jobs.count)"])
    // Whoever watches it looks for itself where this does not come through.
    if let finished = done.finished { try? await queue.announce([FinishedNotice(finished)]) }
    await cancellation.takeOut(done.jobs)
    if done.finished != nil {
      // Jobs may wait for it; those who lead tell them otherwise.
      do { try await settler.resolve() } catch {
        log.warning("jobs are told later that an array has ended", ["array": "\(id)", "error": "\(error)"])
      }
    }
    return try await array(id, tenant: tenant)
  }

  /// Does the failed tasks of a finished array again, but for those that were done again by themselves: a new array with
  /// their indexes and the same request, at today's price. An array is done again once; asked again, the answer is the one
  /// that does. However many have failed, they are read a page at a time and kept as a bit for each task.
  ///
  /// - Parameter unitsMax: the most units to hold credits for, for each task; as the array was submitted unless said.
  /// - Throws: `conflict` unless all its tasks have ended and some that failed are left; `invalidBody` for a bound of what is not counted.
  public func retryArray(
    _ id: ArrayID, tenant: TenantID, unitsMax: Int64? = nil, idempotencyKey: String? = nil
  ) async throws(StrataError) -> AdmittedJob {
    let stored = try await storedArray(id, tenant)
    guard stored.finishedAt != nil else {
      throw StrataError(.conflict, "array \(id) has not ended", remedy: "wait for it, or retry single jobs")
    }
    guard stored.failed > 0 else { throw StrataError(.conflict, "no task of array \(id) has failed") }
    var draft = try JobDraft(definitionJSON: stored.draftJSON)
    if let unitsMax { try admission.check.requireSensible(unitsMax: unitsMax, of: draft.capability) }
    draft.unitsMax = unitsMax ?? draft.unitsMax
    draft.idempotencyKey = idempotencyKey
    let indexes = try await indexesToRetry(of: stored)
    return try await admission.submit(
      draft, as: ArrayDraft(indexes, runningMax: stored.runningMax), limits: configuration.arrays,
      retried: (id, stored.span), tenant: tenant)
  }

  private func indexesToRetry(of stored: StoredArray) async throws(StrataError) -> TaskIndexes {
    // What is done again already is what it was, whatever was done again by itself since.
    if let again = stored.retriedBy { return try await storedArray(again, stored.tenant).indexes }
    var (failed, cursor): (PositionBits, JobID?) = (PositionBits(size: stored.indexes.count), nil)
    repeat {
      let page: [JobID]
      do {
        page = try await ledger.failedTasks(
          of: stored.id, after: cursor, isUnmended: true, limit: Self.retryPageMax)
      } catch {
        throw error.strataError
      }
      for position in page.compactMap(stored.id.position) { failed.insert(position) }
      cursor = page.count < Self.retryPageMax ? nil : page.last
    } while cursor != nil
    guard failed.count > 0 else {
      throw StrataError(.conflict, "every failed task of array \(stored.id) has been done again by itself")
    }
    return try stored.indexes.choosing(failed)
  }

  /// Failed tasks read at once.
  private static let retryPageMax = 10_000
}
