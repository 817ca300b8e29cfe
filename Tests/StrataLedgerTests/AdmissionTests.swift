import StrataCore
import StrataLedger
import Testing

@Suite struct AdmissionTests {
  @Test func anAcceptedJobAndItsHoldAreCommitted() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let submission = Sample.submission(tenant, soldAs: LedgerBench.metered, parameters: #"{"text":"a\u0000b"}"#)
    let accepted = try #require(try await bench.ledger.admit([submission])[0].acceptedJob)
    // 60 s of one core at 1,000 a second, and 100 for the job.
    #expect(accepted.held == MicroCredits(micros: 60_100))
    let other = try bench.another()
    let stored = try #require(try await other.job(submission.job, tenant: tenant))
    #expect(stored.order == submission.order)
    #expect(stored.state == .queued)
    #expect(stored.held == accepted.held)
    #expect(stored.createdAt == accepted.createdAt)
    #expect(try await other.balance(of: tenant).held == accepted.held)
    #expect(try await other.job(submission.job, tenant: TenantID()) == nil)
    await other.close()
  }

  /// Of the ways in which a job may run that with the most cores: 4 of them for 60 s.
  @Test func theHoldCoversTheDearestWay() async throws {
    let bench = try await LedgerBench()
    var submission = Sample.submission(try await bench.tenant(), soldAs: LedgerBench.metered)
    submission.order.alternatives = [4_000, 500].map {
      Placement(tier: .cpu, resources: ResourceRequest(cpuMillicores: $0))
    }
    let accepted = try #require(try await bench.ledger.admit([submission])[0].acceptedJob)
    #expect(accepted.held == MicroCredits(micros: 240_100))
    let stored = try await bench.ledger.job(submission.job, tenant: submission.tenant)
    #expect(stored?.order == submission.order)
    submission = Sample.submission(submission.tenant)
    submission.order.alternatives = [Placement(tier: .gpu)]
    #expect(try await bench.ledger.admit([submission])[0] == .refused(.unratedTier(.gpu)))
  }

  @Test func whatDoesNotFitIsRefusedAndDoesNotBlockSmallerJobs() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 2)
    let small = LedgerBench.metered
    let verdicts = try await bench.ledger.admit([
      Sample.submission(tenant), Sample.submission(tenant, soldAs: small, timeoutSeconds: 999),
      Sample.submission(tenant),
      Sample.submission(tenant, soldAs: small), Sample.submission(TenantID()),
      Sample.submission(tenant, soldAs: "nothing"),
      Sample.submission(tenant, soldAs: small, creditsMax: MicroCredits(micros: 60_099)),
    ])
    #expect(verdicts[0].acceptedJob != nil)
    #expect(verdicts[1].acceptedJob != nil)
    #expect(
      verdicts[2].refusal
        == .budget(available: MicroCredits(micros: 900), needed: MicroCredits(micros: 1_000_000)))
    #expect(verdicts[3].refusal == .budget(available: MicroCredits(micros: 900), needed: MicroCredits(micros: 60_100)))
    guard case .unknownTenant = verdicts[4].refusal else { throw Unexpected(verdicts[4]) }
    #expect(verdicts[5].refusal == .unpriced("nothing"))
    #expect(
      verdicts[6].refusal
        == .overCreditsMax(max: MicroCredits(micros: 60_099), needed: MicroCredits(micros: 60_100)))
    #expect(try await bench.ledger.verify().violations == [])
  }

  @Test func absurdRequestsSaturateAndAreRefused() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let verdict = try await bench.ledger.admit([
      Sample.submission(tenant, soldAs: LedgerBench.metered, timeoutSeconds: .max)
    ])[0]
    guard case .budget = verdict.refusal else { throw Unexpected(verdict) }
  }

  @Test func aRepeatedKeyFindsItsJobAndAnotherRequestUnderItConflicts() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let other = try await bench.tenant("other")
    let first = Sample.submission(tenant, key: "k")
    let inOneBatch = try await bench.ledger.admit([first, Sample.submission(tenant, key: "k")])
    #expect(inOneBatch[0].acceptedJob?.job == first.job)
    #expect(inOneBatch[1].existingJob?.job == first.job)
    let later = try await bench.ledger.admit([
      Sample.submission(tenant, key: "k"), Sample.submission(tenant, key: "k", fingerprint: [2]),
      Sample.submission(other, key: "k"), first, Sample.submission(other, job: first.job),
    ])
    #expect(later[0].existingJob?.job == first.job)
    #expect(later[1].refusal == .conflict(first.job))
    #expect(later[2].acceptedJob != nil)
    #expect(later[3].acceptedJob?.job == first.job)
    #expect(later[4].refusal == .conflict(first.job))
    #expect(try await bench.ledger.balance(of: tenant).held == MicroCredits(micros: 1_000_000))
  }

  @Test func controllersRacingForOneKeyAgreeOnOneJob() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let controllers = [bench.ledger, try bench.another(), try bench.another()]
    let jobs = try await withThrowingTaskGroup(of: [JobID].self) { group in
      for index in 0..<24 {
        group.addTask {
          let batch = (0..<5).map { Sample.submission(tenant, key: "key-\(($0 + index) % 5)") }
          let verdicts = try await controllers[index % 3].admit(batch)
          return verdicts.compactMap { ($0.acceptedJob ?? $0.existingJob)?.job }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(jobs.count == 24 * 5)
    #expect(Set(jobs).count == 5)
    #expect(try await bench.ledger.verify().openHolds == 5)
    for controller in controllers { await controller.close() }
  }

  @Test func oneClientsMalformedDocumentRefusesNobodyElse() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    var batch = (0..<20).map { _ in Sample.submission(tenant) }
    batch[7] = Sample.submission(tenant, parameters: "{not json")
    let verdicts = try await bench.ledger.admit(batch)
    for (index, verdict) in verdicts.enumerated() where index != 7 { #expect(verdict.acceptedJob != nil) }
    guard case .invalid = verdicts[7].refusal else { throw Unexpected(verdicts[7]) }
    #expect(try await bench.ledger.balance(of: tenant).held == MicroCredits(micros: 19_000_000))
  }

  /// Both directions of the socket full at once would stop a client that only writes.
  @Test func batchesLargerThanTheSocketsBuffersPass() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 1_000)
    let long = "{\"text\":\"\(String(repeating: "é", count: 20_000))\"}"
    let batch = (0..<300).map { _ in Sample.submission(tenant, parameters: long) }
    #expect(try await bench.ledger.admit(batch).allSatisfy { $0.acceptedJob != nil })
    #expect(try await bench.ledger.admit(batch).allSatisfy { $0.acceptedJob != nil })
    let page = try await bench.ledger.jobs(JobFilter(tenant: tenant), limit: 300)
    #expect(page.count == 300)
    #expect(page.allSatisfy { $0.order.parametersJSON == long })
  }

  @Test func theBatcherAnswersEveryCallerAlsoACancelledOne() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let batcher = AdmissionBatcher(bench.ledger)
    let submissions = (0..<60).map { _ in Sample.submission(tenant) }
    let tasks = submissions.map { submission in Task { try await batcher.submit(submission) } }
    for task in tasks.prefix(20) { task.cancel() }
    for (task, submission) in zip(tasks, submissions) {
      #expect(try await task.value.acceptedJob?.job == submission.job)
    }
    #expect(try await bench.ledger.verify().openHolds == 60)
  }
}

/// A value that a test did not expect.
struct Unexpected: Error {
  let value: String
  init(_ value: some Any) { self.value = "\(value)" }
}
