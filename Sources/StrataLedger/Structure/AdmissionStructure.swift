package import StrataCore

/// What admission must know of how jobs stand to others, as it is stored.
package struct AdmissionStructure: Sendable {
  /// A job that another may wait for.
  package struct Dependency: Hashable, Sendable {
    package let tenant: TenantID
    package let state: JobState

    package init(tenant: TenantID, state: JobState) {
      self.tenant = tenant
      self.state = state
    }
  }

  package struct Batch: Hashable, Sendable {
    package let tenant: TenantID
    package let isOpen: Bool

    package init(tenant: TenantID, isOpen: Bool) {
      self.tenant = tenant
      self.isOpen = isOpen
    }
  }

  package struct TenantKey: Hashable, Sendable {
    package let tenant: TenantID
    package let key: String

    package init(tenant: TenantID, key: String) {
      self.tenant = tenant
      self.key = key
    }
  }

  /// Which job holds a key, and until when; nil: until it has ended.
  package struct Claim: Hashable, Sendable {
    package let job: AcceptedJob
    package let until: Timestamp?

    package init(job: AcceptedJob, until: Timestamp?) {
      self.job = job
      self.until = until
    }

    func holds(at now: Timestamp) -> Bool { until.map { $0 > now } ?? !job.state.isFinal }
  }

  package var dependencies: [JobID: Dependency] = [:]
  package var batches: [BatchID: Batch] = [:]
  package var claims: [TenantKey: Claim] = [:]
  /// The jobs that do others again, by those.
  package var retries: [JobID: AcceptedJob] = [:]

  package init() {}

  /// What a submission has to wait for: those of `after` that have not succeeded, and all that make inputs for it, so that those are looked
  /// for in one place, whichever came first.
  func waits(of submission: JobSubmission) throws(AdmissionRefusal) -> [JobID] {
    var waits: [JobID] = []
    let sources = Set(submission.awaited?.sources ?? [])
    for job in Set(submission.structure.after).sorted() {
      // Another tenant's job is as unknown as one that never was.
      guard let known = dependencies[job], known.tenant == submission.tenant else { throw .unknownDependency(job) }
      let isOver = known.state == .succeeded || known.state.isFinal && submission.structure.dependencyPolicy == .run
      if !isOver || sources.contains(job) { waits.append(job) }
    }
    return waits
  }

  func requireOpen(_ batch: BatchID?, of tenant: TenantID) throws(AdmissionRefusal) {
    guard let batch else { return }
    guard let known = batches[batch], known.tenant == tenant else { throw .unknownBatch(batch) }
    guard known.isOpen else { throw .closedBatch(batch) }
  }

  /// The job that stands for a submission, because it does the same job again or holds its key.
  func standing(for submission: JobSubmission) throws(AdmissionRefusal) -> AcceptedJob? {
    if let retried = submission.structure.retryOf, let retry = retries[retried] { return retry }
    guard let unique = submission.structure.unique,
      let claim = claims[TenantKey(tenant: submission.tenant, key: unique.key)],
      claim.holds(at: submission.createdAt),
      // A job that is done again hands its key on.
      claim.job.job != submission.structure.retryOf
    else { return nil }
    guard unique.onConflict == .existing else { throw .notUnique(unique.key, claim.job.job) }
    return claim.job
  }

  /// Notes what is to be stored, for the submissions after it.
  mutating func note(_ job: AcceptedJob, for submission: JobSubmission) {
    dependencies[job.job] = Dependency(tenant: submission.tenant, state: job.state)
    if let retried = submission.structure.retryOf { retries[retried] = job }
    guard let unique = submission.structure.unique else { return }
    let until = unique.seconds.map { submission.createdAt + .seconds($0) }
    claims[TenantKey(tenant: submission.tenant, key: unique.key)] = Claim(job: job, until: until)
  }
}
