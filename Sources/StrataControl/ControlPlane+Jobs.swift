public import StrataCore
public import StrataLedger
public import StrataQueue
import StrataRuntime

extension ControlPlane {
  /// A job with its attempts and its place in the queue.
  ///
  /// - Throws: `notFound` unless it is the tenant's.
  public func job(_ id: JobID, tenant: TenantID) async throws(StrataError) -> JobSnapshot {
    let record = try await record(of: id, tenant: tenant)
    do {
      return try await snapshots(of: [record], attempts: ledger.attempts(of: id))[0]
    } catch {
      throw error.strataError
    }
  }

  /// Jobs, newest first.
  ///
  /// - Parameter cursor: what the page before returned as `next`.
  /// - Returns: at most `limit` jobs. `next` is nil on the last page; with a state that only the queue knows, a page that
  ///   is not the last may hold fewer, even none.
  public func jobs(
    _ filter: JobFilter, after cursor: JobID?, limit: Int
  ) async throws(StrataError) -> (jobs: [JobSnapshot], next: JobID?) {
    // Whether a job waits or runs is known to the queue alone: what the ledger lists is filtered by what that says.
    var stored = filter
    stored.states = filter.states.map { Set($0.map { $0 == .running || $0 == .scheduled ? .queued : $0 }) }
    // Of those many may be looked at for one that is meant.
    let isSifted =
      filter.states.map { !$0.isSuperset(of: Self.openStates) && !$0.isDisjoint(with: Self.openStates) } ?? false
    let step = isSifted ? max(limit, Self.siftedStep) : limit
    var (found, next, read): ([JobSnapshot], JobID?, Int) = ([], cursor, 0)
    repeat {
      let records: [StoredJob]
      do {
        records = try await ledger.jobs(stored, before: next, limit: step)
      } catch {
        throw error.strataError
      }
      found += await snapshots(of: records, attempts: []).filter { filter.states?.contains($0.state) ?? true }
      next = records.count == step ? records.last?.id : nil
      read += records.count
    } while next != nil && found.count < limit && read < configuration.listingScanMax
    guard found.count > limit else { return (found, next) }
    return (Array(found.prefix(limit)), found[limit - 1].record.id)
  }

  /// The states that the queue tells apart, and the ledger does not.
  private static let openStates: Set<JobState> = [.scheduled, .queued, .running]
  /// Records read at once where these are to be told apart.
  private static let siftedStep = 200

  /// The jobs of a tenant that a part of an identifier may mean, newest first, at most `limit`; older ones than its
  /// newest `LedgerLimits.alikeScanMax` are not looked at.
  ///
  /// - Parameter tenant: nil for any tenant's, as operators may ask.
  public func jobs(tenant: TenantID?, like part: IdentifierPart<JobTag>, limit: Int) async throws(StrataError)
    -> [JobSnapshot]
  {
    do {
      var records: [StoredJob] = []
      for id in try await ledger.jobs(of: tenant, like: part, limit: limit) {
        if let record = try await ledger.job(id, tenant: tenant) { records.append(record) }
      }
      return await snapshots(of: records, attempts: [])
    } catch {
      throw error.strataError
    }
  }

  /// Whose job it is, for operators; nil where there is none.
  public func owner(of job: JobID) async throws(StrataError) -> TenantID? {
    do {
      if let stored = try await ledger.job(job, tenant: nil) { return stored.tenant }
    } catch {
      throw error.strataError
    }
    // It may be a task that is not made yet.
    return try await owner(of: ArrayID(ofTask: job))
  }

  /// Whose array it is, for operators; nil where there is none.
  public func owner(of array: ArrayID) async throws(StrataError) -> TenantID? {
    do { return try await ledger.array(array, tenant: nil)?.tenant } catch { throw error.strataError }
  }

  /// Takes a waiting job out, or has a running one stopped. Once the wish is committed it holds: where the queue cannot
  /// be told now, whoever leads tells it within `Configuration.cancellationInterval` of its return.
  ///
  /// - Returns: the job as it stands, which may not be cancelled yet.
  /// - Throws: `conflict` if it is finished, `unavailable` if the wish could not be committed.
  public func cancel(_ id: JobID, tenant: TenantID) async throws(StrataError) -> JobSnapshot {
    let record = try await record(of: id, tenant: tenant)
    try requireUnfinished(record)
    // Before anybody is told: a queue that forgets what it was told must not bring the job back.
    do { try await ledger.requestCancel(of: id) } catch { throw error.strataError }
    do {
      switch try await queue.cancel([id])[0] {
      case .signalled: break
      // Its owner does not wait for the settler. Earlier attempts of the job, if any, are settled with it, in order.
      case .removed: try await settler.drain()
      case .unknown: try await cancelUnknown(id, tenant: tenant)
      }
    } catch let error as StrataError where error.code == .conflict {
      throw error
    } catch {
      log.warning("a cancellation is carried out later", ["job": "\(id)", "error": "\(error)"])
    }
    if let now = try? await job(id, tenant: tenant) { return now }
    return await snapshots(of: [record], attempts: [])[0]
  }

  /// Changes the priority of an unfinished job among those of its tenant: at once while it waits; one that runs has it when
  /// it is tried again.
  ///
  /// - Throws: `notFound`, `conflict` for a finished job; `unavailable` where the queue could not be told: the change is
  ///   kept, and is made again with the request.
  public func change(priority: JobPriority, of id: JobID, tenant: TenantID) async throws(StrataError) -> JobSnapshot {
    try requireUnfinished(try await record(of: id, tenant: tenant))
    do {
      guard try await ledger.change(priority: priority, of: id) else {
        try requireUnfinished(try await record(of: id, tenant: tenant))
        throw StrataError(.notFound, "there is no job \(id) of this tenant")
      }
      try await Governor.tell(reading: { try await record(of: id, tenant: tenant).priority }) {
        _ = try await queue.reprioritise([id: $0])
      }
    } catch let error as StrataError {
      throw error
    } catch let error as LedgerError {
      throw error.strataError
    } catch {
      throw StrataError(
        .unavailable, "the new priority is kept, but the queue could not be told", remedy: "make the change again",
        cause: error)
    }
    return try await job(id, tenant: tenant)
  }

  /// Cancels a job that the queue does not hold: its outcome is on its way, or it is not enqueued yet.
  private func cancelUnknown(_ id: JobID, tenant: TenantID) async throws {
    try await settler.drain()
    // Work that is done is charged, however late its owner thinks better of it.
    try requireUnfinished(try await record(of: id, tenant: tenant))
    try await settler.settleCancelled([id])
    admission.entrance.noteCancelled(id)
    // If it has been enqueued meanwhile, it leaves again; the settler finds it settled.
    _ = try? await queue.cancel([id])
  }

  private func requireUnfinished(_ record: StoredJob) throws(StrataError) {
    guard record.state.isFinal else { return }
    throw StrataError(.conflict, "job \(record.id) is finished: \(record.state.rawValue)")
  }

  /// What Redis keeps in one value, and refuses to count beyond: no live log reaches it.
  private static let liveLogLimit = 511 << 20

  /// What a running job has printed so far, from byte `offset` on, as far as the queue keeps it; nil where it keeps
  /// nothing.
  public func liveLog(of job: JobID, from offset: Int) async throws(StrataError) -> LiveLog? {
    do { return try await queue.liveLog(of: job, from: min(offset, Self.liveLogLimit)) } catch {
      throw StrataError(.unavailable, "the queue cannot be reached", remedy: "try again in a moment", cause: error)
    }
  }

  func record(of id: JobID, tenant: TenantID) async throws(StrataError) -> StoredJob {
    let record: StoredJob?
    do { record = try await ledger.job(id, tenant: tenant) } catch { throw error.strataError }
    guard let record else { throw await missing(id, tenant) }
    return record
  }

  /// Why there is no such job, where that can be told.
  private func missing(_ id: JobID, _ tenant: TenantID) async -> StrataError {
    let array = ArrayID(ofTask: id)
    if let stored = try? await ledger.array(array, tenant: tenant) {
      guard let position = array.position(of: id) else {
        return StrataError(
          .notFound, "\(id) is an array and no job", remedy: "ask for it as an array: strata array show")
      }
      if position < stored.indexes.count {
        return stored.notMade(at: position)
      }
    }
    return StrataError(.notFound, "there is no job \(id) of this tenant")
  }
}
