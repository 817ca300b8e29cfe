public import StrataCore

/// Something that must not be.
public struct Violation: Hashable, Codable, Sendable {
  /// Which promise it breaks; two runs that break the same one fail alike.
  public enum Promise: String, Hashable, Codable, Sendable, CaseIterable {
    /// A request came to no answer although both controllers were well again.
    case answered
    /// An answer was a refusal that nothing in the request explains.
    case accepted
    /// An accepted job is not in the ledger.
    case kept
    /// A job did not end in time after all was well again.
    case recovered
    /// A job ended otherwise than it should have.
    case outcome
    /// A job that succeeded was not done, or one that should have been done once was done again.
    case work
    /// A job was done before its time, or before the jobs that it runs after.
    case order
    /// A request had to be repeated, or a job was handed back, though all that happened was a graceful restart.
    case unnoticed
    /// A request that was repeated was done more than once.
    case once
    /// An array has not the tasks that it should have.
    case array
    /// Money was made, lost or spent twice, or a hold outlived its job.
    case books
    /// A job was in two places of the queue or in none, or a count was wrong.
    case places
    /// Something was left in the queue when all jobs had ended.
    case leftovers
    /// A controller was not ready although nothing was wrong any more, or a process did not come back.
    case readiness
  }

  public var promise: Promise
  public var what: String

  public init(_ promise: Promise, _ what: String) {
    self.promise = promise
    self.what = what
  }
}

/// All that is known of a run when it is over.
public struct Findings: Hashable, Sendable {
  public var plan: FaultPlan
  public var history: History
  public var rows: [JobRow]
  public var runs: [Run]
  /// When the first request was to come, from which the plan counts.
  public var began: Timestamp

  public init(
    plan: FaultPlan, history: History, rows: [JobRow], runs: [Run], began: Timestamp = Timestamp(nanoseconds: 0)
  ) {
    self.plan = plan
    self.history = history
    self.rows = rows
    self.runs = runs
    self.began = began
  }
}

/// Judges a run by what clients were told, what the ledger has, and what jobs wrote down. Of that none can be right by
/// mistake: what is accepted, what is paid and what is done are told by three who do not ask each other.
public struct Checker {
  /// How many jobs whose attempts ended with their workers are finished by that; see docs/queue.md, Limits.
  static let workerLossesMax = 3
  /// What a replica that takes the master's place is allowed to lack of what that was told: `min-replicas-max-lag`, after so
  /// long a silence of all its replicas a master takes nothing more.
  static let replicaLagMax = Duration.seconds(10)

  private let findings: Findings
  private let rows: [String: JobRow]
  private let begins: [JobID: [Run]]
  private let ends: [JobID: [Run]]
  private let cancelled: Set<Int>
  /// How many attempts of a job fail before one can succeed.
  private let failures: [JobID: Int]
  private var violations: [Violation] = []

  /// What is wrong; nothing where all is well.
  public static func violations(of findings: Findings) -> [Violation] {
    var checker = Checker(findings)
    checker.check()
    return checker.violations
  }

  private init(_ findings: Findings) {
    self.findings = findings
    rows = Dictionary(findings.rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    begins = Dictionary(grouping: findings.runs.filter { !$0.isEnd }, by: \.job)
    ends = Dictionary(grouping: findings.runs.filter(\.isEnd), by: \.job)
    failures = findings.history.entries.reduce(into: [:]) { failures, entry in
      if case .submit(let work) = entry.request.action, case .jobs(let answers) = entry.answer,
        case .accepted(let job) = answers.first
      {
        failures[job] = work.failures
      }
    }
    cancelled = Set(
      findings.history.entries.compactMap { entry in
        if case .cancel(let number) = entry.request.action { number } else { nil }
      })
  }

  private mutating func expect(_ isSo: Bool, _ promise: Violation.Promise, _ what: @autoclosure () -> String) {
    if !isSo { violations.append(Violation(promise, what())) }
  }

  private mutating func check() {
    for entry in findings.history.entries { check(entry) }
    let left = findings.rows.count { !$0.state.isFinal }
    expect(left == 0, .recovered, "\(left) jobs have not ended")
    checkThatAllAreTold()
    if findings.plan.isGraceful { checkThatNobodyNoticed() }
  }

  private mutating func checkThatNobodyNoticed() {
    for entry in findings.history.entries {
      expect(entry.tries == 1, .unnoticed, "request \(entry.request.number) was sent \(entry.tries) times")
    }
    for row in findings.rows {
      expect(row.count("released") == 0, .unnoticed, "job \(row.id) was handed back")
    }
  }

  private mutating func check(_ entry: History.Entry) {
    let number = entry.request.number
    switch (entry.answer, entry.request.action) {
    case (.unanswered(let reason), _):
      expect(false, .answered, "request \(number) was never answered, after \(entry.tries) tries: \(reason)")
    case (.refused(let status, let code), let action):
      expect(mayRefuse(action, code), .accepted, "request \(number) was refused: \(status) \(code)")
    case (.jobs(let answers), .submit(let work)):
      for answer in answers { check(answer, work, entry) }
    case (.jobs(let answers), .submitMany(let works)):
      for (answer, work) in zip(answers, works) { check(answer, work, entry) }
    case (.array(let array), .submitArray(let work, let tasks)):
      check(array, tasks, work)
    default: break
    }
  }

  /// Whether an action may be refused so: a job may have ended by the time that it is to be changed.
  private func mayRefuse(_ action: Request.Action, _ code: String) -> Bool {
    switch action {
    case .cancel, .reprioritise: code == "conflict"
    default: false
    }
  }

  // MARK: Jobs

  private mutating func check(_ answer: History.JobAnswer, _ work: Work, _ entry: History.Entry) {
    switch answer {
    case .refused(let code):
      expect(false, .accepted, "a job of request \(entry.request.number) was refused: \(code)")
    case .accepted(let job):
      guard let row = rows[job.hexadecimal] else {
        return expect(
          false, .kept, "job \(job) of request \(entry.request.number) was accepted and is not in the ledger")
      }
      guard row.state.isFinal else { return }
      checkEnd(job, row, work, entry)
      checkWork(job, row, work)
      checkTimes(job, row, work, entry)
    }
  }

  private mutating func checkEnd(_ job: JobID, _ row: JobRow, _ work: Work, _ entry: History.Entry) {
    expect(
      mayEnd(row, work, entry), .outcome,
      "job \(job) of request \(entry.request.number) ended as \(row.state.rawValue)"
        + "\(row.code.map { " (\($0))" } ?? ""), its attempts as \(row.endings)")
    expect(
      row.count("succeeded") == (row.state == .succeeded ? 1 : 0), .outcome,
      "job \(job) is \(row.state.rawValue) and its attempts ended as \(row.endings)")
  }

  private func mayEnd(_ row: JobRow, _ work: Work, _ entry: History.Entry) -> Bool {
    switch row.state {
    case .succeeded: true
    case .cancelled: cancelled.contains(entry.request.number) || work.uniqueKey != nil
    case .failed:
      row.count("failed") + row.count("expired") >= row.attemptsMax || row.count("expired") >= Self.workerLossesMax
        || work.startWithinSeconds != nil && row.code == "not_started_in_time" || work.uniqueKey != nil
        || !entry.after.isEmpty && !work.runsInAnyCase && row.code?.hasPrefix("dependency") == true
    default: false
    }
  }

  /// Of what succeeded there is a run that got through, and where nothing struck that excuses more, just one of each
  /// attempt.
  private mutating func checkWork(_ job: JobID, _ row: JobRow, _ work: Work) {
    guard !work.isNoop, work.uniqueKey == nil else { return }
    let done = ends[job]?.count ?? 0
    if row.state == .succeeded {
      expect(done > work.failures, .work, "job \(job) succeeded and was done \(done) times")
    }
    checkThatItRests(job, row)
    guard !findings.plan.mayRepeatWork else { return }
    let attempts = row.endings.values.reduce(0, +) - row.count("released")
    expect(
      done <= attempts, .work,
      "job \(job) was done \(done) times in \(attempts) attempts, and nothing happened to its worker or its queue")
    expect(
      row.count("expired") == 0, .work, "an attempt of job \(job) was given up, and nothing happened to its worker")
  }

  /// A failover of the queue takes back its last moments at most: what had ended before them is not run again after it.
  private mutating func checkThatItRests(_ job: JobID, _ row: JobRow) {
    guard findings.plan.keepsTime, let finished = row.finished.map(Timestamp.init(microseconds:)),
      let last = begins[job]?.map(\.at).max()
    else { return }
    let struck = findings.plan.strikes.filter { $0.fault == .redisFailedOver }
      .map { findings.began + .milliseconds($0.atMilliseconds) }.filter { $0 <= last }
    // Any of those before its last run may be what took its end back.
    guard let gap = struck.map({ $0 - finished }).min() else { return }
    expect(
      gap <= Self.replicaLagMax, .work,
      "job \(job) had ended \(gap.milliseconds) ms before the queue failed over, and ran again after it")
  }

  private mutating func checkTimes(_ job: JobID, _ row: JobRow, _ work: Work, _ entry: History.Entry) {
    guard findings.plan.keepsTime, work.uniqueKey == nil, let first = begins[job]?.map(\.at).min() else { return }
    if let runAt = row.runAt {
      expect(
        first.microseconds >= runAt, .order,
        "job \(job) began \(runAt - first.microseconds) µs before its time")
    }
    for needed in entry.after {
      guard let other = rows[needed.hexadecimal] else { continue }
      let isDone = other.state == .succeeded || work.runsInAnyCase
      expect(isDone, .order, "job \(job) ran after \(needed), which ended as \(other.state.rawValue)")
      // An attempt that failed is no end.
      let failures = failures[needed] ?? 0
      let done = (ends[needed] ?? []).map(\.at).sorted()
      guard other.state == .succeeded, done.count > failures else { continue }
      let end = done[failures]
      expect(end <= first, .order, "job \(job) began before \(needed), after which it runs, was done")
    }
  }

  // MARK: More than one

  private mutating func check(_ array: ArrayID, _ tasks: Int, _ work: Work) {
    let made = findings.rows.filter { $0.array == array.description }
    expect(made.count == tasks, .array, "array \(array) has \(made.count) tasks of \(tasks)")
    for row in made {
      let isExcused = row.count("expired") >= Self.workerLossesMax
      expect(
        row.state == .succeeded || isExcused, .array,
        "a task of array \(array) ended as \(row.state.rawValue) \(row.code ?? ""), its attempts as \(row.endings)")
      if let job = JobID(hexadecimal: row.id) { checkWork(job, row, work) }
    }
  }

  /// A job that nobody was told of was made by a request that was repeated and taken for a new one.
  private mutating func checkThatAllAreTold() {
    var told: Set<String> = []
    for entry in findings.history.entries {
      switch entry.answer {
      case .jobs(let answers):
        for case .accepted(let job) in answers { told.insert(job.hexadecimal) }
      case .array(let array): told.insert(array.description)
      // What became of it is not known.
      case .unanswered: return
      default: continue
      }
    }
    for row in findings.rows where !told.contains(row.array ?? row.id) {
      expect(false, .once, "nobody was told of job \(row.id)\(row.array.map { " of array \($0)" } ?? "")")
    }
  }
}
