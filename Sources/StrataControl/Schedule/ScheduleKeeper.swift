package import StrataCore
package import StrataLedger
package import StrataRuntime
import StrataScheduling

/// Makes the jobs of schedules when their runs are due. The leader keeps them; it sleeps until the next run, or until a
/// schedule is changed, by whichever controller.
///
/// A job and the note that its run is done are one transaction, which only goes through where nobody else has decided
/// since: whoever falls, wakes late, or believes that it still leads makes no run twice and leaves none out. A run is late
/// by the time that a change of leader takes, and by what the clock of this machine is behind.
package struct ScheduleKeeper: Sendable {
  /// Schedules read at once.
  package static let batchMax = 100
  /// Runs that are made at once, of one schedule and, but for the last one's, of all together; the rest follows.
  package static let runsMax = 100
  /// The longest wait: how long a connection that broke without a sign, or a jump of the clock, may go unseen.
  package static let waitMax = Duration.seconds(30)
  /// The shortest: the clock that is compared and the one that is slept by are two.
  static let waitMin = Duration.milliseconds(5)
  /// When a schedule that this program cannot read, written by another version, is looked at again.
  static let unreadablePause = Duration.seconds(3_600)

  private let ledger: Ledger
  private let admission: AdmissionService
  private let metrics: ControlMetrics
  private let log: Log
  private let clock: WallClock
  private let bell: Bell
  private let wait: @Sendable (Duration) async -> Void

  /// - Parameter wait: instead of waiting for the bell, for tests that say when it ends.
  package init(
    ledger: Ledger, admission: AdmissionService, metrics: ControlMetrics = ControlMetrics(), log: Log = .silent,
    clock: WallClock = .system, wait: (@Sendable (Duration) async -> Void)? = nil
  ) {
    self.ledger = ledger
    self.admission = admission
    self.metrics = metrics
    self.log = log
    self.clock = clock
    let bell = Bell()
    self.bell = bell
    self.wait = wait ?? { await bell.wait(upTo: $0) }
  }

  /// Keeps the schedules until the task is cancelled. Outages of the ledger are waited out.
  package func run() async {
    await withTaskGroup { group in
      group.addTask { await listen() }
      group.addTask { await keep() }
      await group.waitForAll()
    }
  }

  private func listen() async {
    do {
      for await _ in try ledger.scheduleChanges() { bell.ring() }
    } catch {
      log.warning(
        "changes of schedules are seen late", ["error": "\(error)", "seconds": "\(Int(Self.waitMax.seconds))"])
    }
  }

  private func keep() async {
    await LeaderLoop.run(complaint: "schedules wait", log: log) {
      // More may be due already.
      if try await fireDue() == 0 { await wait(until: try await ledger.nextDue()) }
    }
  }

  private func wait(until due: Timestamp?) async {
    await wait(due.map { min(max($0 - clock.now, Self.waitMin), Self.waitMax) } ?? Self.waitMax)
  }

  /// Makes runs that are due now, of at most `batchMax` schedules.
  ///
  /// - Returns: of how many schedules.
  package func fireDue() async throws -> Int {
    let now = clock.now
    let due = try await ledger.dueSchedules(at: now, limit: Self.batchMax)
    guard !due.isEmpty else { return 0 }
    // What is due stays so while the queue is full: what becomes of it then is for its policy on missed runs to say.
    if let refusal = admission.room.door.refusal { throw refusal }
    var (firings, runs): ([ScheduleFiring], Int) = ([], 0)
    for schedule in due where runs < Self.runsMax {
      firings.append(try await firing(of: schedule, at: now))
      runs += firings.last?.runs.count ?? 0
    }
    CrashPoint.betweenDueAndFiring.reached()
    let verdicts = try await admission.fire(firings, now: now)
    for (schedule, (firing, verdict)) in zip(due, zip(firings, verdicts)) { note(schedule, firing, verdict, at: now) }
    return firings.count
  }

  /// What to do about a schedule that is due: its runs with their jobs, as far as these can be submitted.
  private func firing(of schedule: StoredSchedule, at now: Timestamp) async throws(StrataError) -> ScheduleFiring {
    let definition = schedule.definition
    let timing: ScheduleTiming
    do {
      timing = try ScheduleCheck.timing(definition, of: schedule.id)
    } catch {
      return unreadable(schedule, error, at: now)
    }
    let plan = timing.plan(
      after: schedule.progress.decidedAt, at: now, missed: definition.missed, runsMax: Self.runsMax)
    let progress = ScheduleProgress(decidedAt: plan.decided, nextAt: plan.next, dueAt: plan.due)
    var runs: [ScheduleFiring.Run] = []
    do throws(StrataError) {
      for instant in plan.runs { runs.append(try await run(of: schedule, at: instant, now: now)) }
    } catch {
      guard error.code == .tooManyWaiting else { throw error }
      // It stays due: what becomes of it then is for its policy on missed runs to say.
      log.info("a schedule waits", ["schedule": definition.name, "id": "\(schedule.id)", "because": error.message])
      return putOff(schedule, until: now + (error.retryAfter ?? Self.unreadablePause))
    }
    return ScheduleFiring(schedule, runs: runs, progress: progress)
  }

  /// - Throws: `unavailable`, where nobody can say now whether the job could be submitted; `tooManyWaiting`, where it could
  ///   not now.
  private func run(
    of schedule: StoredSchedule, at instant: Timestamp, now: Timestamp
  ) async throws(StrataError) -> ScheduleFiring.Run {
    do throws(StrataError) {
      var draft = try JobDraft(definitionJSON: schedule.definition.draftJSON)
      draft.occurrence = ScheduleOccurrence(schedule: schedule.id, instant: instant)
      let submission = try await admission.submission(for: draft, tenant: schedule.tenant, now: now)
      let lane = admission.lane(of: submission)
      if let refusal = await admission.room.refusal(of: schedule.tenant, in: [lane]) { throw refusal }
      return ScheduleFiring.Run(instant: instant, submission: .success(submission))
    } catch {
      if error.code == .unavailable || error.code == .tooManyWaiting { throw error }
      return ScheduleFiring.Run(instant: instant, submission: .failure(ScheduleFiring.RunRefused(error)))
    }
  }

  private func unreadable(_ schedule: StoredSchedule, _ error: StrataError, at now: Timestamp) -> ScheduleFiring {
    let run = ScheduleFiring.Run(
      instant: schedule.progress.nextAt ?? now, submission: .failure(ScheduleFiring.RunRefused(error)))
    return putOff(schedule, until: now + Self.unreadablePause, [run])
  }

  private func putOff(
    _ schedule: StoredSchedule, until due: Timestamp, _ runs: [ScheduleFiring.Run] = []
  ) -> ScheduleFiring {
    let progress = schedule.progress
    return ScheduleFiring(
      schedule, runs: runs,
      progress: ScheduleProgress(decidedAt: progress.decidedAt, nextAt: progress.nextAt, dueAt: due))
  }

  private func note(_ schedule: StoredSchedule, _ firing: ScheduleFiring, _ verdict: FiringVerdict, at now: Timestamp) {
    guard case .fired(let outcomes) = verdict else { return }
    if let due = schedule.progress.dueAt { metrics.scheduleLateness.observe(max(.zero, now - due)) }
    for (run, outcome) in zip(firing.runs, outcomes) {
      metrics.scheduled(outcome)
      guard case .refused(let refusal) = outcome else { continue }
      log.warning(
        "a run of a schedule was refused",
        [
          "schedule": schedule.definition.name, "id": "\(schedule.id)", "tenant": "\(schedule.tenant)",
          "instant": run.instant.text, "code": refusal.code, "reason": refusal.message,
        ])
    }
  }
}
