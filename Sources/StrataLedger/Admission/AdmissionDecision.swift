package import StrataCore

/// Decides a batch of submissions from what was read under the accounts' locks, without any I/O.
///
/// In the order given: a repeat finds its job, a submission that fits its account is accepted and counts against those
/// after it, and one that does not fit is refused without standing in the way of smaller ones.
package struct AdmissionDecision {
  /// A job that was stored before, or is to be stored by this batch.
  package struct KnownJob: Hashable, Sendable {
    package let accepted: AcceptedJob
    package let tenant: TenantID
    package let idempotencyKey: String?
    package let fingerprint: [UInt8]

    package init(accepted: AcceptedJob, tenant: TenantID, idempotencyKey: String?, fingerprint: [UInt8]) {
      self.accepted = accepted
      self.tenant = tenant
      self.idempotencyKey = idempotencyKey
      self.fingerprint = fingerprint
    }
  }

  package struct Acceptance: Hashable, Sendable {
    package let submission: JobSubmission
    package let hold: MicroCredits
    package let priceVersion: Int
    /// The jobs that it waits for: those of `after` that have not succeeded, or make inputs for it. With one that has ended already it
    /// is stored like any other and told of it afterwards, so that it makes no difference which of the two came first.
    package let waits: [JobID]

    package var state: JobState { waits.isEmpty ? .queued : .blocked }
  }

  /// The job of this identifier, where it is stored or to be stored by this batch.
  package func known(_ job: JobID) -> AcceptedJob? { byID[job]?.accepted }

  private typealias TenantKey = AdmissionStructure.TenantKey

  private var balances: [TenantID: AccountBalance]
  private let prices: [String: PricedListing]
  private let ratedTiers: Set<TierName>
  private let classes: [TenantID: PriorityClass]
  private var structure: AdmissionStructure
  private var byID: [JobID: KnownJob] = [:]
  private var byKey: [TenantKey: KnownJob] = [:]

  package private(set) var verdicts: [AdmissionVerdict] = []
  /// What is to be stored, in order.
  package private(set) var acceptances: [Acceptance] = []
  /// How much is to be added to each account's `held`.
  package private(set) var held: [TenantID: MicroCredits] = [:]
  /// Jobs that have ended and that jobs of this batch wait for all the same: their end is still to be told.
  package private(set) var untold: Set<JobID> = []

  package init(
    balances: [TenantID: AccountBalance], prices: [String: PricedListing], ratedTiers: Set<TierName>,
    known: [KnownJob], classes: [TenantID: PriorityClass] = [:], structure: AdmissionStructure = AdmissionStructure()
  ) {
    self.balances = balances
    self.prices = prices
    self.ratedTiers = ratedTiers
    self.classes = classes
    self.structure = structure
    for job in known { note(job) }
  }

  /// - Complexity: O(1) for each submission.
  package mutating func decide(_ submissions: [JobSubmission]) {
    for submission in submissions { verdicts.append(verdict(on: submission)) }
  }

  private mutating func verdict(on submission: JobSubmission) -> AdmissionVerdict {
    do throws(AdmissionRefusal) {
      if let known = try repeated(submission) { return known }
      if let standing = try structure.standing(for: submission) { return .existing(standing) }
      return try accept(submission)
    } catch {
      return .refused(error)
    }
  }

  private func repeated(_ submission: JobSubmission) throws(AdmissionRefusal) -> AdmissionVerdict? {
    let ofKey = submission.idempotencyKey.flatMap { byKey[TenantKey(tenant: submission.tenant, key: $0)] }
    guard let known = byID[submission.job] ?? ofKey else { return nil }
    guard known.tenant == submission.tenant, known.fingerprint == submission.fingerprint,
      known.idempotencyKey == submission.idempotencyKey
    else { throw .conflict(known.accepted.job) }
    // The same identifier is the same submission, whose answer got lost.
    let job = known.accepted
    guard job.job == submission.job else { return .existing(job) }
    return .accepted(
      AcceptedJob(
        job: job.job, state: job.state, held: job.held, createdAt: job.createdAt,
        priorityClass: classes[submission.tenant] ?? .standard))
  }

  private mutating func accept(_ submission: JobSubmission) throws(AdmissionRefusal) -> AdmissionVerdict {
    guard let balance = balances[submission.tenant] else { throw .unknownTenant(submission.tenant) }
    guard let listing = prices[submission.soldAs] else { throw .unpriced(submission.soldAs) }
    for tier in submission.order.placements(on: submission.tier).map(\.tier) where !ratedTiers.contains(tier) {
      throw .unratedTier(tier)
    }
    // Nobody but whoever makes its tasks adds to an array.
    if submission.order.task == nil { try structure.requireOpen(submission.structure.batch, of: submission.tenant) }
    let waits = try structure.waits(of: submission)
    let order = submission.order
    let hold = listing.price.hold(
      cpuMillicores: order.cpuMillicoresMax, timeoutSeconds: order.timeoutSeconds, unitsMax: order.unitsMax ?? 0)
    if let max = submission.creditsMax, hold > max { throw .overCreditsMax(max: max, needed: hold) }
    guard hold <= balance.available else { throw .budget(available: balance.available, needed: hold) }
    balances[submission.tenant]?.held += hold
    held[submission.tenant, default: .zero] += hold
    untold.formUnion(waits.filter { structure.dependencies[$0]?.state.isFinal == true })
    let acceptance = Acceptance(submission: submission, hold: hold, priceVersion: listing.version, waits: waits)
    acceptances.append(acceptance)
    let job = AcceptedJob(
      job: submission.job, state: acceptance.state, held: hold, createdAt: submission.createdAt.storable,
      priorityClass: classes[submission.tenant] ?? .standard)
    structure.note(job, for: submission)
    note(
      KnownJob(
        accepted: job, tenant: submission.tenant, idempotencyKey: submission.idempotencyKey,
        fingerprint: submission.fingerprint))
    return .accepted(job)
  }

  private mutating func note(_ job: KnownJob) {
    byID[job.accepted.job] = job
    if let key = job.idempotencyKey { byKey[TenantKey(tenant: job.tenant, key: key)] = job }
  }
}
