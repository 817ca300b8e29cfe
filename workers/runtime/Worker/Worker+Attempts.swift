import StrataArtifacts
import StrataCore
import StrataQueue
import Synchronization

// From a lease to the notice of how its attempt ended.
extension Worker {
  /// Registers the attempt, so that it can be stopped from now on. Nil if its order cannot be read: that is reported.
  func prepare(_ lease: Lease) -> AttemptExecution? {
    let reference = lease.reference
    guard let order = ReportCoding.order(from: lease.job.payload) else {
      let report = AttemptReport(tier: lease.job.tier, usage: AttemptUsage(), error: .unreadableOrder)
      finish(reference, notice(of: reference, .failed, report))
      return nil
    }
    let attempt = AttemptExecution(
      order, folders: folders, pool: pool, limits: configuration.limits,
      sink: AttemptSink(
        progress: { self.pump.progress(reference, $0, $1) }, log: { self.pump.log(reference, $0) }))
    attempts.withLock { $0[reference] = attempt }
    return attempt
  }

  func run(_ lease: Lease, _ attempt: AttemptExecution) async {
    let reference = lease.reference
    let remains = await attempt.run { () async throws(AttemptError) in try await self.fetch(attempt.order.inputs) }
    attempts.withLock { $0[reference] = nil }
    let notice = await notice(of: lease, remains)
    clear(attempt)
    finish(reference, notice)
  }

  private func finish(_ lease: LeaseReference, _ notice: AttemptNotice?) {
    pump.forget(lease)
    feed.yield(.attemptEnded(lease, isReported: notice != nil))
    if let notice { reporter.add(notice) }
  }

  private func fetch(_ inputs: [ArtifactReference]) async throws(AttemptError) -> [InputFile] {
    var files: [InputFile] = []
    for input in inputs {
      let path: String?
      do throws(StrataError) {
        path = try await artifacts.localPath(of: input)
      } catch {
        throw .workerFault("the input '\(input.name)' could not be read: \(error)")
      }
      guard let path else { throw .inputMissing(input.name) }
      files.append(InputFile(name: input.name, path: path, sizeBytes: input.sizeBytes))
    }
    return files
  }

  /// Stores the results and the log, last words of the live log first. Nil where nothing may be said.
  private func notice(of lease: Lease, _ remains: AttemptExecution.Remains) async -> AttemptNotice? {
    guard let end = remains.ending else { return nil }
    var ending = end.kind
    await pump.flush(only: lease.reference) { _ in }
    var report = AttemptReport(
      tier: lease.job.tier, usage: remains.usage, summaryJSON: remains.summary?.description, error: end.error)
    do throws(StrataError) {
      for file in remains.files {
        report.results.append(try await artifacts.store(fileAt: file.path, named: file.name))
      }
      if let log = remains.log { report.log = try await artifacts.store(fileAt: log, named: "log.txt") }
    } catch {
      (ending, report.error) = storingFailed(error, ending, report.error)
    }
    return notice(of: lease.reference, ending, report)
  }

  /// What could not be stored fails an attempt that had succeeded, and changes nothing for the others.
  private func storingFailed(_ error: StrataError, _ ending: AttemptEnding, _ earlier: AttemptError?) -> (
    AttemptEnding, AttemptError?
  ) {
    log("results could not be stored: \(String(reflecting: error))")
    guard ending == .succeeded else { return (ending, earlier) }
    let failure: AttemptError =
      error.isFullDisk ? .diskFull("store the results: \(error)") : .workerFault("storing failed: \(error)")
    return (.failed, failure)
  }

  func notice(of lease: LeaseReference, _ ending: AttemptEnding, _ report: AttemptReport) -> AttemptNotice {
    let (bytes, wasCut) = ReportCoding.encode(report, bytesMax: QueueLimits().reportBytesMax)
    return AttemptNotice(
      lease: lease, ending: wasCut && ending == .succeeded ? .failed : ending,
      isRetryable: !wasCut && report.error?.isRetryable ?? false, report: bytes)
  }

  private func clear(_ attempt: AttemptExecution) {
    do throws(StrataError) {
      try attempt.clear()
    } catch {
      log(String(reflecting: error))
    }
  }
}

extension StrataError {
  /// Whether the artifact store has no room, or none but its reserve.
  fileprivate var isFullDisk: Bool { code == .insufficientStorage }
}
