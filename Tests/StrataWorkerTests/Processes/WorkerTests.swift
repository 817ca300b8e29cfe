import FoundationEssentials
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import Synchronization
import Testing

/// The worker's dealings with the queue.
@Suite(.timeLimit(.minutes(2))) struct WorkerTests {
  @Test func aCancelledJobEndsAndSaysSo() async throws {
    let fixture = try await WorkerFixture { $0.limits.stopGrace = .seconds(30) }
    let job = try await fixture.submit("test.patient")
    try await fixture.started(job)
    #expect(try await fixture.queue.cancel([job]) == [.signalled])
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .cancelled && outcome.isFinal && report.error?.code == "cancelled")
    #expect(try fixture.text(of: report.log).contains("ended gently"))
    try await fixture.stop()
  }

  @Test func stoppingLetsShortWorkEnd() async throws {
    let fixture = try await WorkerFixture { $0.drainGrace = .seconds(60) }
    let job = try await fixture.shell("echo up; sleep 0.5; echo done >output/done")
    _ = try await fixture.line(of: job, beginning: "up")
    try await fixture.stop()
    #expect(try await fixture.outcome().outcome.ending == .succeeded)
  }

  @Test func aWorkerThatEndsIsForgottenAtTheQueuesNextLook() async throws {
    let fixture = try await WorkerFixture()
    let job = try await fixture.submit("noop")
    #expect(try await fixture.outcome().outcome.job == job)
    #expect(try await fixture.queue.expire(limit: 10) == 0)
    #expect(try await fixture.queue.census().workers.count == 1)
    try await fixture.stop()
    #expect(try await fixture.queue.expire(limit: 10) == 0)
    #expect(try await fixture.queue.census().workers == [])
  }

  @Test func stoppingHandsLongWorkBack() async throws {
    let fixture = try await WorkerFixture { $0.drainGrace = .milliseconds(50) }
    let job = try await fixture.submit("test.patient")
    try await fixture.started(job)
    try await fixture.stop()
    let (outcome, report) = try await fixture.outcome()
    // `test.patient` ends with success once it is asked to end: that success stands.
    #expect(outcome.ending == .succeeded && report.error == nil)
  }

  @Test func aHandedBackJobIsReadyAgainAndLosesNoAttempt() async throws {
    let fixture = try await WorkerFixture { $0.drainGrace = .seconds(60) }
    let job = try await fixture.submit("test.hang", attemptsMax: 3)
    try await fixture.started(job)
    try await fixture.stop(times: 2)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .released && !outcome.isFinal && report.usage.wallMicroseconds > 0)
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
  }

  @Test func aLostLeaseIsKilledAndNotReported() async throws {
    let fixture = try await WorkerFixture()
    let job = try await fixture.shell("echo pid $$; trap '' TERM; while :; do sleep 1; done")
    let pid = try #require(Int32(try await fixture.line(of: job, beginning: "pid ")))
    try await fixture.queue.forget([job])
    _ = try await fixture.submit("noop")
    let (outcome, _) = try await fixture.outcome()
    // The only slot was free again, so the stale attempt is gone; and it said nothing.
    #expect(outcome.job != job && outcome.ending == .succeeded && !isAlive(pid))
    try await fixture.stop()
    #expect(try await fixture.queue.outcomes(after: outcome.position, limit: 9, waitingUpTo: .zero).isEmpty)
  }

  @Test func aWorkerCutOffPastItsDeadlineStopsItsWork() async throws {
    let faults = Faults()
    let fixture = try await WorkerFixture(faults: faults) {
      $0.leaseDuration = .seconds(2)
    }
    let job = try await fixture.shell("echo pid $$; while :; do sleep 1; done")
    let pid = try #require(Int32(try await fixture.line(of: job, beginning: "pid ")))
    let child = try #require(ProcessStatistics.read(pid))
    faults.set(.everything)
    await waitForEnd(of: child)
    #expect(!isAlive(pid))
    faults.set(.nothing)
    _ = try await fixture.queue.cancel([job])
    try await fixture.stop()
  }

  /// Returns when a process that is not our child has ended.
  private func waitForEnd(of process: ProcessStatistics) async {
    while isAlive(process.pid) { await Task.yield() }
  }

  @Test func anOutcomeSurvivesAnOutage() async throws {
    let faults = Faults()
    let fixture = try await WorkerFixture(faults: faults) {
      $0.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
    }
    faults.set(.reports(refusals: 5))
    _ = try await fixture.submit("noop")
    #expect(try await fixture.outcome().outcome.ending == .succeeded)
    #expect(faults.refusals >= 5)
    try await fixture.stop()
  }

  @Test func aJobWhoseGrantWasLostRunsAllTheSame() async throws {
    let faults = Faults()
    let fixture = try await WorkerFixture(slots: 2, faults: faults) {
      $0.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
    }
    faults.set(.leaseAnswers(losses: 2))
    // The only attempt, so that taking it back must not count.
    let job = try await fixture.submit("noop", attemptsMax: 1)
    var (outcomes, position): ([QueuedOutcome], OutcomePosition?) = ([], nil)
    while outcomes.last?.isFinal != true {
      outcomes += try await fixture.queue.outcomes(after: position, limit: 1, waitingUpTo: .seconds(30))
      position = outcomes.last?.position
    }
    #expect(outcomes.map(\.ending) == [.released, .released, .succeeded])
    #expect(outcomes.allSatisfy { $0.job == job && $0.attempt == 1 })
    try await fixture.stop()
  }

  @Test func aFailedJobWaitsAsItsPolicySays() async throws {
    let fixture = try await WorkerFixture { $0.random = SeededGenerator(seed: 7) }
    let policy = try RetryPolicy(
      firstDelay: .seconds(1_000), delayMax: .seconds(1_000), retryableCodes: ["exit_status"])
    let job = try await fixture.submit(
      "command.run", #"{"command":["false"],"environment":[]}"#, attemptsMax: 2, retry: policy)
    let outcome = try await fixture.outcome().outcome
    #expect(outcome.ending == .failed && !outcome.isFinal)
    var random = SeededGenerator(seed: 7)
    let wait = policy.delay(afterAttempt: 1, using: &random)
    guard case .delayed(let until, 1) = try await fixture.queue.status(of: [job])[0] else {
      Issue.record("the job does not wait")
      return try await fixture.stop()
    }
    let difference = until - outcome.endedAt - wait
    #expect(abs(difference.seconds) < 1)
    try await fixture.stop()
  }

  @Test func anErrorThatThePolicyCallsPermanentEndsTheJob() async throws {
    let fixture = try await WorkerFixture()
    let policy = try RetryPolicy(permanentCodes: ["crashed"])
    _ = try await fixture.submit(
      "command.run", #"{"command":["sh","-c","kill -9 $$"],"environment":[]}"#, attemptsMax: 3, retry: policy)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.isFinal && report.error?.code == "crashed")
    try await fixture.stop()
  }

  @Test func aLostQueueIsWaitedFor() async throws {
    let faults = Faults()
    faults.set(.everything)
    let fixture = try await WorkerFixture(faults: faults) {
      $0.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
    }
    await faults.waitForRefusals(10)
    _ = try await fixture.submit("noop")
    faults.set(.nothing)
    #expect(try await fixture.outcome().outcome.ending == .succeeded)
    try await fixture.stop()
  }

  @Test func manyJobsOnManySlots() async throws {
    let fixture = try await WorkerFixture(slots: 3)
    var jobs: Set<JobID> = []
    for _ in 0..<60 { jobs.insert(try await fixture.submit("noop")) }
    var position: OutcomePosition?
    while !jobs.isEmpty {
      let (outcome, _) = try await fixture.outcome(after: position)
      position = outcome.position
      #expect(outcome.ending == .succeeded)
      #expect(jobs.remove(outcome.job) != nil)
    }
    #expect(try await fixture.queue.census().tiers.values.allSatisfy { $0.leased == 0 && $0.ready == 0 })
    try await fixture.stop()
  }
}
