import StrataArtifacts
package import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

extension AdmissionService {
  /// What became of one of many drafts.
  package typealias Verdict = Result<AdmittedJob, StrataError>

  /// Accepts many jobs of a tenant in as few transactions as may be; one that is refused stands in nobody's way.
  ///
  /// - Parameter drafts: at most a few thousand; those that were found wrong before keep their place and their error.
  /// - Returns: a verdict for each, in order. What is accepted is committed.
  /// - Throws: `unavailable`, where it is not known what was committed: repeat it with the same idempotency keys.
  package func submit(
    _ drafts: [Result<JobDraft, StrataError>], tenant: TenantID
  ) async throws(StrataError) -> [Verdict] {
    let stored = try await inputs.stored(drafts.flatMap { (try? $0.get().storedInputs) ?? [] }, of: tenant)
    var checked = try await checked(drafts, tenant, stored)
    try await requireLanes(for: checked, tenant)
    var metered: [JobID: [SubmissionWarning]] = [:]
    for index in checked.indices {
      guard case (.success(var submission), .success(let draft)) = (checked[index], drafts[index]) else { continue }
      metered[submission.job] = await warnings(measuring: &submission, asked: draft, among: stored)
      checked[index] = .success(submission)
    }
    let verdicts = try await accept(checked.compactMap { try? $0.get() })
    var rest = verdicts[...]
    return checked.map { submission in
      let verdict = submission.flatMap { self.verdict(rest.removeFirst(), on: $0, metered[$0.job] ?? []) }
      note(verdict)
      return verdict
    }
  }

  /// - Throws: why so many more jobs of a tenant are not accepted now. They are refused as a whole: a part of them would
  ///   have to be found again by whoever comes back with the rest.
  package func requireRoom(for count: Int, tenant: TenantID) async throws(StrataError) {
    guard count > 0, let refusal = await room.refusal(of: tenant, count: count) else { return }
    metrics.refused(refusal.code)
    throw refusal
  }

  private func accept(_ submissions: [JobSubmission]) async throws(StrataError) -> [AdmissionVerdict] {
    try await entrance.entering(submissions) {
      () async throws(StrataError) -> ([AdmissionVerdict], Entrance.Admitted) in
      let verdicts: [AdmissionVerdict]
      do throws(LedgerError) { verdicts = try await ledger.admit(submissions) } catch { throw error.strataError }
      CrashPoint.betweenCommitAndEnqueue.reached()
      return (verdicts, zip(submissions, verdicts).map { ($0, $1) })
    }
  }

  /// As for a single job: the workers are looked at once for all that would be refused for want of one.
  private func checked(
    _ drafts: [Result<JobDraft, StrataError>], _ tenant: TenantID, _ stored: [ArtifactDigest: Int64]
  ) async throws(StrataError) -> [Result<JobSubmission, StrataError>] {
    var checked = drafts.map { draft in draft.flatMap { self.checked($0, tenant, stored) } }
    let unsatisfied = checked.indices.filter {
      if case .failure(let error) = checked[$0] { error.code == .unsatisfiable } else { false }
    }
    guard !unsatisfied.isEmpty else { return checked }
    try await lookAtWorkers()
    for index in unsatisfied { checked[index] = drafts[index].flatMap { self.checked($0, tenant, stored) } }
    return checked
  }

  /// - Throws: that jobs of these would be in a lane too many. They are refused as a whole, as in `requireRoom`.
  private func requireLanes(
    for checked: [Result<JobSubmission, StrataError>], _ tenant: TenantID
  ) async throws(StrataError) {
    let lanes = Set(checked.compactMap { try? $0.get() }.map(lane))
    guard let refusal = await room.refusal(of: tenant, in: lanes) else { return }
    metrics.refused(refusal.code)
    throw refusal
  }

  private func checked(
    _ draft: JobDraft, _ tenant: TenantID, _ stored: [ArtifactDigest: Int64]
  ) -> Result<JobSubmission, StrataError> {
    do throws(StrataError) {
      let submission = try checkedAsKnown(draft, tenant: tenant, job: draft.job ?? JobID(), now: clock.now)
      try inputs.require(draft.storedInputs, among: stored)
      return .success(submission)
    } catch {
      return .failure(error)
    }
  }

  private func verdict(
    _ verdict: AdmissionVerdict, on submission: JobSubmission, _ metered: [SubmissionWarning]
  ) -> Verdict {
    switch verdict {
    case .accepted(let accepted):
      var job = AdmittedJob(accepted, of: submission)
      job.warnings = metered + warnings(of: submission)
      return .success(job)
    case .existing(let job):
      return .success(AdmittedJob(id: job.job, state: job.state, held: job.held, isRepeat: true))
    case .refused(let refusal): return .failure(refusal.strataError)
    }
  }

  func note(_ verdict: Verdict) {
    switch verdict {
    case .success(let job): (job.isRepeat ? metrics.repeated : metrics.accepted).increment()
    case .failure(let error): metrics.refused(error.code)
    }
  }
}
