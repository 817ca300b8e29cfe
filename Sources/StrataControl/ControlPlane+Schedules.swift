public import StrataCore
public import StrataLedger
import StrataRuntime
import StrataScheduling

/// Recurring jobs, as their tenants make, see and change them. Any controller takes these; the leader makes the runs.
extension ControlPlane {
  /// A schedule and when it runs next.
  public struct ScheduleSnapshot: Sendable {
    public let stored: StoredSchedule
    /// Nil where another version of Strata wrote what this one cannot read.
    public let draft: ScheduleDraft?
    /// The next times; none while it is paused, and where there are none.
    public let times: [ScheduleTime]
    /// What its job would come to, where that was just found out.
    public let terms: JobTerms?
    public let health: ScheduleHealth
  }

  /// What the job of a schedule would come to.
  public struct JobTerms: Sendable {
    /// The most that each may be charged; nil where a job holds their unique key now.
    public let charge: MicroCredits?
    public let warnings: [SubmissionWarning]
  }

  /// A time at which a schedule runs.
  public struct ScheduleTime: Hashable, Sendable {
    /// The instant that it stands for.
    public let instant: Timestamp
    /// When its job is made: later by the schedule's share of the jitter.
    public let runsAt: Timestamp
    /// The instant on the clocks of the schedule's zone, as RFC 3339 with their offset.
    public let local: String
  }

  /// What `createSchedule` would find before it looks for the job's inputs. Nothing is stored.
  public func checkSchedule(
    _ draft: ScheduleDraft, tenant: TenantID
  ) async throws(StrataError) -> (times: [ScheduleTime], terms: JobTerms) {
    let (definition, id) = (draft.definition, ScheduleID())
    let (_, terms) = try await check(definition, draft.job, id, tenant, looksForInputs: false)
    let timing = try ScheduleCheck.timing(definition, of: id)
    return (times(of: timing, count: configuration.schedules.timesShown), terms)
  }

  /// Makes a schedule. Its first run is the first after now.
  ///
  /// - Returns: the schedule, and whether it was made before, under the same idempotency key, by the same draft.
  /// - Throws: `invalidBody`, what a submission of its job would be refused with but for want of credits, `conflict` where
  ///   there is one of that name or the key has made another one, `limitExceeded`.
  public func createSchedule(
    _ draft: ScheduleDraft, tenant: TenantID, idempotencyKey: String? = nil
  ) async throws(StrataError) -> (schedule: ScheduleSnapshot, isRepeat: Bool) {
    let (definition, id) = (draft.definition, ScheduleID())
    let key = idempotencyKey.map { ScheduleKey($0, fingerprint: definition.fingerprint) }
    // Before it is checked: what was taken then may be refused now.
    if let key, let known = try await madeSchedule(definition, tenant, key) {
      return try answer(to: known, try? await check(draft.job, tenant, looksForInputs: false))
    }
    let (start, terms) = try await check(definition, draft.job, id, tenant)
    let verdict: ScheduleVerdict
    do {
      verdict = try await ledger.createSchedule(
        definition, tenant: tenant, progress: start, key: key, max: configuration.schedules.schedulesMax,
        now: configuration.clock.now, id: id)
    } catch {
      throw error.strataError
    }
    if case .made(let stored) = verdict {
      log.info("schedule made", ["schedule": "\(stored.id)", "tenant": "\(tenant)"])
    }
    return try answer(to: verdict, terms)
  }

  private func madeSchedule(
    _ definition: ScheduleDefinition, _ tenant: TenantID, _ key: ScheduleKey
  ) async throws(StrataError) -> ScheduleVerdict? {
    do { return try await ledger.madeSchedule(definition, tenant: tenant, key: key) } catch { throw error.strataError }
  }

  private func answer(
    to verdict: ScheduleVerdict, _ terms: JobTerms?
  ) throws(StrataError) -> (schedule: ScheduleSnapshot, isRepeat: Bool) {
    switch verdict {
    case .made(let stored): return (snapshot(of: stored, terms: terms), false)
    case .existing(let stored): return (snapshot(of: stored, terms: terms), true)
    case .conflict(let stored):
      throw StrataError(
        .conflict,
        "this Idempotency-Key was used for another request, which made schedule '\(stored.definition.name)'",
        remedy: "use a new key")
    case .tooMany:
      throw StrataError(
        .limitExceeded,
        "there are \(configuration.schedules.schedulesMax) schedules of this tenant already, and no more are taken",
        remedy: "delete one that is not needed")
    }
  }

  /// - Parameter name: its name or its identifier.
  /// - Throws: `notFound`.
  public func schedule(named name: String, tenant: TenantID) async throws(StrataError) -> ScheduleSnapshot {
    let found: StoredSchedule?
    do { found = try await ledger.schedule(ScheduleID(name), named: name, tenant: tenant) } catch {
      throw error.strataError
    }
    guard let found else {
      throw StrataError(
        .notFound, "there is no schedule '\(name)' of this tenant", remedy: "list the schedules to see their names")
    }
    return try await snapshots(of: [found])[0]
  }

  /// By its name, or by its identifier, which names its jobs also after it has been deleted; nil where none is named.
  ///
  /// - Throws: `notFound` for a name that none has.
  public func scheduleID(_ text: String?, tenant: TenantID) async throws(StrataError) -> ScheduleID? {
    guard let text else { return nil }
    if let id = ScheduleID(text) { return id }
    return try await schedule(named: text, tenant: tenant).stored.id
  }

  /// A tenant's schedules, newest first.
  ///
  /// - Returns: at most `limit`; `next` is nil on the last page.
  public func schedules(
    tenant: TenantID, after cursor: ScheduleID?, limit: Int
  ) async throws(StrataError) -> (schedules: [ScheduleSnapshot], next: ScheduleID?) {
    let found: [StoredSchedule]
    do { found = try await ledger.schedules(of: tenant, before: cursor, limit: limit) } catch {
      throw error.strataError
    }
    return (try await snapshots(of: found), found.count == limit ? found.last?.id : nil)
  }

  /// Changes a schedule. What changes its times has them count from now on: nothing is made up for of what came before,
  /// nor of the time that it was paused.
  ///
  /// - Throws: as `createSchedule`, and `notFound`.
  public func changeSchedule(
    named name: String, _ change: ScheduleChange, tenant: TenantID
  ) async throws(StrataError) -> ScheduleSnapshot {
    var terms: JobTerms?
    if let job = change.job { terms = try await check(job, tenant) }
    // Of several who change it at once each applies its change to what the other made of it.
    for _ in 0..<Self.changesMax {
      let stored = try await schedule(named: name, tenant: tenant).stored
      let (definition, now) = (change.applied(to: stored.definition), configuration.clock.now)
      try ScheduleCheck(limits: configuration.schedules).require(definition)
      let isTimed = definition.differsInTime(from: stored.definition)
      let start = isTimed ? try ScheduleCheck.start(definition, of: stored.id, at: now) : nil
      let changed: StoredSchedule?
      do { changed = try await ledger.changeSchedule(stored, to: definition, start: start, now: now) } catch {
        throw error.strataError
      }
      if let changed { return try await snapshots(of: [changed], terms: terms)[0] }
    }
    throw StrataError(.conflict, "others change schedule '\(name)' all the time", remedy: "try again")
  }

  private static let changesMax = 10

  /// Forgets a schedule. Its jobs stay, and those that have not ended go on.
  ///
  /// - Returns: the schedule as it was.
  /// - Throws: `notFound`.
  public func deleteSchedule(named name: String, tenant: TenantID) async throws(StrataError) -> ScheduleSnapshot {
    let known = try await schedule(named: name, tenant: tenant)
    do { _ = try await ledger.deleteSchedule(known.stored.id, tenant: tenant) } catch { throw error.strataError }
    log.info("schedule deleted", ["schedule": "\(known.stored.id)", "tenant": "\(tenant)"])
    return known
  }

  /// Submits the job of a schedule once more, now, whether or not it is paused or another one of it runs. Its instants
  /// are not touched.
  ///
  /// - Throws: `notFound`; what the submission is refused with.
  public func runSchedule(
    named name: String, tenant: TenantID, idempotencyKey: String? = nil
  ) async throws(StrataError) -> AdmittedJob {
    let known = try await schedule(named: name, tenant: tenant).stored
    var draft = try ScheduleDraft(known.definition).job
    draft.occurrence = ScheduleOccurrence(schedule: known.id, instant: nil)
    // No client can send a control character in a key: a key means one job of each schedule.
    draft.idempotencyKey = idempotencyKey.map { "\(known.id)\u{1F}\($0)" }
    return try await admission.submit(draft, tenant: tenant)
  }

  /// The next times of a schedule, whether or not it is paused.
  ///
  /// - Throws: `notFound`.
  public func scheduleTimes(
    named name: String, count: Int, tenant: TenantID
  ) async throws(StrataError) -> [ScheduleTime] {
    let known = try await schedule(named: name, tenant: tenant).stored
    return times(of: try ScheduleCheck.timing(known.definition, of: known.id), count: count)
  }

  // MARK: Parts

  /// A paused schedule is checked as one that is not: it is to be resumed.
  private func check(
    _ definition: ScheduleDefinition, _ job: JobDraft, _ id: ScheduleID, _ tenant: TenantID,
    looksForInputs: Bool = true
  ) async throws(StrataError) -> (start: ScheduleProgress, terms: JobTerms) {
    try ScheduleCheck(limits: configuration.schedules).require(definition)
    _ = try ScheduleCheck.timing(definition, of: id)
    let start = try ScheduleCheck.start(definition, of: id, at: configuration.clock.now)
    return (start, try await check(job, tenant, looksForInputs: looksForInputs))
  }

  /// Everything that a submission of the job would be refused for, but for what may be otherwise by then: credits, and a
  /// unique key that is held.
  private func check(
    _ job: JobDraft, _ tenant: TenantID, looksForInputs: Bool = true
  ) async throws(StrataError) -> JobTerms {
    try ScheduleCheck(limits: configuration.schedules).requirePlain(job)
    let submission = try await admission.submission(
      for: job, tenant: tenant, now: configuration.clock.now, looksForInputs: looksForInputs)
    let verdict: AdmissionVerdict
    do { verdict = try await ledger.judge(submission) } catch { throw error.strataError }
    let charge: MicroCredits? =
      switch verdict {
      case .accepted(let job), .existing(let job): job.held
      case .refused(.budget(_, let needed)): needed
      case .refused(.notUnique): nil
      case .refused(let refusal): throw refusal.strataError
      }
    return JobTerms(charge: charge, warnings: admission.warnings(of: submission))
  }

  private func snapshots(
    of schedules: [StoredSchedule], terms: JobTerms? = nil
  ) async throws(StrataError) -> [ScheduleSnapshot] {
    let ends: [ScheduleID: [ScheduleEnd]]
    do { ends = try await ledger.recentEnds(of: schedules.map(\.id), limit: ScheduleHealth.endsMax) } catch {
      throw error.strataError
    }
    return schedules.map { snapshot(of: $0, terms: terms, ScheduleHealth(ends[$0.id] ?? [])) }
  }

  private func snapshot(
    of stored: StoredSchedule, terms: JobTerms? = nil, _ health: ScheduleHealth = ScheduleHealth([])
  ) -> ScheduleSnapshot {
    let timing = stored.definition.isPaused ? nil : try? ScheduleCheck.timing(stored.definition, of: stored.id)
    return ScheduleSnapshot(
      stored: stored, draft: try? ScheduleDraft(stored.definition),
      times: timing.map { times(of: $0, count: configuration.schedules.timesShown) } ?? [], terms: terms, health: health
    )
  }

  private func times(of timing: ScheduleTiming, count: Int) -> [ScheduleTime] {
    let count = min(count, configuration.schedules.timesMax)
    return timing.instants(after: timing.start(at: configuration.clock.now), count: count).map { instant in
      ScheduleTime(
        instant: instant, runsAt: instant + timing.delay, local: timing.cron.zone.localText(of: instant))
    }
  }
}
