public import StrataCore
public import StrataLedger
import StrataQueue
import StrataRuntime

/// Many jobs that are cancelled together.
extension ControlPlane {
  /// The most jobs that one call cancels, or does again.
  public static let bulkMax = 1_000
  /// The states of a job that can be cancelled.
  public static let cancellable: Set<JobState> = [.blocked, .scheduled, .queued, .running]

  /// Cancels the jobs that are meant, the newest first: those that wait are taken out of the queue, those that run are told
  /// to stop. As with one job, the wish is committed first and holds.
  ///
  /// - Parameters:
  ///   - filter: its states are among `cancellable`; nil for all of these.
  ///   - cursor: what an earlier call returned as `next`.
  /// - Returns: the jobs as they stand then, and where to go on; `next` is nil where nothing is left.
  public func cancelAll(
    _ filter: JobFilter, after cursor: JobID? = nil, limit: Int = 100
  ) async throws(StrataError) -> (jobs: [JobSnapshot], next: JobID?) {
    var filter = filter
    filter.states = filter.states ?? Self.cancellable
    let (found, next) = try await jobs(filter, after: cursor, limit: min(limit, Self.bulkMax))
    let ids = found.map(\.record.id)
    guard !ids.isEmpty else { return ([], next) }
    do { try await ledger.requestCancel(of: ids) } catch { throw error.strataError }
    log.info("jobs cancelled", ["tenant": filter.tenant.map { "\($0)" } ?? "all", "jobs": "\(ids.count)"])
    let unknown = await takeOut(ids)
    if !unknown.isEmpty { await settle(unknown) }
    do {
      let known = try await ledger.jobs(ids)
      return (await snapshots(of: ids.compactMap { known[$0] }), next)
    } catch {
      throw error.strataError
    }
  }

  /// Ends those that the queue does not hold and that have not ended: they are blocked, or not enqueued yet. Where that
  /// fails, whoever leads does it.
  private func settle(_ unknown: [JobID]) async {
    do {
      let states = try await ledger.states(of: unknown)
      let open = unknown.filter { states[$0]?.isFinal == false }
      guard !open.isEmpty else { return }
      try await settler.settleCancelled(open)
      // If one has been enqueued meanwhile, it leaves again; the settler finds it settled.
      _ = try await queue.cancel(open)
    } catch {
      log.warning("cancellations are carried out later", ["jobs": "\(unknown.count)", "error": "\(error)"])
    }
  }

  /// Tells the queue. What it cannot be told now, and what is on its way into it, is seen to by whoever leads.
  ///
  /// - Returns: those that it does not hold, and whose ends, where they have ended, are settled: none where that could not be
  ///   seen to. Work that is done is charged.
  @discardableResult
  func takeOut(_ jobs: [JobID]) async -> [JobID] {
    guard !jobs.isEmpty else { return [] }
    var unknown: [JobID] = []
    do {
      for start in stride(from: 0, to: jobs.count, by: Self.cancelMax) {
        let some = Array(jobs[start..<min(start + Self.cancelMax, jobs.count)])
        for (job, answer) in zip(some, try await queue.cancel(some)) where answer == .unknown {
          admission.noteCancelled(job)
          unknown.append(job)
        }
      }
      // What was taken out, and what has ended already, is settled before anybody looks.
      try await settler.drain()
      return unknown
    } catch {
      log.warning("cancellations are carried out later", ["jobs": "\(jobs.count)", "error": "\(error)"])
      return []
    }
  }

  /// Jobs cancelled by one call of the queue.
  private static let cancelMax = 500
}
