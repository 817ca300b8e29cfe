import StrataArtifacts
package import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

extension AdmissionService {
  /// Accepts an array: it is stored, and none of its tasks is made yet. Costs the same however many there are.
  ///
  /// - Parameter retried: the array whose failed tasks it does again, and what the tasks of that one are told.
  /// - Throws: what a submission of one task would be refused with; `limitExceeded`.
  package func submit(
    _ draft: JobDraft, as array: ArrayDraft, limits: ArrayLimits, retried: (array: ArrayID, span: TaskSpan)? = nil,
    tenant: TenantID
  ) async throws(StrataError) -> AdmittedJob {
    do throws(StrataError) {
      var submission = try await self.submission(for: draft, as: array, limits: limits, tenant: tenant)
      submission.retryOf = retried?.array
      submission.span = retried?.span ?? submission.span
      let stored = try await inputs.require(draft.storedInputs, of: tenant)
      let metered = await warnings(
        measuring: &submission.task, asked: draft, among: stored, as: submission.sample)
      try await requireRoom(for: submission.task, tenant, isCounted: false)
      var job = try await commit(submission, limits: limits)
      if !job.isRepeat { job.warnings = metered + warnings(of: submission.task) }
      (job.isRepeat ? metrics.repeated : metrics.accepted).increment()
      return job
    } catch {
      metrics.refused(error.code)
      throw error
    }
  }

  /// Decides as `submit` does, but looks for no input and keeps nothing.
  ///
  /// - Returns: of the whole array.
  package func preview(
    _ draft: JobDraft, as array: ArrayDraft, limits: ArrayLimits, tenant: TenantID
  ) async throws(StrataError) -> AdmissionPreview {
    var submission = try await self.submission(for: draft, as: array, limits: limits, tenant: tenant)
    try await inputs.requireTakeable(draft.storedInputs)
    let stored = try await inputs.stored(draft.storedInputs, of: tenant)
    let metered = await warnings(
      measuring: &submission.task, asked: draft, among: stored, as: submission.sample, mayLack: true)
    try await requireRoom(for: submission.task, tenant, isCounted: false)
    let verdict: AdmissionVerdict
    do { verdict = try await ledger.judge(submission.task) } catch { throw error.strataError }
    switch verdict {
    case .accepted(let job), .existing(let job):
      return AdmissionPreview(
        held: job.held.times(array.indexes.count), warnings: metered + warnings(of: submission.task))
    case .refused(let refusal): throw refusal.strataError
    }
  }

  /// An array, with what its tasks have in common as a submission under the array's own identifier.
  private func submission(
    for draft: JobDraft, as array: ArrayDraft, limits: ArrayLimits, tenant: TenantID
  ) async throws(StrataError) -> ArraySubmission {
    guard array.indexes.count <= limits.tasksMax else {
      throw StrataError(
        .invalidInput, "an array of \(array.indexes.count) tasks is too large: at most \(limits.tasksMax) are taken",
        remedy: "submit more than one array")
    }
    if let most = array.runningMax, !(1...TaskIndexes.tasksMax).contains(most) {
      throw StrataError(
        .invalidBody, "'max_running' is \(most)", remedy: "keep it from 1 to \(TaskIndexes.tasksMax)")
    }
    try draft.requireTasklike()
    var plain = draft
    plain.array = nil
    let (id, span) = (ArrayID.new(), TaskSpan(array.indexes))
    var task = try await checked(plain, tenant: tenant, job: id.asJob, now: clock.now)
    // The last index has the most digits.
    try check.requireSmall(
      task.order.filled(ArrayTask(array: id, index: array.indexes.last, span: span), job: id.asJob))
    let asked = "\narray \(array.indexes.storedText)\n\(array.runningMax.map(String.init) ?? "")"
    task.fingerprint = ArtifactDigest(hashing: task.fingerprint + Array(asked.utf8)).bytes
    return ArraySubmission(
      id: id, task: task, draftJSON: plain.definitionJSON, indexes: array.indexes, runningMax: array.runningMax,
      span: span)
  }

  private func commit(_ array: ArraySubmission, limits: ArrayLimits) async throws(StrataError) -> AdmittedJob {
    let verdict: ArrayVerdict
    do { verdict = try await ledger.submit(array, pendingMax: limits.pendingMax) } catch { throw error.strataError }
    switch verdict {
    case .accepted(let id, let holdEach):
      return AdmittedJob(
        id: id.asJob, state: array.task.runAt == nil ? .queued : .scheduled, held: holdEach, isRepeat: false,
        tasks: array.indexes.count)
    case .existing(let id):
      let known: StoredArray?
      do { known = try await ledger.array(id, tenant: array.task.tenant) } catch { throw error.strataError }
      guard let known else { throw StrataError(.notFound, "there is no array \(id) of this tenant") }
      return AdmittedJob(
        id: id.asJob, state: known.endState ?? .queued, held: known.holdEach, isRepeat: true,
        tasks: known.indexes.count)
    case .tooMany:
      throw StrataError(
        .limitExceeded, "\(limits.pendingMax) arrays of this tenant have tasks to make, and no more are taken",
        remedy: "wait until one has none left, or cancel one")
    case .refused(let refusal): throw refusal.strataError
    }
  }

  // MARK: Making tasks

  /// The next tasks of an array as the ledger can decide them.
  ///
  /// - Throws: why no task can be submitted now; `unavailable` where nobody can say.
  func tasks(
    of array: StoredArray, count: Int, now: Timestamp
  ) async throws(StrataError) -> [(position: Int, submission: JobSubmission)] {
    var draft = try JobDraft(definitionJSON: array.draftJSON)
    draft.start = array.runAt.map(StartTime.at)
    var common = try await submission(
      for: draft, tenant: array.tenant, now: now,
      as: ArrayTask(array: array.id, index: array.indexes.first, span: array.span))
    common.structure = JobStructure(batch: array.id.batch)
    var (tasks, position): ([(position: Int, submission: JobSubmission)], Int) = ([], array.next)
    while tasks.count < count, position < array.indexes.count {
      let task = ArrayTask(array: array.id, index: array.indexes[position], span: array.span)
      var one = common
      one.order = common.order.filled(task, job: array.id.task(at: position))
      tasks.append((position, one))
      position = array.dropped.gap(from: position + 1)
    }
    return tasks
  }

  /// Commits tasks with their array's progress, then brings them into the queue, as the jobs of any submission. What was
  /// made before, perhaps by a call of the same whose answer got lost, is put there where it is missing.
  ///
  /// - Throws: `unavailable`, where it is not known what was committed: repeated, it finds out, and enqueues that.
  func make(_ making: ArrayMaking) async throws(StrataError) -> ArrayStep {
    let submissions = making.tasks.map(\.submission)
    let step = try await entrance.entering(submissions) {
      () async throws(StrataError) -> (ArrayStep, Entrance.Admitted) in
      let step: ArrayStep
      do throws(LedgerError) { step = try await ledger.make(making) } catch { throw error.strataError }
      guard !step.made.isEmpty, !step.isStale else { return (step, []) }
      CrashPoint.betweenMakingAndEnqueue.reached()
      // They are the first of those that were to be made.
      return (step, zip(submissions, step.made).map { ($0, .accepted($1)) })
    }
    let known = step.isStale ? step.made.filter { !$0.state.isFinal }.map(\.job) : []
    if !known.isEmpty { await entrance.reconciler.recheck(Set(known)) }
    if !step.isStale { metrics.accepted.increment(by: UInt64(step.made.count)) }
    return step
  }
}

extension ArraySubmission {
  /// The task by which all are measured: they have the same inputs.
  fileprivate var sample: ArrayTask { ArrayTask(array: id, index: indexes.first, span: span) }
}

extension MicroAmount {
  /// As much as can be said where it is more.
  package func times(_ count: Int) -> Self {
    let (product, isOver) = micros.multipliedReportingOverflow(by: Int64(count))
    return Self(micros: isOver ? .max : product)
  }
}
