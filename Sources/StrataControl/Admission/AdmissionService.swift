import FoundationEssentials
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// Accepts jobs: committed with their holds first (①), then made ready in the queue (②).
///
/// What is committed is accepted, whatever happens to the queue: a job that could not be enqueued is left to the
/// reconciler. Concurrent submissions share transactions and scripts.
final class AdmissionService: Sendable {
  private let check: DraftCheck
  private let admissions: AdmissionBatcher
  private let enqueues: Batcher<QueuedJob, QueueError?>
  private let reconciler: Reconciler
  private let log: Log

  init(check: DraftCheck, ledger: Ledger, queue: any JobQueue, reconciler: Reconciler, log: Log) {
    self.check = check
    self.reconciler = reconciler
    self.log = log
    admissions = AdmissionBatcher(ledger)
    enqueues = Batcher { jobs in
      do throws(QueueError) {
        return try await queue.enqueue(jobs).map { _ in nil }
      } catch {
        return jobs.map { _ in error }
      }
    }
  }

  func submit(_ draft: JobDraft, tenant: TenantID) async throws(StrataError) -> AdmittedJob {
    let submission = try check.submission(for: draft, tenant: tenant, job: JobID(), now: .now)
    switch try await admit(submission) {
    case .accepted(let job):
      CrashPoint.betweenCommitAndEnqueue.reached()
      await enqueue(QueuedJob(submission))
      return AdmittedJob(id: job.job, state: job.state, held: job.held, isRepeat: false)
    case .existing(let job):
      if !job.state.isFinal { await enqueue(QueuedJob(submission, as: job.job)) }
      return AdmittedJob(id: job.job, state: job.state, held: job.held, isRepeat: true)
    case .refused(let refusal):
      throw refusal.strataError
    }
  }

  private func admit(_ submission: JobSubmission) async throws(StrataError) -> AdmissionVerdict {
    do { return try await admissions.submit(submission) } catch { throw error.strataError }
  }

  private func enqueue(_ job: QueuedJob) async {
    guard let error = await enqueues.submit(job) else { return }
    log.warning("accepted job not enqueued yet", ["job": "\(job.id)", "error": "\(error)"])
    reconciler.request(error == .lost ? .queueLost : .enqueueFailed)
  }
}

extension QueuedJob {
  /// The queue's form of an admitted submission.
  init(_ submission: JobSubmission, as job: JobID? = nil) {
    self.init(
      order: submission.order.renamed(job ?? submission.job), tier: submission.tier, priority: submission.priority,
      attemptsMax: submission.attemptsMax, attemptsMade: 0)
  }

  init(order: WorkOrder, tier: TierName, priority: JobPriority, attemptsMax: Int, attemptsMade: Int) {
    self.init(
      id: order.job, tier: tier, priority: priority, attemptsMax: attemptsMax, attemptsMade: attemptsMade,
      payload: order.encoded)
  }
}

extension WorkOrder {
  func renamed(_ job: JobID) -> WorkOrder {
    WorkOrder(
      job: job, tenant: tenant, capability: capability, version: version, parametersJSON: parametersJSON,
      inputs: inputs, timeoutSeconds: timeoutSeconds, resources: resources)
  }

  /// The queue's payload. Strings, integers and lists of them can always be written as JSON.
  var encoded: [UInt8] { (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }

  /// The same, with its keys in order: equal orders have equal bytes.
  var encodedInOrder: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(self)).map(Array.init) ?? []
  }
}
