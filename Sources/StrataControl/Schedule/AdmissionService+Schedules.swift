import StrataCore
import StrataLedger
import StrataQueue

extension AdmissionService {
  /// A draft as the ledger can decide it: checked, its inputs found.
  ///
  /// - Parameters:
  ///   - looksForInputs: false where they are still to be uploaded: then they only must be such as can be.
  ///   - task: that stands for all of an array.
  /// - Throws: the refusal; `unavailable` where the inputs could not be looked for.
  func submission(
    for draft: JobDraft, tenant: TenantID, now: Timestamp, looksForInputs: Bool = true, as task: ArrayTask? = nil
  ) async throws(StrataError) -> JobSubmission {
    // By what is known: whoever makes runs and tasks for all tenants does not wait for a look at the workers.
    var submission = try checkedAsKnown(draft, tenant: tenant, now: now)
    let stored = try await inputs.stored(draft.storedInputs, of: tenant)
    if looksForInputs {
      try inputs.require(draft.storedInputs, among: stored)
    } else {
      try await inputs.requireTakeable(draft.storedInputs)
    }
    await meter.measure(&submission, asked: draft, among: stored, as: task, mayLack: !looksForInputs)
    return submission
  }

  /// Commits what is due of schedules, then brings its jobs into the queue, as those of any submission.
  ///
  /// - Returns: a verdict for each, in order. What is fired is committed.
  /// - Throws: `unavailable`, where it is not known what was committed: whoever looks again finds out.
  func fire(_ firings: [ScheduleFiring], now: Timestamp) async throws(StrataError) -> [FiringVerdict] {
    let submissions = firings.flatMap(\.submissions)
    let verdicts = try await entrance.entering(submissions) {
      () async throws(StrataError) -> ([FiringVerdict], Entrance.Admitted) in
      let verdicts: [FiringVerdict]
      do throws(LedgerError) { verdicts = try await ledger.fire(firings, now: now) } catch { throw error.strataError }
      let made = Dictionary(verdicts.flatMap(\.made).map { ($0.job, $0) }) { first, _ in first }
      guard !made.isEmpty else { return (verdicts, []) }
      CrashPoint.betweenFiringAndEnqueue.reached()
      let accepted = submissions.compactMap { submission in
        made[submission.job].map { (submission, AdmissionVerdict.accepted($0)) }
      }
      return (verdicts, accepted)
    }
    for job in verdicts.flatMap(\.made) {
      note(.success(AdmittedJob(id: job.job, state: job.state, held: job.held, isRepeat: false)))
    }
    return verdicts
  }
}

extension FiringVerdict {
  /// The jobs that are stored by it.
  var made: [AcceptedJob] {
    switch self {
    case .stale(let jobs): jobs
    case .fired(let outcomes):
      outcomes.compactMap { if case .made(let job) = $0 { job } else { nil } }
    }
  }
}
