package import StrataCore
package import StrataLedger
package import StrataQueue
package import StrataRuntime

/// Where jobs enter: committed with their holds first (①), then made ready in the queue (②).
///
/// What is committed is accepted, whatever happens to the queue: a job that could not be enqueued is tried again here
/// (`retries`), whether this controller leads or not. Concurrent submissions share transactions and scripts.
package final class Entrance: Sendable {
  /// What became of submissions.
  typealias Admitted = [(JobSubmission, AdmissionVerdict)]

  private let queue: any JobQueue
  private let admissions: AdmissionBatcher
  private let enqueues: Batcher<QueuedJob, QueueError?>
  private let rechecks: Batcher<JobID, Void>
  private let resolutions: Batcher<JobID, Void>
  private let underWay: EnqueuesUnderWay
  /// To be run for as long as the controller does.
  package let retries: EnqueueRetries
  let lanes: LaneRule
  let reconciler: Reconciler
  private let room: AdmissionRoom
  private let log: Log

  package init(
    ledger: any JobLedger, queue: any JobQueue, settler: Settler, reconciler: Reconciler, room: AdmissionRoom,
    log: Log = .silent, time: Timekeeper = .system
  ) {
    self.queue = queue
    self.reconciler = reconciler
    self.room = room
    self.log = log
    underWay = reconciler.underWay
    retries = EnqueueRetries(reconciler, log: log, time: time)
    lanes = reconciler.lanes
    rechecks = Batcher(time: time) { jobs in
      await reconciler.recheck(Set(jobs))
      return jobs.map { _ in }
    }
    resolutions = Batcher(time: time) { jobs in
      do {
        try await settler.resolve()
      } catch {
        log.warning("blocked jobs could not be told of ends yet", ["error": "\(error)"])
      }
      return jobs.map { _ in }
    }
    admissions = AdmissionBatcher(ledger, time: time)
    enqueues = Batcher(time: time) { jobs in
      do throws(QueueError) {
        room.noteAccepted(jobs)
        return try await queue.enqueue(jobs).map { _ in nil }
      } catch {
        room.noteFailure(error)
        return jobs.map { _ in error }
      }
    }
  }

  /// Says that a job has been cancelled in the ledger: if it is on its way into the queue, it leaves it again.
  package func noteCancelled(_ job: JobID) { underWay.cancel(job) }

  // MARK: One

  /// Returns once the job is committed, or that was refused.
  package func submit(_ submission: JobSubmission) async throws(LedgerError) -> AdmissionVerdict {
    let (verdict, failure) = try await accept(submission)
    if let failure {
      log.warning("accepted job not enqueued yet", ["job": "\(submission.job)", "error": "\(failure)"])
      reconciler.request(failure == .lost ? .queueLost : .enqueueFailed)
      // Only now, for what is claimed is left alone.
      retries.add(submission.job)
    }
    return verdict
  }

  /// - Returns: what became of it, and why it is not in the queue yet.
  private func accept(_ submission: JobSubmission) async throws(LedgerError) -> (AdmissionVerdict, QueueError?) {
    underWay.begin(submission.job)
    defer { underWay.end(submission.job) }
    let verdict = try await admissions.submit(submission)
    switch verdict {
    case .accepted(let job):
      CrashPoint.betweenCommitAndEnqueue.reached()
      // One that waits for others is enqueued by whoever releases it. Those may have ended already.
      guard job.state == .blocked else { return (verdict, await enqueue(lanes.job(submission, job))) }
      await resolutions.submit(job.job)
    case .existing(let job):
      // It may have been run, with its outcome still on the way: only one that is missing indeed is put back.
      if !job.state.isFinal { await rechecks.submit(job.job) }
    case .refused: break
    }
    return (verdict, nil)
  }

  private func enqueue(_ job: QueuedJob) async -> QueueError? {
    let failure = await enqueues.submit(job)
    if failure == nil, underWay.isCancelled(job.id) { _ = try? await queue.cancel([job.id]) }
    return failure
  }

  // MARK: Many

  /// Has jobs committed that are claimed meanwhile, and brings them into the queue.
  ///
  /// - Parameter commit: returns its own answer, and what became of those of the submissions that concern the queue.
  func entering<Value>(
    _ submissions: [JobSubmission],
    _ commit: () async throws(StrataError) -> (Value, Admitted)
  ) async throws(StrataError) -> Value {
    let (value, waiting) = try await claiming(submissions, commit)
    // Only now, for what is claimed is left alone.
    for job in waiting { retries.add(job) }
    return value
  }

  /// - Returns: also the jobs that are to be in the queue and are not yet.
  private func claiming<Value>(
    _ submissions: [JobSubmission],
    _ commit: () async throws(StrataError) -> (Value, Admitted)
  ) async throws(StrataError) -> (Value, [JobID]) {
    for submission in submissions { underWay.begin(submission.job) }
    defer { for submission in submissions { underWay.end(submission.job) } }
    let (value, admitted) = try await commit()
    return (value, await bringIntoQueue(admitted))
  }

  /// As for a single job: what is queued is enqueued, what is blocked may be told of ends, what was there is looked for.
  ///
  /// - Returns: the jobs that could not be enqueued.
  private func bringIntoQueue(_ admitted: Admitted) async -> [JobID] {
    var (ready, known, isAnyBlocked): ([QueuedJob], Set<JobID>, Bool) = ([], [], false)
    for (submission, verdict) in admitted {
      switch verdict {
      case .accepted(let job) where job.state == .blocked: isAnyBlocked = true
      case .accepted(let job): ready.append(lanes.job(submission, job))
      case .existing(let job) where !job.state.isFinal: known.insert(job.job)
      case .existing, .refused: break
      }
    }
    let waiting = await enqueue(ready)
    if isAnyBlocked, let job = admitted.first?.0.job { await resolutions.submit(job) }
    if !known.isEmpty { await reconciler.recheck(known) }
    return waiting
  }

  /// - Returns: the jobs that could not be enqueued: all, where it failed.
  private func enqueue(_ jobs: [QueuedJob]) async -> [JobID] {
    guard !jobs.isEmpty else { return [] }
    room.noteAccepted(jobs)
    do {
      _ = try await queue.enqueue(jobs)
      let cancelled = jobs.map(\.id).filter(underWay.isCancelled)
      if !cancelled.isEmpty { _ = try? await queue.cancel(cancelled) }
      return []
    } catch {
      log.warning("accepted jobs not enqueued yet", ["jobs": "\(jobs.count)", "error": "\(error)"])
      room.noteFailure(error)
      reconciler.request(error == .lost ? .queueLost : .enqueueFailed)
      return jobs.map(\.id)
    }
  }
}
