import StrataCore
import StrataLedger
import Testing

/// The two decisions by themselves: no database, no clock.
@Suite struct AdmissionDecisionTests {
  private let tenant = TenantID()

  private func decide(
    _ submissions: [JobSubmission], credits: Int64 = 3, known: [AdmissionDecision.KnownJob] = [],
    tiers: Set<TierName> = [.cpu]
  ) -> AdmissionDecision {
    let price = PricedListing(
      name: LedgerBench.flat, version: 4, price: Price(perJob: MicroCredits(micros: 1_000_000)))
    var decision = AdmissionDecision(
      balances: [tenant: AccountBalance(limit: MicroCredits(micros: credits * 1_000_000))],
      prices: [price.name: price], ratedTiers: tiers, known: known)
    decision.decide(submissions)
    return decision
  }

  @Test func whatFitsIsAcceptedAndCountsAgainstTheRest() {
    let batch = (0..<5).map { _ in Sample.submission(tenant) }
    let decision = decide(batch)
    #expect(decision.verdicts.map { $0.acceptedJob?.job } == batch.prefix(3).map(\.job) + [nil, nil])
    #expect(decision.held == [tenant: MicroCredits(micros: 3_000_000)])
    #expect(decision.acceptances.map(\.priceVersion) == [4, 4, 4])
    let needed = MicroCredits(micros: 1_000_000)
    #expect(decision.verdicts[3].refusal == .budget(available: .zero, needed: needed))
  }

  @Test func repeatsFindTheirJobInOneBatchAndAcrossBatches() throws {
    let first = Sample.submission(tenant, key: "k")
    let again = Sample.submission(tenant, key: "k")
    let changed = Sample.submission(tenant, key: "k", fingerprint: [2])
    let decision = decide([first, again, changed, first])
    let accepted = try #require(decision.verdicts[0].acceptedJob)
    #expect(decision.verdicts[1...] == [.existing(accepted), .refused(.conflict(first.job)), .accepted(accepted)])
    let known = AdmissionDecision.KnownJob(
      accepted: accepted, tenant: tenant, idempotencyKey: "k", fingerprint: [1])
    #expect(decide([again], known: [known]).verdicts == [.existing(accepted)])
    #expect(decide([again], known: [known]).acceptances.isEmpty)
  }

  @Test func whatHasNoPriceRateOrTenantIsRefused() {
    let stranger = TenantID()
    #expect(decide([Sample.submission(tenant, soldAs: "x")]).verdicts == [.refused(.unpriced("x"))])
    #expect(decide([Sample.submission(tenant)], tiers: []).verdicts == [.refused(.unratedTier(.cpu))])
    #expect(decide([Sample.submission(stranger)]).verdicts == [.refused(.unknownTenant(stranger))])
    let max = MicroCredits(micros: 999_999)
    #expect(
      decide([Sample.submission(tenant, creditsMax: max)]).verdicts
        == [.refused(.overCreditsMax(max: max, needed: MicroCredits(micros: 1_000_000)))])
  }
}

@Suite struct SettlementDecisionTests {
  private let job = JobID()

  private func decide(
    _ items: [SettlementItem], state: JobState = .queued,
    recorded: [SettlementDecision.Attempt: MicroEuro] = [:]
  ) -> SettlementDecision {
    let hold = SettlementDecision.StoredHold(
      tenant: TenantID(), state: state, hold: MicroCredits(micros: 500), tier: .cpu,
      soldAs: "test", price: Price(perJob: MicroCredits(micros: 400), perCPUSecond: MicroCredits(micros: 100)))
    let rate = TierRate(
      tier: .cpu, cpuHour: MicroEuro(micros: 3_600), memoryGibibyteHour: .zero, wallHour: .zero)
    var decision = SettlementDecision(jobs: [job: hold], recorded: recorded, rates: [.cpu: rate])
    decision.decide(items)
    return decision
  }

  @Test func theFirstFinalOutcomeFinishesAndTheRestChangesNothing() throws {
    let decision = decide([
      Sample.outcome(job, token: 1, .failed, isFinal: false), Sample.outcome(job, token: 2),
      Sample.outcome(job, token: 2), Sample.outcome(job, token: 3, .failed),
    ])
    #expect(decision.verdicts[0] == .recorded)
    let finished = try #require(decision.verdicts[1].finishedJob)
    #expect(finished.state == .succeeded && finished.soldAs == "test" && finished.error == nil)
    // 2 s of CPU make 600; the hold bounds it.
    #expect(finished.charged == MicroCredits(micros: 500))
    #expect(decision.verdicts[2...] == [.alreadySettled, .superfluous])
    #expect(decision.usage.map(\.error?.code) == ["crashed", nil])
    #expect(decision.closings.count == 1)
  }

  @Test func lostWorkersLeaveAReasonAndSuccessesNone() {
    let decision = decide([
      Sample.outcome(job, token: 1, .expired, isFinal: false), Sample.outcome(job, token: 2, .released, isFinal: false),
    ])
    #expect(decision.usage.map(\.error?.code) == ["worker_lost", nil])
    #expect(decision.closings.isEmpty)
  }

  @Test func aJobThatLostThreeWorkersIsSuspected() throws {
    let losses = (1...3).map { Sample.outcome(job, token: UInt64($0), .expired, isFinal: $0 == 3) }
    let finished = try #require(decide(losses).verdicts[2].finishedJob)
    #expect(finished.state == .failed && finished.error?.code == "worker_lost_repeatedly")
    // Its only attempt was lost: that may happen to any job.
    let once = try #require(decide([Sample.outcome(job, token: 1, .expired)]).verdicts[0].finishedJob)
    #expect(once.error?.code == "worker_lost")
  }

  @Test func aRecordedAttemptMayStillFinishItsJob() throws {
    let recorded = [
      SettlementDecision.Attempt(job: job, token: FencingToken(rawValue: 1)): MicroEuro(micros: 7)
    ]
    let decision = decide([Sample.outcome(job, token: 1)], recorded: recorded)
    #expect(decision.usage.isEmpty)
    #expect(try #require(decision.verdicts[0].finishedJob).cost == MicroEuro(micros: 7))
  }

  @Test func finishedAndUnknownJobsAreLeftAlone() {
    #expect(decide([Sample.outcome(job)], state: .failed).verdicts == [.superfluous])
    #expect(decide([Sample.outcome(JobID())]).verdicts == [.unknownJob])
    #expect(decide([Sample.outcome(JobID())]).changesNothing)
  }
}
