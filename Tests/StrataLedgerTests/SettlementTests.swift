import StrataCore
import StrataLedger
import Testing

@Suite struct SettlementTests {
  /// A ledger with one tenant and `count` accepted jobs.
  private func start(_ count: Int, soldAs: String = LedgerBench.metered) async throws -> (
    LedgerBench, TenantID, [JobID]
  ) {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let batch = (0..<count).map { _ in Sample.submission(tenant, soldAs: soldAs) }
    #expect(try await bench.ledger.admit(batch).allSatisfy { $0.acceptedJob != nil })
    return (bench, tenant, batch.map(\.job))
  }

  @Test func successIsChargedByUseAndReleasesTheHold() async throws {
    let (bench, tenant, jobs) = try await start(1)
    let outcome = Sample.outcome(jobs[0], summary: #"{"points":5}"#)
    let finished = try #require(try await bench.ledger.settled([outcome])[0].finishedJob)
    // 100 and 2 s at 1,000; 2 s of a core at 36,000 an hour and 3 s of a gibibyte at 3,600 an hour.
    #expect(finished.charged == MicroCredits(micros: 2_100))
    #expect(finished.cost == MicroEuro(micros: 23))
    let balance = try await bench.ledger.balance(of: tenant)
    #expect(balance.posted == finished.charged)
    #expect(balance.held == .zero)
    let stored = try #require(try await bench.ledger.job(jobs[0], tenant: tenant))
    #expect(stored.state == .succeeded)
    #expect(stored.charged == finished.charged)
    #expect(stored.cost == finished.cost)
    #expect(stored.summaryJSON == #"{"points":5}"#)
    #expect(stored.finishedAt == finished.finishedAt)
    let entries = try await bench.ledger.entries(of: tenant)
    #expect(entries.map(\.kind) == [.charge, .grant])
    #expect(entries[0].side == .debit && entries[0].transaction.bytes == jobs[0].bytes)
  }

  @Test func chargesNeverExceedTheHold() async throws {
    let (bench, tenant, jobs) = try await start(1)
    let outcome = Sample.outcome(jobs[0], cpuMicroseconds: .max)
    let finished = try #require(try await bench.ledger.settled([outcome])[0].finishedJob)
    #expect(finished.charged == MicroCredits(micros: 60_100))
    #expect(try await bench.ledger.balance(of: tenant).posted == finished.charged)
    #expect(try await bench.ledger.verify().violations == [])
  }

  @Test(arguments: [
    (AttemptEnding.failed, JobState.failed, Optional("crashed")), (.cancelled, .cancelled, nil),
    (.released, .cancelled, nil),
    (.expired, .failed, "worker_lost"),
  ]) func otherEndingsVoidTheHold(ending: AttemptEnding, state: JobState, code: String?) async throws {
    let (bench, tenant, jobs) = try await start(1)
    _ = try await bench.ledger.settled([Sample.outcome(jobs[0], ending)])
    let stored = try #require(try await bench.ledger.job(jobs[0], tenant: tenant))
    #expect(stored.state == state)
    #expect(stored.error?.code == code)
    #expect(stored.charged == .zero)
    #expect(try await bench.ledger.balance(of: tenant).held == .zero)
    #expect(try bench.sql("SELECT state FROM hold") == "voided")
    #expect(try await bench.ledger.verify().violations == [])
  }

  @Test func aPreemptedAttemptAddsItsCostAndDoesNotCount() async throws {
    let (bench, _, jobs) = try await start(1)
    var preempted = Sample.outcome(jobs[0], token: 1, .preempted, isFinal: false)
    preempted.preemptor = PriorityClass(rawValue: 7)
    #expect(try await bench.ledger.settled([preempted, preempted]) == [.recorded, .alreadySettled])
    #expect(try await bench.ledger.unfinished(limit: 10).map(\.attemptsMade) == [0])
    #expect(try await bench.ledger.preemptions(of: [jobs[0], JobID()]) == [jobs[0]: 1])
    let attempt = try #require(try await bench.ledger.attempts(of: jobs[0]).first)
    #expect(attempt.ending == .preempted && attempt.preemptor?.rawValue == 7 && attempt.cost > .zero)
    // Only the attempt that succeeds is charged: what was preempted is work for nothing, and ours to bear.
    let finished = try #require(try await bench.ledger.settled([Sample.outcome(jobs[0], token: 2)])[0].finishedJob)
    #expect(finished.charged == MicroCredits(micros: 2_100) && finished.cost == MicroEuro(micros: 46))
  }

  @Test func attemptsThatAreTriedAgainAddTheirCostButNoCharge() async throws {
    let (bench, _, jobs) = try await start(1)
    let job = jobs[0]
    let verdicts = try await bench.ledger.settled([
      Sample.outcome(job, token: 1, .failed, isFinal: false), Sample.outcome(job, token: 2, .expired, isFinal: false),
      Sample.outcome(job, token: 3, .released, isFinal: false), Sample.outcome(job, token: 1, .failed, isFinal: false),
    ])
    #expect(verdicts == [.recorded, .recorded, .recorded, .alreadySettled])
    let waiting = try await bench.ledger.unfinished(limit: 10)
    #expect(waiting.map(\.id) == [job])
    #expect(waiting[0].attemptsMade == 2)
    let finished = try #require(try await bench.ledger.settled([Sample.outcome(job, token: 4)])[0].finishedJob)
    #expect(finished.charged == MicroCredits(micros: 2_100))
    // Three attempts were measured; of the lost worker nothing is known but the time, which costs nothing here.
    #expect(finished.cost == MicroEuro(micros: 69))
    #expect(try await bench.ledger.attempts(of: job).map(\.token.rawValue) == [1, 2, 3, 4])
    #expect(try await bench.ledger.nextGeneration().tokenFloor.rawValue == 4 + QueueGeneration.tokensPassed)
    #expect(try await bench.ledger.unfinished(limit: 10) == [])
  }

  @Test func repeatsAndLateOutcomesChangeNothing() async throws {
    let (bench, tenant, jobs) = try await start(6)
    let endings: [AttemptEnding] = [.succeeded, .failed, .cancelled, .expired, .succeeded, .succeeded]
    let batch = zip(jobs, endings).map { Sample.outcome($0, $1) }
    _ = try await bench.ledger.settled(batch)
    let before = try await bench.ledger.balance(of: tenant)
    let report = try await bench.ledger.verify()
    for again in [batch, batch.reversed(), Array(batch[2...4])] {
      #expect(try await bench.ledger.settled(again).allSatisfy { $0 == .alreadySettled })
    }
    let late = jobs.map { Sample.outcome($0, token: 9) } + jobs.map { Sample.outcome($0, token: 10, isFinal: false) }
    #expect(try await bench.ledger.settled(late).allSatisfy { $0 == .superfluous })
    #expect(try await bench.ledger.balance(of: tenant) == before)
    #expect(try await bench.ledger.verify() == report)
    // That its owner cancelled it is no attempt.
    #expect(try await bench.ledger.settled([Sample.outcome(jobs[0], token: 0, .cancelled)]) == [.alreadySettled])
    #expect(try await bench.ledger.settled([Sample.outcome(JobID())]) == [.unknownJob])
  }

  @Test func oneBatchMayHoldAJobTwice() async throws {
    let (bench, tenant, jobs) = try await start(1, soldAs: LedgerBench.flat)
    let verdicts = try await bench.ledger.settled([
      Sample.outcome(jobs[0], token: 1), Sample.outcome(jobs[0], token: 1), Sample.outcome(jobs[0], token: 2),
    ])
    #expect(verdicts[0].finishedJob != nil)
    #expect(verdicts[1...] == [.alreadySettled, .superfluous])
    #expect(try await bench.ledger.balance(of: tenant).posted == MicroCredits(micros: 1_000_000))
  }

  @Test func aJobCancelledBeforeItRanHasNoAttempt() async throws {
    let (bench, _, jobs) = try await start(1)
    let finished = try await bench.ledger.settled([Sample.outcome(jobs[0], token: 0, .cancelled)])[0].finishedJob
    #expect(finished?.state == .cancelled)
    #expect(finished?.cost == .zero)
    #expect(try await bench.ledger.attempts(of: jobs[0]) == [])
  }

  @Test func aMalformedSummaryCostsTheJobItsSummaryOnly() async throws {
    let (bench, tenant, jobs) = try await start(8)
    var batch = jobs.map { Sample.outcome($0) }
    batch[3].report?.summaryJSON = "{oops"
    #expect(try await bench.ledger.settled(batch).allSatisfy { $0.finishedJob != nil })
    let stored = try #require(try await bench.ledger.job(jobs[3], tenant: tenant))
    #expect(stored.state == .succeeded)
    #expect(stored.summaryJSON?.contains("summary_lost") == true)
    #expect(try await bench.ledger.verify().violations == [])
  }

  @Test func whatTheDatabaseRefusesStopsNothingElse() async throws {
    let (bench, _, jobs) = try await start(4)
    // Somebody has charged the second job by hand.
    _ = try bench.sql(
      """
      INSERT INTO transfer (id, debited, credited, amount, kind)
      SELECT job.id, tenant, account.id, 1, 'charge' FROM job, account
      WHERE job.id = '\(uuid(jobs[1]))' AND account.name = 'revenue'
      """)
    let verdicts = try await bench.ledger.settled(jobs.map { Sample.outcome($0) })
    guard case .refused = verdicts[1] else { throw Unexpected(verdicts[1]) }
    for index in [0, 2, 3] { #expect(verdicts[index].finishedJob != nil) }
  }
}

func uuid<Tag>(_ id: Identifier<Tag>) -> String {
  id.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
