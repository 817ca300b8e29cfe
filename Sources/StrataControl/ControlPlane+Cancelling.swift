public import StrataCore
public import StrataLedger
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
    await cancellation.carryOut(ids)
    do {
      let known = try await ledger.jobs(ids)
      return (await snapshots(of: ids.compactMap { known[$0] }), next)
    } catch {
      throw error.strataError
    }
  }
}
