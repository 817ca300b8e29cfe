public import StrataCore
import StrataLedger
import StrataQueue

/// The tasks of arrays, one by one and by their states.
extension ControlPlane {
  /// A page of tasks; `next` is how many come before the next page, nil on the last.
  public typealias TaskPage = (tasks: [ArrayTaskSnapshot], next: Int?)

  /// Tasks that are made and have not ended, read at once.
  private static let openPageMax = 500

  /// One task, by its index, also before it is made.
  ///
  /// - Throws: `notFound`.
  public func task(_ index: Int, of id: ArrayID, tenant: TenantID) async throws(StrataError) -> ArrayTaskSnapshot {
    let stored = try await storedArray(id, tenant)
    guard let position = stored.indexes.position(of: index) else { throw stored.noTask(index) }
    let job = id.task(at: position)
    let record: StoredJob?
    do { record = try await ledger.job(job, tenant: tenant) } catch { throw error.strataError }
    guard record != nil else {
      let isDropped = stored.dropped.contains(position)
      return ArrayTaskSnapshot(index: index, job: job, standing: isDropped ? .dropped : .pending)
    }
    return ArrayTaskSnapshot(index: index, job: job, standing: .made(try await self.job(job, tenant: tenant)))
  }

  /// An array's tasks, by their indexes. Those of one state cost what they are, not what lies between them, however many
  /// tasks there are; those that only the queue can tell apart, all that are made and have not ended.
  ///
  /// - Parameters:
  ///   - state: only those in this one of `ArrayTaskState.all`; nil for all.
  ///   - position: how many come before the page.
  /// - Returns: at most `limit` tasks. With a state that only the queue knows, a page that is not the last may hold fewer,
  ///   even none: no more than `Configuration.listingScanMax` are looked at.
  public func tasks(
    of id: ArrayID, tenant: TenantID, state: String?, from position: Int, limit: Int
  ) async throws(StrataError) -> TaskPage {
    let stored = try await storedArray(id, tenant)
    do {
      guard let state else { return try await allTasks(of: stored, position, limit) }
      if state == ArrayTaskState.waiting { return try await openTasks(state, of: stored, position, limit) }
      switch JobState(rawValue: state) {
      case nil: return stored.pendingTasks(from: position, limit: limit)
      case .cancelled: return try await cancelledTasks(of: stored, position, limit)
      case .succeeded: return stored.page(try await ended(.succeeded, of: stored, position, limit), limit)
      case .failed: return stored.page(try await ended(.failed, of: stored, position, limit), limit)
      case .blocked, .scheduled, .queued, .running: return try await openTasks(state, of: stored, position, limit)
      }
    } catch {
      throw error.strataError
    }
  }

  private func allTasks(of stored: StoredArray, _ start: Int, _ limit: Int) async throws(LedgerError) -> TaskPage {
    let end = min(stored.indexes.count, start + limit)
    guard start < end else { return ([], nil) }
    let records = try await ledger.jobs(
      JobFilter(tenant: stored.tenant, batch: stored.id.batch), before: stored.id.task(at: end), limit: end - start)
    let made = Dictionary(await snapshots(of: records, attempts: []).map { ($0.record.id, $0) }) { first, _ in first }
    let tasks = (start..<end).map { position in
      let dropped = stored.dropped.contains(position)
      return stored.task(
        at: position, made[stored.id.task(at: position)].map { .made($0) } ?? (dropped ? .dropped : .pending))
    }
    return (tasks, end < stored.indexes.count ? end : nil)
  }

  /// Jobs that ended in one way, with their positions: one more than fits the page, so that it is known to be the last.
  private func ended(
    _ state: JobState, of stored: StoredArray, _ position: Int, _ limit: Int
  ) async throws(LedgerError) -> [(position: Int, standing: ArrayTaskSnapshot.Standing)] {
    let records = try await ledger.tasks(of: stored, ended: state, from: position, limit: limit + 1)
    return await snapshots(of: records, attempts: []).compactMap { snapshot in
      stored.id.position(of: snapshot.record.id).map { ($0, .made(snapshot)) }
    }
  }

  /// Some were jobs, others were never made.
  private func cancelledTasks(
    of stored: StoredArray, _ position: Int, _ limit: Int
  ) async throws(LedgerError) -> TaskPage {
    let made = try await ended(.cancelled, of: stored, position, limit)
    let dropped = stored.dropped.from(position).ranges.lazy.flatMap { $0 }.prefix(limit + 1)
    let all = made + dropped.map { (position: $0, standing: ArrayTaskSnapshot.Standing.dropped) }
    return stored.page(all.sorted { $0.position < $1.position }, limit)
  }

  /// What the ledger has no end of may wait, run, or have ended a moment ago.
  private func openTasks(
    _ state: String, of stored: StoredArray, _ position: Int, _ limit: Int
  ) async throws(LedgerError) -> TaskPage {
    let size = min(Self.openPageMax, max(limit, configuration.listingScanMax))
    var (found, next, read): ([ArrayTaskSnapshot], Int, Int) = ([], position, 0)
    repeat {
      let records = try await ledger.openTasks(of: stored, from: next, limit: size)
      for snapshot in await snapshots(of: records, attempts: []) {
        guard let position = stored.id.position(of: snapshot.record.id) else { continue }
        next = position + 1
        if ArrayTaskState.covers(state, snapshot.state) { found.append(stored.task(at: position, .made(snapshot))) }
        if found.count == limit { return (found, next < stored.indexes.count ? next : nil) }
      }
      guard records.count == size else { return (found, nil) }
      read += records.count
    } while read < configuration.listingScanMax
    return (found, next)
  }
}

extension StoredArray {
  fileprivate func task(at position: Int, _ standing: ArrayTaskSnapshot.Standing) -> ArrayTaskSnapshot {
    ArrayTaskSnapshot(index: indexes[position], job: id.task(at: position), standing: standing)
  }

  /// - Parameter found: in order, one more than fits where there are more.
  fileprivate func page(
    _ found: [(position: Int, standing: ArrayTaskSnapshot.Standing)], _ limit: Int
  ) -> ControlPlane.TaskPage {
    let shown = found.prefix(limit)
    let next = found.count > limit ? shown.last.map { $0.position + 1 } : nil
    return (shown.map { task(at: $0.position, $0.standing) }, next)
  }

  /// Tasks that are to be made, from a position on.
  fileprivate func pendingTasks(from position: Int, limit: Int) -> ControlPlane.TaskPage {
    var (tasks, place): ([ArrayTaskSnapshot], Int) = ([], dropped.gap(from: max(position, next)))
    while place < indexes.count, tasks.count < limit {
      tasks.append(task(at: place, .pending))
      place = dropped.gap(from: place + 1)
    }
    return (tasks, place < indexes.count ? place : nil)
  }
}
