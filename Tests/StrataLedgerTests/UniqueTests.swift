import StrataCore
import StrataLedger
import Testing

/// Keys that one job holds at a time, and jobs that are done again once.
@Suite struct UniqueTests {
  private static let key = UniqueKey("nightly")

  @Test func aKeyIsHeldUntilItsJobHasEnded() async throws {
    let bench = try await LedgerBench()
    let (tenant, other) = (try await bench.tenant(), try await bench.tenant("other"))
    let first = Sample.submission(tenant, unique: Self.key)
    let verdicts = try await bench.ledger.admit([
      first, Sample.submission(tenant, unique: Self.key),
      Sample.submission(tenant, unique: UniqueKey("nightly", onConflict: .refuse)),
      Sample.submission(tenant, unique: UniqueKey("hourly")), Sample.submission(other, unique: Self.key),
    ])
    #expect(verdicts[1].existingJob?.job == first.job)
    #expect(verdicts[2].refusal == .notUnique("nightly", first.job))
    #expect(verdicts[3].acceptedJob != nil && verdicts[4].acceptedJob != nil)
    let later = try await bench.ledger.admit([Sample.submission(tenant, unique: Self.key)])
    #expect(later[0].existingJob?.job == first.job)
    _ = try await bench.ledger.settle([Sample.outcome(first.job, .failed)])
    #expect(try bench.sql("SELECT count(*) FROM unique_claim") == "2")
    let second = Sample.submission(tenant, unique: Self.key)
    #expect(try await bench.ledger.admit([second])[0].acceptedJob?.job == second.job)
    // A late outcome of the first frees nothing of the second.
    _ = try await bench.ledger.settle([Sample.outcome(first.job, token: 9)])
    #expect(
      try await bench.ledger.admit([Sample.submission(tenant, unique: Self.key)])[0].existingJob?.job == second.job)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func aKeyMayBeHeldForATimeWhateverBecomesOfTheJob() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let start = Timestamp.now
    func submission(after seconds: Int64) -> JobSubmission {
      Sample.submission(tenant, unique: UniqueKey("k", seconds: 60), createdAt: start + .seconds(seconds))
    }
    let first = submission(after: -120)
    _ = try await bench.ledger.admit([first])
    _ = try await bench.ledger.settle([Sample.outcome(first.job)])
    let verdicts = try await bench.ledger.admit([
      submission(after: -61), submission(after: -60), submission(after: -1), submission(after: 30),
    ])
    #expect(verdicts[0].existingJob?.job == first.job && verdicts[0].existingJob?.state == .succeeded)
    #expect(verdicts[1].acceptedJob != nil)
    #expect(verdicts[2].existingJob?.job == verdicts[1].acceptedJob?.job)
    #expect(verdicts[3].acceptedJob != nil)
    #expect(try await bench.ledger.expireKeys() == 0)
    _ = try bench.sql("UPDATE unique_claim SET until = now() - interval '1 second'")
    #expect(try await bench.ledger.expireKeys() == 1)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func ofManyAtOnceOneIsAccepted() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let controllers = [bench.ledger, try bench.another(), try bench.another()]
    let verdicts = try await withThrowingTaskGroup(of: [AdmissionVerdict].self) { group in
      for index in 0..<24 {
        group.addTask {
          try await controllers[index % 3].admit(
            (0..<4).map { Sample.submission(tenant, unique: UniqueKey("k-\($0)")) })
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(verdicts.count { $0.acceptedJob != nil } == 4)
    #expect(verdicts.count { $0.existingJob != nil } == 23 * 4)
    #expect(try await bench.ledger.verify().openHolds == 4)
    for controller in controllers { await controller.close() }
  }

  @Test func aJobIsDoneAgainOnce() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let failed = (0..<3).map { _ in Sample.submission(tenant) }
    _ = try await bench.ledger.admit(failed)
    _ = try await bench.ledger.settle([
      Sample.outcome(failed[0].job, .failed), Sample.outcome(failed[1].job, .expired), Sample.outcome(failed[2].job),
    ])
    let failures = JobFilter(tenant: tenant, states: [.failed])
    let all = try await bench.ledger.retryable(failures, limit: 10)
    #expect(all.map(\.id) == failed.prefix(2).map(\.job).sorted())
    #expect(
      try await bench.ledger.retryable(JobFilter(tenant: tenant, errorCode: "worker_lost"), limit: 10).map(\.id) == [
        failed[1].job
      ])
    #expect(try await bench.ledger.retryable(JobFilter(tenant: tenant, soldAs: "other"), limit: 10).isEmpty)
    #expect(try await bench.ledger.retryable(JobFilter(tenant: tenant, states: [.cancelled]), limit: 10).isEmpty)
    let retry = Sample.submission(tenant, retryOf: failed[0].job)
    let verdicts = try await bench.ledger.admit([retry, Sample.submission(tenant, retryOf: failed[0].job)])
    #expect(verdicts[0].acceptedJob?.job == retry.job && verdicts[1].existingJob?.job == retry.job)
    let again = try await bench.ledger.admit([Sample.submission(tenant, retryOf: failed[0].job)])
    #expect(again[0].existingJob?.job == retry.job)
    let (old, new) = (
      try await bench.ledger.job(failed[0].job, tenant: tenant), try await bench.ledger.job(retry.job, tenant: tenant)
    )
    #expect(old?.retriedBy == retry.job && new?.structure.retryOf == failed[0].job)
    #expect(try await bench.ledger.retryable(failures, limit: 10).map(\.id) == [failed[1].job])
    #expect(try await bench.ledger.balance(of: tenant).held == MicroCredits(micros: 1_000_000))
  }
}
