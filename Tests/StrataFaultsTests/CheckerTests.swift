import StrataCore
import StrataFaults
import Testing

/// A checker that finds nothing is worth nothing: each promise is broken here once.
@Suite struct CheckerTests {
  /// A run in which all went well, to be spoilt.
  private struct Fixture {
    let first = JobID()
    let second = JobID()
    var work = Work(milliseconds: 10)
    var later = Work(milliseconds: 10)
    var findings: Findings

    init(strikes: [Strike] = []) {
      later.after = [0]
      let requests = [
        Request(number: 0, atMilliseconds: 0, controller: 0, action: .submit(work)),
        Request(number: 1, atMilliseconds: 5, controller: 1, action: .submit(later)),
      ]
      let plan = FaultPlan(seed: 0, milliseconds: 100, requests: requests, strikes: strikes)
      var history = History()
      history.entries = zip(requests, [first, second]).map { request, job in
        History.Entry(request: request, answer: .jobs([.accepted(job)]))
      }
      history.entries[1].after = [first]
      let rows = [first, second].map {
        JobRow(id: $0, state: .succeeded, finished: 90_000, endings: ["succeeded": 1])
      }
      findings = Findings(
        plan: plan, history: history, rows: rows,
        runs: Self.runs(of: first, from: 10) + Self.runs(of: second, from: 40))
    }

    static func runs(of job: JobID, from milliseconds: Int64) -> [Run] {
      [
        Run(job: job, process: 1, at: Timestamp(milliseconds: milliseconds), isEnd: false),
        Run(job: job, process: 1, at: Timestamp(milliseconds: milliseconds + 10), isEnd: true),
      ]
    }

    var broken: Set<Violation.Promise> { Set(Checker.violations(of: findings).map(\.promise)) }

    /// The second job ended otherwise, and was not done.
    mutating func endSecond(_ state: JobState, _ endings: [String: Int]) {
      (findings.rows[1].state, findings.rows[1].endings) = (state, endings)
      findings.runs.removeAll { $0.job == second }
    }

    mutating func setWork(_ work: Work) {
      findings.plan.requests[0].action = .submit(work)
      findings.history.entries[0].request.action = .submit(work)
    }
  }

  @Test func nothingIsWrongWhereNothingIs() {
    #expect(Fixture().broken == [])
  }

  @Test func aRequestWithoutAnAnswer() {
    var fixture = Fixture()
    fixture.findings.history.entries[0].answer = .unanswered("nobody there")
    #expect(fixture.broken == [.answered])
    fixture.findings.rows.removeFirst()
    fixture.findings.history.entries[1].after = []
    fixture.findings.history.entries[0].answer = .refused(status: 404, code: "not_found")
    #expect(fixture.broken == [.accepted])
    fixture.findings.history.entries[0].answer = .jobs([.refused(code: "budget_exceeded")])
    #expect(fixture.broken == [.accepted])
  }

  @Test func aRestartThatSomebodyNoticed() {
    var fixture = Fixture(strikes: [Strike(atMilliseconds: 3, fault: .controllerRestarted)])
    #expect(fixture.broken == [])
    fixture.findings.history.entries[0].tries = 2
    #expect(fixture.broken == [.unnoticed])
    fixture.findings.history.entries[0].tries = 1
    fixture.findings.rows[0].endings["released"] = 1
    #expect(fixture.broken == [.unnoticed])
    fixture.findings.plan.strikes.append(Strike(atMilliseconds: 4, fault: .workerStopped))
    #expect(fixture.broken == [])
  }

  @Test func onlyAJobThatHasEndedRefusesToBeChanged() {
    var fixture = Fixture()
    fixture.findings.history.entries.append(
      History.Entry(
        request: Request(number: 2, atMilliseconds: 9, controller: 0, action: .cancel(0)),
        answer: .refused(status: 409, code: "conflict")))
    #expect(fixture.broken == [])
    fixture.findings.history.entries[2].answer = .refused(status: 404, code: "not_found")
    #expect(fixture.broken == [.accepted])
  }

  @Test func anAcceptedJobThatIsNotThere() {
    var fixture = Fixture()
    fixture.findings.rows.removeFirst()
    #expect(fixture.broken.contains(.kept))
  }

  @Test func anEndThatNothingExplains() {
    for state in [JobState.cancelled, .failed, .queued, .running] {
      var fixture = Fixture()
      fixture.endSecond(state, [:])
      #expect(fixture.broken == [state.isFinal ? .outcome : .recovered], "\(state)")
    }
  }

  @Test func anEndThatSomethingExplains() {
    var fixture = Fixture(strikes: [Strike(atMilliseconds: 1, fault: .workerKilled)])
    fixture.endSecond(.failed, ["expired": 3])
    #expect(fixture.broken == [])
    fixture.findings.rows[1].endings = ["expired": 2]
    #expect(fixture.broken == [.outcome])
    (fixture.findings.rows[1].attemptsMax, fixture.findings.rows[1].endings) = (2, ["failed": 1, "expired": 1])
    #expect(fixture.broken == [])
    fixture.findings.rows[1].endings = ["failed": 1]
    #expect(fixture.broken == [.outcome])
  }

  @Test func aSuccessThatWasCountedTwice() {
    var fixture = Fixture()
    fixture.findings.rows[0].endings = ["succeeded": 2]
    #expect(fixture.broken == [.outcome])
  }

  @Test func aSuccessWithoutWork() {
    var fixture = Fixture()
    fixture.findings.runs.removeAll { $0.job == fixture.second }
    #expect(fixture.broken == [.work])
    var failing = Fixture()
    var work = failing.work
    work.failures = 1
    failing.setWork(work)
    #expect(failing.broken == [.work])
  }

  @Test func workThatWasDoneAgain() {
    let again: (Fixture) -> Fixture = { fixture in
      var fixture = fixture
      fixture.findings.runs += Fixture.runs(of: fixture.first, from: 60)
      return fixture
    }
    #expect(again(Fixture()).broken == [.work])
    #expect(again(Fixture(strikes: [Strike(atMilliseconds: 1, fault: .controllerKilled)])).broken == [.work])
    #expect(again(Fixture(strikes: [Strike(atMilliseconds: 1, fault: .redisKilled)])).broken == [])
  }

  @Test func aJobThatBeganTooEarly() {
    var fixture = Fixture()
    fixture.findings.rows[0].runAt = 10_001
    #expect(fixture.broken == [.order])
    fixture.findings.rows[0].runAt = 10_000
    #expect(fixture.broken == [])
    // The first one was done at 20 ms.
    fixture.findings.runs[2].at = Timestamp(milliseconds: 19)
    #expect(fixture.broken == [.order])
  }

  @Test func aJobThatRanAfterOneThatFailed() {
    var fixture = Fixture(strikes: [Strike(atMilliseconds: 1, fault: .workerKilled)])
    (fixture.findings.rows[0].state, fixture.findings.rows[0].endings) = (.failed, ["expired": 3])
    fixture.findings.runs.removeAll { $0.job == fixture.first }
    #expect(fixture.broken == [.order])
    var later = fixture.later
    later.runsInAnyCase = true
    fixture.findings.history.entries[1].request.action = .submit(later)
    #expect(fixture.broken == [])
  }

  @Test func aJobThatNobodyWasToldOf() {
    var fixture = Fixture()
    fixture.findings.rows.append(JobRow(id: JobID(), state: .succeeded, endings: ["succeeded": 1]))
    #expect(fixture.broken == [.once])
    // Of a request without an answer nobody knows what it made.
    fixture.findings.history.entries.append(
      History.Entry(
        request: Request(number: 2, atMilliseconds: 9, controller: 0, action: .submit(fixture.work)),
        answer: .unanswered("nobody there")))
    #expect(fixture.broken == [.answered])
  }

  @Test func anAttemptThatWasGivenUpForNothing() {
    var fixture = Fixture(strikes: [Strike(atMilliseconds: 1, fault: .controllerFrozen, forMilliseconds: 100)])
    fixture.findings.rows[0].endings = ["expired": 1, "succeeded": 1]
    #expect(fixture.broken == [.work])
    fixture.findings.plan.strikes[0].fault = .workerFrozen
    #expect(fixture.broken == [])
  }

  /// A replica may lack the last moments of its master: who had ended before them rests.
  @Test func aJobThatRanAgainAfterAFailoverOfTheQueue() {
    var fixture = Fixture(strikes: [Strike(atMilliseconds: 12_000, fault: .redisFailedOver)])
    // The first one had ended at 90 ms.
    fixture.findings.runs += Fixture.runs(of: fixture.first, from: 12_500)
    #expect(fixture.broken == [.work])
    fixture.findings.rows[0].finished = 11_900_000
    #expect(fixture.broken == [])
    fixture.findings.rows[0].finished = 90_000
    fixture.findings.began = Timestamp(milliseconds: -5_000)
    #expect(fixture.broken == [])
    fixture.findings.plan.strikes[0].fault = .redisFlushed
    fixture.findings.began = Timestamp(milliseconds: 0)
    #expect(fixture.broken == [])
  }

  /// The queue was well all the time, and the standby had all that was acknowledged.
  @Test func aFailoverOfTheLedgerThatSomebodyNoticed() {
    var fixture = Fixture(strikes: [Strike(atMilliseconds: 10, fault: .postgresFailedOver)])
    #expect(fixture.broken == [])
    fixture.findings.runs += Fixture.runs(of: fixture.first, from: 60)
    #expect(fixture.broken == [.work])
    fixture.findings.rows.removeFirst()
    #expect(fixture.broken.contains(.kept))
  }

  @Test func aJobThatIsToStartInTimeFailsForNoOtherReason() {
    var fixture = Fixture()
    var work = fixture.later
    work.startWithinSeconds = 5
    fixture.findings.history.entries[1].request.action = .submit(work)
    fixture.endSecond(.failed, [:])
    fixture.findings.rows[1].code = "not_started_in_time"
    #expect(fixture.broken == [])
    fixture.findings.rows[1].code = "crashed"
    #expect(fixture.broken == [.outcome])
  }

  @Test func anArrayThatIsNotWhole() {
    var fixture = Fixture()
    let array = ArrayID()
    let request = Request(
      number: 2, atMilliseconds: 9, controller: 0, action: .submitArray(Work(milliseconds: 0), tasks: 2))
    fixture.findings.history.entries.append(
      History.Entry(request: request, answer: .array(array)))
    let tasks = (0..<2).map { _ in
      JobRow(id: JobID(), state: .succeeded, array: array.description, endings: ["succeeded": 1])
    }
    fixture.findings.rows += tasks
    #expect(fixture.broken == [.work])
    for task in tasks {
      guard let job = JobID(hexadecimal: task.id) else { continue }
      fixture.findings.runs += Fixture.runs(of: job, from: 60)
    }
    #expect(fixture.broken == [])
    fixture.findings.rows.removeLast()
    #expect(fixture.broken == [.array])
    fixture.findings.rows.append(tasks[1])
    fixture.findings.rows[3].state = .failed
    #expect(fixture.broken == [.array])
  }
}
