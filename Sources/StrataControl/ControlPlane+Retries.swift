public import StrataCore
public import StrataLedger

extension ControlPlane {
  /// Does a job again that failed or was cancelled: a new job with the same request, at today's price, with a hold of
  /// its own. A job is done again once; asked again, the answer is the one that does.
  ///
  /// - Parameter unitsMax: the most units to hold credits for; as many as it was held for unless said, and measured anew where it came to more.
  /// - Throws: `conflict` unless it ended without success; `invalidBody` for a bound of what is not counted.
  public func retry(
    _ id: JobID, tenant: TenantID, maxCharge: MicroCredits? = nil, unitsMax: Int64? = nil,
    idempotencyKey: String? = nil
  ) async throws(StrataError) -> AdmittedJob {
    let record = try await record(of: id, tenant: tenant)
    guard record.state == .failed || record.state == .cancelled else {
      let words = record.state == .succeeded ? "has succeeded" : "has not ended"
      throw StrataError(.conflict, "job \(id) \(words)", remedy: "only what failed or was cancelled is done again")
    }
    if let unitsMax { try admission.check.requireSensible(unitsMax: unitsMax, of: record.soldAs) }
    var draft = JobDraft(retrying: record)
    // One that is done again already is found, whatever its sources are.
    if let awaited = record.awaited, record.retriedBy == nil {
      let latest = try await sources(of: record, awaited)
      draft.inputs = draft.inputs.from { latest[$0] ?? $0 }
      draft.structure.dependencyPolicy = record.structure.dependencyPolicy
    }
    draft.maxCharge = maxCharge
    draft.unitsMax = unitsMax ?? draft.unitsMax
    draft.idempotencyKey = idempotencyKey
    return try await admission.submit(draft, tenant: tenant)
  }

  /// The last that does each job again whose results another is to work on.
  ///
  /// - Throws: `conflict` where one of them has ended so that the other would fail at once.
  private func sources(
    of job: StoredJob, _ awaited: AwaitedInputs
  ) async throws(StrataError) -> [JobID: JobID] {
    let (latest, failed): ([JobID: JobID], [JobID])
    do throws(LedgerError) {
      latest = try await self.latest(of: Set(awaited.sources))
      failed = try await unsuccessful(among: latest.values.sorted(), of: job.tenant)
    } catch {
      throw error.strataError
    }
    if let failed = failed.first, job.structure.dependencyPolicy != .run { throw RetryPlan.hopeless(failed) }
    return latest
  }

  /// Those of some jobs and arrays that have ended without success.
  private func unsuccessful(among jobs: [JobID], of tenant: TenantID) async throws(LedgerError) -> [JobID] {
    let states = try await ledger.states(of: jobs)
    var unsuccessful: [JobID] = []
    for job in jobs {
      var state = states[job]
      if state == nil { state = try await ledger.array(ArrayID(job), tenant: tenant)?.endState }
      if let state, state.isFinal, state != .succeeded { unsuccessful.append(job) }
    }
    return unsuccessful
  }

  /// The jobs that `retryAll` would do again, oldest first.
  ///
  /// - Parameter filter: its states are `.failed`, or `.cancelled`, or both.
  public func retryable(
    _ filter: JobFilter, after cursor: JobID? = nil, limit: Int = 100
  ) async throws(StrataError) -> [StoredJob] {
    do { return try await ledger.retryable(filter, after: cursor, limit: min(limit, Self.bulkMax)) } catch {
      throw error.strataError
    }
  }

  /// Does many jobs again, oldest first; one that is refused stands in nobody's way but theirs who run after it. They keep
  /// their order: what ran after others of them runs after the new ones, and after what else has not ended of what it ran
  /// after, or of what does that again.
  public func retryAll(
    _ filter: JobFilter, after cursor: JobID? = nil, limit: Int = 100, tenant: TenantID
  ) async throws(StrataError) -> [(job: StoredJob, verdict: Result<AdmittedJob, StrataError>)] {
    var filter = filter
    filter.tenant = tenant
    let jobs = try await retryable(filter, after: cursor, limit: limit)
    try await admission.requireRoom(for: jobs.count, tenant: tenant)
    var plan: RetryPlan
    do throws(LedgerError) {
      let sources = try await latest(of: Set(jobs.flatMap { $0.awaited?.sources ?? [] }))
      plan = RetryPlan(
        jobs, standIns: try await standIns(for: jobs, tenant), sources: sources,
        unsuccessful: Set(try await unsuccessful(among: Set(sources.values).sorted(), of: tenant)))
    } catch {
      throw error.strataError
    }
    while case let drafts = plan.next(), !drafts.isEmpty {
      plan.note(try await admission.submit(drafts.map { .success($0) }, tenant: tenant))
    }
    return plan.all
  }

  /// What stands for the jobs that others ran after: of one that was done again, the last that does it, if that has not
  /// ended, or is to be done again itself; nothing for what has ended.
  private func standIns(for jobs: [StoredJob], _ tenant: TenantID) async throws(LedgerError) -> [JobID: JobID] {
    let own = Set(jobs.map(\.id))
    let needed = Set(jobs.flatMap(\.structure.after)).subtracting(own)
    guard !needed.isEmpty else { return [:] }
    let latest = try await latest(of: needed)
    let states = try await ledger.states(of: Array(Set(latest.values)))
    var standIns: [JobID: JobID] = [:]
    for (job, last) in latest {
      let isOpen = if let state = states[last] { !state.isFinal } else { try await isOpenArray(last, tenant) }
      if isOpen || own.contains(last) { standIns[job] = last }
    }
    return standIns
  }

  /// The last that does each of some jobs again, which is itself where none does.
  private func latest(of jobs: Set<JobID>) async throws(LedgerError) -> [JobID: JobID] {
    var latest = Dictionary(uniqueKeysWithValues: jobs.map { ($0, $0) })
    var open = jobs
    while !open.isEmpty {
      let retries = try await ledger.retries(of: open.compactMap { latest[$0] })
      open = open.filter { job in
        guard let retry = latest[job].flatMap({ retries[$0] }) else { return false }
        latest[job] = retry.job
        return true
      }
    }
    return latest
  }

  private func isOpenArray(_ job: JobID, _ tenant: TenantID) async throws(LedgerError) -> Bool {
    guard let array = try await ledger.array(ArrayID(job), tenant: tenant) else { return false }
    return array.finishedAt == nil
  }
}

extension JobDraft {
  /// The request of a job once more, with as many attempts and the retry policy that it had. What it waited for, its
  /// time and the batch it was in are left behind: those are over.
  init(retrying job: StoredJob) {
    var unique = job.structure.unique
    unique?.onConflict = .refuse
    self.init(
      capability: job.soldAs, parametersJSON: job.order.parametersJSON, inputs: job.inputs,
      priority: job.priority, tier: job.tier, cpuMillicores: job.order.resources.cpuMillicores,
      memoryBytes: job.order.resources.memoryBytes, gpuThousandths: job.order.resources.gpuThousandths,
      timeoutSeconds: job.order.timeoutSeconds, preemption: job.order.preemption,
      structure: JobStructure(unique: unique, retryOf: job.id))
    retry = RetryOverride(job.order.retry ?? .standard, attemptsMax: job.attemptsMax)
    metadata = job.metadata
    task = job.order.task
    alternatives = (job.order.alternatives ?? []).map { Alternative($0) }
    // Where it came to more, it is measured anew.
    unitsMax = job.error?.code == AttemptError.unitsExceededCode ? nil : job.order.unitsMax
  }
}
