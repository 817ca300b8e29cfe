import FoundationEssentials
package import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// Accepts jobs: checks what is submitted, looks for room and inputs, and has it enter.
package final class AdmissionService: Sendable {
  let check: DraftCheck
  let tiers: TierWatch
  /// To be run for as long as the controller does.
  let room: AdmissionRoom
  let ledger: Ledger
  let inputs: InputCheck
  let meter: WorkMeter
  let entrance: Entrance
  let clock: WallClock
  let metrics: ControlMetrics
  let log: Log

  init(
    check: DraftCheck, tiers: TierWatch, ledger: Ledger, queue: any JobQueue, inputs: InputCheck, meter: WorkMeter,
    settler: Settler,
    reconciler: Reconciler, bounds: AdmissionBounds = AdmissionBounds(), metrics: ControlMetrics = ControlMetrics(),
    log: Log = .silent, clock: WallClock = .system, time: Timekeeper = .system
  ) {
    self.check = check
    self.tiers = tiers
    let room = AdmissionRoom(queue: queue, bounds: bounds, log: log)
    self.room = room
    self.ledger = ledger
    self.inputs = inputs
    self.meter = meter
    self.metrics = metrics
    self.log = log
    self.clock = clock
    entrance = Entrance(
      ledger: ledger, queue: queue, settler: settler, reconciler: reconciler, room: room, log: log, time: time)
  }

  /// Returns once the job is committed.
  package func submit(_ draft: JobDraft, tenant: TenantID) async throws(StrataError) -> AdmittedJob {
    do throws(StrataError) {
      var submission = try await checked(draft, tenant: tenant, now: clock.now)
      let stored = try await inputs.require(draft.storedInputs, of: tenant)
      try await requireRoom(for: submission, tenant)
      let metered = await warnings(measuring: &submission, asked: draft, among: stored)
      let start = ContinuousClock.now
      var job = try await carryOut(submission)
      if !job.isRepeat { job.warnings = metered + warnings(of: submission) }
      metrics.admissionSeconds.observe(.now - start)
      (job.isRepeat ? metrics.repeated : metrics.accepted).increment()
      return job
    } catch {
      metrics.refused(error.code)
      throw error
    }
  }

  /// Decides as `submit` does, but keeps nothing, and does without inputs that are not there: what is counted in those is told of by a
  /// warning.
  package func preview(_ draft: JobDraft, tenant: TenantID) async throws(StrataError) -> AdmissionPreview {
    var submission = try await checked(draft, tenant: tenant, now: clock.now)
    try await inputs.requireTakeable(draft.storedInputs)
    let stored = try await inputs.stored(draft.storedInputs, of: tenant)
    let metered = await warnings(measuring: &submission, asked: draft, among: stored, mayLack: true)
    try await requireRoom(for: submission, tenant, isCounted: false)
    let held =
      switch try await judge(submission) {
      case .accepted(let job), .existing(let job): job.held
      // The key is known. Without the inputs' digests nobody can say whether the request is the same.
      case .refused(.conflict(let job)) where !draft.storedInputs.isEmpty: try await self.held(by: job, tenant)
      case .refused(let refusal): throw refusal.strataError
      }
    return AdmissionPreview(held: held, warnings: metered + warnings(of: submission))
  }

  /// What a draft submits. Before it is refused for want of a tier, or of a worker large enough, the workers are looked at:
  /// one may have come just now.
  func checked(
    _ draft: JobDraft, tenant: TenantID, job: JobID = JobID(), now: Timestamp
  ) async throws(StrataError) -> JobSubmission {
    do throws(StrataError) { return try checkedAsKnown(draft, tenant: tenant, job: job, now: now) } catch {
      guard error.code == .unsatisfiable else { throw error }
    }
    try await lookAtWorkers()
    return try checkedAsKnown(draft, tenant: tenant, job: job, now: now)
  }

  /// The same, by what is known already.
  func checkedAsKnown(
    _ draft: JobDraft, tenant: TenantID, job: JobID = JobID(), now: Timestamp
  ) throws(StrataError) -> JobSubmission {
    try check.submission(for: draft, tenant: tenant, job: job, now: now, tiers: tiers.book.tiers)
  }

  func lookAtWorkers() async throws(StrataError) {
    do { try await tiers.look() } catch { throw error.strataError }
  }

  /// What was accepted before is found all the same, however full the queue is.
  ///
  /// - Parameter isCounted: whether the job is accepted now, where it is not refused.
  func requireRoom(
    for submission: JobSubmission, _ tenant: TenantID, isCounted: Bool = true
  ) async throws(StrataError) {
    var refusal = await room.refusal(of: tenant, isCounted: isCounted)
    if refusal == nil { refusal = await room.refusal(of: tenant, in: [lane(of: submission)], isCounted: isCounted) }
    guard let refusal else { return }
    if submission.idempotencyKey != nil {
      switch try await judge(submission) {
      case .existing, .refused(.conflict): return
      case .accepted, .refused: break
      }
    }
    throw refusal
  }

  /// In which its job, or each of its tasks, waits; but for the class, which the ledger knows.
  func lane(of submission: JobSubmission) -> Lane { entrance.lanes.lane(submission.order, submission.tier, .standard) }

  private func judge(_ submission: JobSubmission) async throws(StrataError) -> AdmissionVerdict {
    do { return try await ledger.judge(submission) } catch { throw error.strataError }
  }

  private func held(by job: JobID, _ tenant: TenantID) async throws(StrataError) -> MicroCredits {
    do { return try await ledger.job(job, tenant: tenant)?.held ?? .zero } catch { throw error.strataError }
  }

  private func carryOut(_ submission: JobSubmission) async throws(StrataError) -> AdmittedJob {
    let verdict: AdmissionVerdict
    do { verdict = try await entrance.submit(submission) } catch { throw error.strataError }
    switch verdict {
    case .accepted(let job): return AdmittedJob(job, of: submission)
    case .existing(let job): return AdmittedJob(id: job.job, state: job.state, held: job.held, isRepeat: true)
    case .refused(let refusal): throw refusal.strataError
    }
  }
}

extension AdmittedJob {
  /// A job that was accepted: it waits for others first, and then for its time.
  init(_ job: AcceptedJob, of submission: JobSubmission) {
    let isScheduled = job.state == .queued && submission.runAt != nil
    self.init(id: job.job, state: isScheduled ? .scheduled : job.state, held: job.held, isRepeat: false)
  }
}

extension Encodable {
  /// As JSON with its keys in order: equal values have equal bytes.
  var encodedInOrder: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(self)).map(Array.init) ?? []
  }
}

extension WorkOrder {
  func renamed(_ job: JobID) -> WorkOrder {
    var order = self
    order.job = job
    return order
  }

  /// The order of one task, from what all tasks of an array have in common.
  func filled(_ task: ArrayTask, job: JobID) -> WorkOrder {
    var order = renamed(job)
    (order.parametersJSON, order.task) = (task.filled(parametersJSON), task)
    return order
  }

  /// The queue's payload. Strings, integers and lists of them can always be written as JSON.
  var encoded: [UInt8] { plainlyEncoded ?? (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }
}
