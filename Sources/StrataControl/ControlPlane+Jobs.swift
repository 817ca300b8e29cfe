public import StrataCore
import StrataLedger
import StrataQueue

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

  /// A tenant's jobs, newest first.
  public func jobs(tenant: TenantID, state: JobState?, after cursor: JobID?, limit: Int) async throws(StrataError)
    -> (jobs: [JobSnapshot], next: JobID?)
  {
    // Whether a job waits or runs is known to the queue alone: the ledger's page is filtered by what that says.
    let stored: Set<JobState>? = state.map { $0 == .running ? [.queued] : [$0] }
    do {
      let records = try await ledger.jobs(tenant: tenant, states: stored, before: cursor, limit: limit)
      let snapshots = await snapshots(of: records, attempts: []).filter { state == nil || $0.state == state }
      return (snapshots, records.count == limit ? records.last?.id : nil)
    } catch {
      throw error.strataError
    }
  }

  /// Takes a waiting job out, or has a running one stopped.
  ///
  /// - Throws: `conflict` if it is finished.
  public func cancel(_ id: JobID, tenant: TenantID) async throws(StrataError) -> JobSnapshot {
    let record = try await record(of: id, tenant: tenant)
    guard !record.state.isFinal else {
      throw StrataError(.conflict, "job \(id) is finished: \(record.state.rawValue)")
    }
    let verdict: CancelVerdict
    do {
      verdict = try await queue.cancel([id])[0]
    } catch {
      throw StrataError(
        .unavailable, "the queue cannot be reached", remedy: "cancel again in a moment", cause: error)
    }
    if verdict != .signalled { try await settleCancelled(id) }
    return try await job(id, tenant: tenant)
  }

  /// A job that runs nowhere is finished here and now: its owner does not wait for the settler. The settler finds it
  /// settled.
  private func settleCancelled(_ id: JobID) async throws(StrataError) {
    let item = SettlementItem(
      job: id, token: FencingToken(rawValue: 0), ending: .cancelled, isFinal: true, endedAt: .now)
    do {
      let verdict = try await ledger.settle([item])[0]
      if case .settled(let job) = verdict {
        try? await queue.announce([FinishedNotice(job: job.job, state: job.state)])
      }
    } catch {
      throw error.strataError
    }
  }

  /// What a running job has printed so far, from byte `offset` on, as far as the queue keeps it.
  public func liveLog(of job: JobID, from offset: Int) async -> [UInt8] {
    (try? await queue.log(of: job, from: offset)) ?? []
  }

  private func record(of id: JobID, tenant: TenantID) async throws(StrataError) -> StoredJob {
    let record: StoredJob?
    do { record = try await ledger.job(id, tenant: tenant) } catch { throw error.strataError }
    guard let record else { throw StrataError(.notFound, "there is no job \(id) of this tenant") }
    return record
  }

  private func snapshots(of records: [StoredJob], attempts: [StoredAttempt]) async -> [JobSnapshot] {
    let open = records.filter { !$0.state.isFinal }.map(\.id)
    let statuses = open.isEmpty ? [] : try? await queue.status(of: open)
    let known = statuses.map { Dictionary(uniqueKeysWithValues: zip(open, $0)) }
    return records.map { record in
      JobSnapshot(
        record: record, attempts: attempts, status: known?[record.id] ?? nil, isQueueKnown: known != nil)
    }
  }
}
