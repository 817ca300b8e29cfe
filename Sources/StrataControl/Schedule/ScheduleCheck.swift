import StrataCore
import StrataLedger
import StrataScheduling

/// What schedules may be.
public struct ScheduleLimits: Hashable, Sendable {
  /// Schedules of one tenant.
  public var schedulesMax = 1_000
  /// Bytes of a schedule's name.
  public var nameBytesMax = 100
  /// Bytes of a cron expression: more is no expression but a list of times.
  public var cronBytesMax = 255
  /// The longest jitter: what comes later than this is another schedule.
  public var jitterSecondsMax: Int64 = 3_600
  /// The shortest lateness that a policy may call missed: a run is always late by a moment.
  public var toleranceMin = Duration.seconds(1)
  /// The longest: a day.
  public var toleranceMax = Duration.seconds(86_400)
  /// The next times that are told with a schedule, and the most that can be asked for.
  public var timesShown = 5
  public var timesMax = 100

  public init() {}
}

/// Says whether a schedule's own members are as they should be, and when its runs are; its job is checked as a submission
/// is. Pure.
struct ScheduleCheck: Sendable {
  let limits: ScheduleLimits

  /// - Throws: `invalidBody`, naming the member as the API does.
  func require(_ definition: ScheduleDefinition) throws(StrataError) {
    try requireName(definition.name)
    try requireMissed(definition.missed)
    guard definition.cron.utf8.count <= limits.cronBytesMax else {
      throw StrataError(
        .invalidBody, "'cron' has \(definition.cron.utf8.count) bytes, at most \(limits.cronBytesMax) are taken",
        remedy: "make several schedules of it")
    }
    guard (0...limits.jitterSecondsMax).contains(definition.jitterSeconds) else {
      throw StrataError(
        .invalidBody, "'jitter_seconds' is \(definition.jitterSeconds)",
        remedy: "keep it from 0 to \(limits.jitterSecondsMax)")
    }
    if let start = definition.startsAt, let end = definition.endsAt, start > end {
      throw StrataError(.invalidBody, "'ends_at' is before 'starts_at'", remedy: "swap them, or leave one out")
    }
  }

  /// How far one that begins at `now` has come.
  ///
  /// - Throws: `invalidBody` also where it would never run, unless it is paused.
  static func start(
    _ definition: ScheduleDefinition, of id: ScheduleID, at now: Timestamp
  ) throws(StrataError) -> ScheduleProgress {
    // Whatever its times are, it can be paused.
    if definition.isPaused { return ScheduleProgress(decidedAt: now, nextAt: nil, dueAt: nil) }
    let timing = try timing(definition, of: id)
    let begin = timing.start(at: now)
    guard let next = timing.instants(after: begin, count: 1).first else {
      throw StrataError(
        .invalidBody, "the schedule would never run: 'cron' has no time from now on before 'ends_at'",
        remedy: "choose a later end, or leave it out")
    }
    return ScheduleProgress(decidedAt: begin, nextAt: next, dueAt: next + timing.delay)
  }

  /// Its runs, as one with this identifier has them.
  static func timing(_ definition: ScheduleDefinition, of id: ScheduleID) throws(StrataError) -> ScheduleTiming {
    ScheduleTiming(
      cron: try cron(definition.cron, in: definition.timeZone), startsAt: definition.startsAt,
      endsAt: definition.endsAt, delay: ScheduleTiming.delay(of: id, jitterSeconds: definition.jitterSeconds))
  }

  private static func cron(_ text: String, in zone: String) throws(StrataError) -> CronSchedule {
    do {
      return try CronSchedule(CronExpression(text), in: zone)
    } catch {
      let member = if case .unknownTimeZone = error { "time_zone" } else { "cron" }
      throw StrataError(.invalidBody, "'\(member)': \(error)")
    }
  }

  private func requireName(_ name: String) throws(StrataError) {
    guard PlainName.isOne(name, bytesMax: limits.nameBytesMax) else {
      throw StrataError(
        .invalidBody, "'\(name)' cannot be a schedule's name",
        remedy: PlainName.remedy(bytesMax: limits.nameBytesMax))
    }
    guard ScheduleID(name) == nil else {
      throw StrataError(
        .invalidBody, "'name' looks like an identifier, which would name another schedule", remedy: "choose another")
    }
  }

  private func requireMissed(_ policy: MissedRunsPolicy) throws(StrataError) {
    switch policy {
    case .once: return
    case .skip(let tolerance):
      guard tolerance < limits.toleranceMin || tolerance > limits.toleranceMax else { return }
      throw StrataError(
        .invalidBody, "'missed.tolerance_milliseconds' is \(tolerance.milliseconds)",
        remedy: "keep it from \(limits.toleranceMin.milliseconds) to \(limits.toleranceMax.milliseconds)")
    case .all(let limit):
      guard !(1...MissedRunsPolicy.limitMax).contains(limit) else { return }
      throw StrataError(
        .invalidBody, "'missed.limit' is \(limit)", remedy: "keep it from 1 to \(MissedRunsPolicy.limitMax)")
    }
  }

  /// What belongs to one job and not to one that recurs is refused.
  func requirePlain(_ job: JobDraft) throws(StrataError) {
    if job.start != nil {
      throw StrataError(
        .invalidBody, "the job of a schedule has no 'run_at' and no 'delay_seconds'",
        remedy: "the schedule says when it runs")
    }
    if case .at = job.startBy {
      throw StrataError(
        .invalidBody, "the job of a schedule has no 'start_by': it runs more than once",
        remedy: "give 'start_within_seconds'")
    }
    if !job.structure.after.isEmpty || job.structure.batch != nil || job.inputs.contains(where: { $0.result != nil }) {
      throw StrataError(
        .invalidBody, "the job of a schedule cannot run 'after' others, work on their results, nor join a 'batch'",
        remedy: "submit what is to follow it by itself")
    }
  }
}
