import StrataArtifacts
import StrataCore
import StrataQueue
import StrataRuntime
import Synchronization

// From the files that an attempt leaves to what is said of it.
extension Worker {
  /// Stores the results and the log, last words of the live log first. Nil where nothing may be said.
  ///
  /// - Parameter clear: removes the attempt's own files.
  func notice(of lease: Lease, _ remains: AttemptExecution.Remains, clear: () -> Void) async -> AttemptNotice? {
    guard let end = remains.ending else { return nil }
    let reference = lease.reference
    await keeper.pump.flush(only: reference) { _ in }
    var report = AttemptReport(
      usage: remains.usage, summaryJSON: remains.summaryJSON, error: end.error)
    guard let refusal = await store(remains, of: reference, in: &report) else {
      shortageReleases.withLock { $0.forget(lease.job.id) }
      return AttemptNotice(of: reference, end.kind, report)
    }
    log("results could not be stored: \(String(reflecting: refusal))")
    // What could not be stored changes nothing for an attempt that had not succeeded.
    guard end.kind == .succeeded else { return AttemptNotice(of: reference, end.kind, report) }
    clear()
    return noticeOfRefusal(refusal, reference, report)
  }

  /// Stores what is not yet in the report, again and again while there is no room, until `storingPatience` is over or
  /// the attempt is not wanted any more.
  private func store(
    _ remains: AttemptExecution.Remains, of lease: LeaseReference, in report: inout AttemptReport
  ) async -> StrataError? {
    let end = configuration.time.now + configuration.storingPatience
    var backoff = configuration.newBackoff()
    var hasTold = false
    while true {
      do throws(StrataError) {
        try await storeRest(of: remains, in: &report)
        return nil
      } catch {
        guard error.isFullDisk, isWanted(lease), configuration.time.now < end else { return error }
        if !hasTold { log("job \(lease.job): its results wait for room: \(error)") }
        hasTold = true
        await configuration.time.pause(backoff.next())
      }
    }
  }

  private func isWanted(_ lease: LeaseReference) -> Bool {
    !Task.isCancelled && wanted.withLock { $0.contains(lease) }
  }

  private func storeRest(of remains: AttemptExecution.Remains, in report: inout AttemptReport)
    async throws(StrataError)
  {
    for file in remains.files.dropFirst(report.results.count) {
      report.results.append(try await artifacts.store(fileAt: file.path, named: file.name))
    }
    if let log = remains.log { report.log = try await artifacts.store(fileAt: log, named: "log.txt") }
  }

  /// A disk that is short whatever the attempt left on it is nobody's fault: the lease is handed back, and the attempt
  /// not counted, `shortageReleasesMax` times. Where there is room once the attempt's own files are gone, the attempt was
  /// too large for it.
  private func noticeOfRefusal(_ refusal: StrataError, _ lease: LeaseReference, _ report: AttemptReport)
    -> AttemptNotice
  {
    var report = report
    if refusal.isFullDisk, !isWanted(lease) || mayReleaseForShortage(lease.job) {
      (report.results, report.log, report.summaryJSON) = ([], nil, nil)
      return AttemptNotice(of: lease, .released, report)
    }
    shortageReleases.withLock { $0.forget(lease.job) }
    report.error =
      refusal.isFullDisk ? .diskFull("store the results: \(refusal)") : .workerFault("storing failed: \(refusal)")
    return AttemptNotice(of: lease, .failed, report)
  }

  private func mayReleaseForShortage(_ job: JobID) -> Bool {
    artifacts.shortage != nil && shortageReleases.withLock { $0.mayRelease(job) }
  }
}

extension StrataError {
  /// Whether the artifact store has no room, or none but its reserve.
  fileprivate var isFullDisk: Bool { code == .insufficientStorage }
}
