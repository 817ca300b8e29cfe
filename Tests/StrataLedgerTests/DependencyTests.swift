import StrataCore
import StrataLedger
import TestSupport
import Testing

/// Jobs that wait for others, in a real database.
@Suite struct DependencyTests {
  /// - Returns: the released jobs of all steps, in order.
  @discardableResult
  private static func resolveAll(_ ledger: Ledger) async throws -> [JobID] {
    var released: [JobID] = []
    while let step = try await ledger.resolve() { released += step.released.map(\.id) }
    return released
  }

  private static func chain(
    _ bench: LedgerBench, _ tenant: TenantID, _ policy: DependencyPolicy
  ) async throws -> (first: JobID, second: JobID, third: JobID) {
    let first = Sample.submission(tenant)
    let second = Sample.submission(tenant, after: [first.job], policy)
    let third = Sample.submission(tenant, after: [second.job], policy)
    for submission in [first, second, third] {
      #expect(try await bench.ledger.admit([submission])[0].acceptedJob != nil)
    }
    return (first.job, second.job, third.job)
  }

  private static func state(of job: JobID, _ bench: LedgerBench) async throws -> JobState? {
    try await bench.ledger.states(of: [job])[job]
  }

  @Test func aJobIsBlockedUntilAllItWaitsForHaveSucceeded() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let needed = (0..<3).map { _ in Sample.submission(tenant) }
    _ = try await bench.ledger.admit(needed)
    let waiting = Sample.submission(tenant, after: needed.map(\.job) + [needed[0].job])
    let accepted = try #require(try await bench.ledger.admit([waiting])[0].acceptedJob)
    #expect(accepted.state == .blocked && accepted.held == MicroCredits(micros: 1_000_000))
    #expect(try await bench.ledger.balance(of: tenant).held == MicroCredits(micros: 4_000_000))
    #expect(try await bench.ledger.unfinished(limit: 10).map(\.id) == needed.map(\.job).sorted())
    for (index, job) in needed.enumerated() {
      let stored = try #require(try await bench.ledger.job(waiting.job, tenant: tenant))
      #expect(stored.state == .blocked && stored.blockers == 3 - index && stored.structure.after.count == 4)
      // An attempt that is tried again is no end.
      let failing = Sample.outcome(job.job, token: 1, .failed, isFinal: false)
      #expect(try await bench.ledger.settle([failing]).consequences.isEmpty)
      #expect(try await bench.ledger.verify().violations == [])
      let consequences = try await bench.ledger.settle([Sample.outcome(job.job, token: 2)]).consequences
      #expect(consequences.released.map(\.id) == (index == 2 ? [waiting.job] : []))
      #expect(!consequences.isIncomplete)
    }
    let released = try #require(try await bench.ledger.unfinished(limit: 10).first)
    #expect(released.order == waiting.order && released.attemptsMade == 0)
    #expect(try await Self.state(of: waiting.job, bench) == .queued)
    #expect(try bench.sql("SELECT count(*) FROM dependency") == "0")
    _ = try await bench.ledger.settle([Sample.outcome(waiting.job)])
    #expect(try await bench.ledger.verify().isSound)
  }

  /// Whoever enqueues it must not need to ask again.
  @Test func aReleaseTellsAllThatTheQueueMustKnow() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant("acme")
    let changed = SharingChange(priorityClass: PriorityClass(rawValue: 7))
    _ = try await bench.ledger.change(changed, ofTenantNamed: "acme")
    let first = Sample.submission(tenant)
    var waiting = Sample.submission(
      tenant, after: [first.job], batch: try await bench.ledger.openBatch(tenant: tenant).id)
    waiting.order = WorkOrder(
      job: waiting.job, tenant: tenant, capability: "test", version: 1, parametersJSON: "{}", inputs: [],
      timeoutSeconds: 60, resources: ResourceRequest(cpuMillicores: 500, memoryBytes: 1 << 20, gpuThousandths: 250),
      retry: try RetryPolicy(firstDelay: .seconds(9)))
    waiting.runAt = Timestamp(milliseconds: Timestamp.now.milliseconds + 3_600_000)
    _ = try await bench.ledger.admit([first, waiting])
    let released = try await bench.ledger.settle([Sample.outcome(first.job)]).consequences.released
    #expect(released == (try await bench.ledger.unfinished(limit: 10)) && released.count == 1)
    #expect(released.first?.order == waiting.order && released.first?.runAt == waiting.runAt)
    #expect(released.first?.priorityClass == PriorityClass(rawValue: 7))
    let stored = try await bench.ledger.jobs(JobFilter(tenant: tenant, batch: waiting.structure.batch))
    #expect(stored.map(\.order) == [waiting.order] && stored.map(\.runAt) == [waiting.runAt])
    _ = try await bench.ledger.settle([Sample.outcome(waiting.job, .failed)])
    let retryable = try await bench.ledger.retryable(JobFilter(tenant: tenant, states: [.failed]), limit: 10)
    #expect(retryable.map(\.order) == [waiting.order] && retryable.map(\.runAt) == [waiting.runAt])
  }

  @Test(arguments: [
    (DependencyPolicy.fail, JobState.failed, Optional("dependency_failed")),
    (.skip, .cancelled, "dependency_skipped"), (.run, .queued, nil),
  ]) func whatAFailureDoesIsForThePolicyToSay(policy: DependencyPolicy, state: JobState, code: String?) async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let (first, second, third) = try await Self.chain(bench, tenant, policy)
    let consequences = try await bench.ledger.settle([Sample.outcome(first, .failed)]).consequences
    #expect(consequences.released.map(\.id) == (policy == .run ? [second] : []))
    #expect(consequences.ended.map(\.job) == (policy == .run ? [] : [second]))
    // Those further down are told by the next steps.
    #expect(try await Self.state(of: third, bench) == .blocked)
    #expect(try await bench.ledger.verify().violations == [])
    try await Self.resolveAll(bench.ledger)
    let stored = try #require(try await bench.ledger.job(second, tenant: tenant))
    #expect(stored.state == state && stored.error?.code == code)
    #expect(try await Self.state(of: third, bench) == (policy == .run ? .blocked : state))
    if policy != .run {
      #expect(stored.error?.message.contains("\(first)") == true && stored.charged == .zero && stored.cost == .zero)
      #expect(try await bench.ledger.balance(of: tenant).held == .zero)
      #expect(try bench.sql("SELECT count(*) FROM hold WHERE state = 'voided'") == "3")
    }
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test(arguments: DependencyPolicy.allCases) func aJobMayBeToldToRunAfterOneThatHasEnded(policy: DependencyPolicy)
    async throws
  {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let (good, bad) = (Sample.submission(tenant), Sample.submission(tenant))
    _ = try await bench.ledger.admit([good, bad])
    _ = try await bench.ledger.settle([Sample.outcome(good.job), Sample.outcome(bad.job, .cancelled)])
    let after = [
      Sample.submission(tenant, after: [good.job], policy), Sample.submission(tenant, after: [bad.job], policy),
    ]
    let verdicts = try await bench.ledger.admit(after)
    #expect(verdicts[0].acceptedJob?.state == .queued)
    #expect(verdicts[1].acceptedJob?.state == (policy == .run ? .queued : .blocked))
    #expect(try await bench.ledger.verify().violations == [])
    try await Self.resolveAll(bench.ledger)
    let expected: JobState = policy == .run ? .queued : policy == .fail ? .failed : .cancelled
    #expect(try await Self.state(of: after[1].job, bench) == expected)
    #expect(try await bench.ledger.resolve() == nil)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func whatTheTenantDoesNotHaveCannotBeWaitedFor() async throws {
    let bench = try await LedgerBench()
    let (tenant, other) = (try await bench.tenant(), try await bench.tenant("other"))
    let (theirs, nobodys) = (Sample.submission(other), JobID())
    _ = try await bench.ledger.admit([theirs])
    let own = Sample.submission(tenant)
    let verdicts = try await bench.ledger.admit([
      Sample.submission(tenant, after: [theirs.job]), Sample.submission(tenant, after: [nobodys]), own,
      Sample.submission(tenant, after: [own.job]),
    ])
    #expect(verdicts[0].refusal == .unknownDependency(theirs.job))
    #expect(verdicts[1].refusal == .unknownDependency(nobodys))
    #expect(verdicts[3].acceptedJob?.state == .blocked)
    #expect(try await bench.ledger.balance(of: tenant).held == MicroCredits(micros: 2_000_000))
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func aBlockedJobCanBeCancelledAndSettlesLikeAnyOther() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let (first, second, third) = try await Self.chain(bench, tenant, .fail)
    let consequences = try await bench.ledger.settle([Sample.outcome(second, token: 0, .cancelled)]).consequences
    #expect(consequences.ended.map(\.job) == [third])
    #expect(try await bench.ledger.balance(of: tenant).held == MicroCredits(micros: 1_000_000))
    // What it waited for ends later, and nobody minds.
    #expect(try await bench.ledger.settle([Sample.outcome(first)]).consequences.released.isEmpty)
    try await Self.resolveAll(bench.ledger)
    #expect(try bench.sql("SELECT count(*) FROM dependency") == "0")
    #expect(try bench.sql("SELECT count(*) FROM resolution") == "0")
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func aCancellationAskedForWhileBlockedIsHonouredAtTheRelease() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let (first, second, _) = try await Self.chain(bench, tenant, .fail)
    try await bench.ledger.requestCancel(of: second)
    let consequences = try await bench.ledger.settle([Sample.outcome(first)]).consequences
    #expect(consequences.released.isEmpty && consequences.ended.map(\.state) == [.cancelled])
    #expect(consequences.ended[0].error == nil)
  }

  @Test func settlementsAtTheSameTimeReleaseExactlyOnce() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 1_000)
    let controllers = [bench.ledger, try bench.another(), try bench.another(), try bench.another()]
    let (width, joins) = (8, 40)
    var made: [[JobID]] = []
    for _ in 0..<joins {
      let batch = (0..<width).map { _ in Sample.submission(tenant) }
      let join = Sample.submission(tenant, after: batch.map(\.job))
      #expect(try await bench.ledger.admit(batch + [join]).allSatisfy { $0.acceptedJob != nil })
      made.append(batch.map(\.job))
    }
    let needs = made
    // Every controller settles every eighth or so of each join, all at once, and some of it twice.
    let released = try await withThrowingTaskGroup(of: [JobID].self) { group in
      for place in 0..<width {
        for repetition in 0..<2 {
          group.addTask {
            let ledger = controllers[(place + repetition) % controllers.count]
            let outcomes = needs.map { Sample.outcome($0[place]) }
            return try await ledger.settle(outcomes).consequences.released.map(\.id)
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(released.count == joins && Set(released).count == joins)
    #expect(try await bench.ledger.unfinished(limit: 1_000).count == joins)
    #expect(try bench.sql("SELECT count(*) FROM dependency") == "0")
    #expect(try await bench.ledger.verify().isSound)
    for controller in controllers { await controller.close() }
  }

  @Test(arguments: [true, false]) func aWideFanOutIsFollowedUpInBoundedSteps(succeeds: Bool) async throws {
    var limits = LedgerLimits()
    limits.dependenciesMax = 300
    let bench = try await LedgerBench(limits: limits)
    let tenant = try await bench.tenant(credits: 20_000)
    let needed = Sample.submission(tenant)
    _ = try await bench.ledger.admit([needed])
    let count = 10_000
    let waiting = (0..<count).map { _ in Sample.submission(tenant, after: [needed.job]) }
    #expect(try await bench.ledger.admit(waiting).allSatisfy { $0.acceptedJob?.state == .blocked })
    let outcome = Sample.outcome(needed.job, succeeds ? .succeeded : .failed)
    let first = try await bench.ledger.settle([outcome]).consequences
    #expect(first.isIncomplete)
    var (told, steps) = (Set(first.released.map(\.id) + first.ended.map(\.job)), 0)
    #expect(told.count == 300)
    #expect(try await bench.ledger.verify().violations == [])
    // Two controllers follow it up at once, as after a change of the leader.
    let other = try bench.another()
    while let step = try await bench.ledger.resolve() {
      async let another = other.resolve()
      let both = [step, try await another].compactMap(\.self)
      for step in both {
        let jobs = step.released.map(\.id) + step.ended.map(\.job)
        #expect(jobs.count <= 300 && told.isDisjoint(with: jobs))
        told.formUnion(jobs)
      }
      steps += 1
    }
    #expect(told == Set(waiting.map(\.job)) && steps < 60)
    let states = try await bench.ledger.states(of: waiting.map(\.job)).values
    #expect(states.allSatisfy { $0 == (succeeds ? .queued : .failed) })
    #expect(try await bench.ledger.verify().isSound)
    await other.close()
  }

  @Test func manyDependenciesAreManyTransactions() {
    let (tenant, many) = (TenantID(), (0..<600).map { _ in JobID() })
    let submissions = (0..<5).map { _ in Sample.submission(tenant, after: many) } + [Sample.submission(tenant)]
    #expect(Ledger.batches(of: submissions, LedgerLimits()).map(\.count) == [1, 1, 1, 1, 2])
    let plain = (0..<2_500).map { _ in Sample.submission(tenant) }
    #expect(Ledger.batches(of: plain, LedgerLimits()).map(\.count) == [1_000, 1_000, 500])
  }
}

/// The decision by itself.
@Suite struct DependencyDecisionTests {
  private let a = JobID()
  private let b = JobID()
  private let job = JobID()
  private let tenant = TenantID()

  private func edge(
    _ needs: JobID, _ state: JobState = .queued, _ policy: DependencyPolicy = .fail, blockers: Int = 2,
    own: JobState = .blocked
  ) -> DependencyDecision.Edge {
    DependencyDecision.Edge(
      needs: needs, stateOfNeeds: state,
      dependant: .init(
        job: job, tenant: tenant, state: own, blockers: blockers, policy: policy, hold: MicroCredits(micros: 5),
        soldAs: "test"))
  }

  @Test func endsOfOneBatchAddUp() {
    var decision = DependencyDecision(ended: [a: .succeeded, b: .succeeded])
    decision.decide([edge(a), edge(b)])
    #expect(decision.released == [job] && decision.stillBlocked.isEmpty && decision.told.count == 2)
  }

  @Test func whatHasNotEndedIsLeftAlone() {
    var decision = DependencyDecision(ended: [a: .succeeded])
    decision.decide([edge(a), edge(b)])
    #expect(decision.released.isEmpty && decision.stillBlocked.map(\.blockers) == [1] && decision.told.count == 1)
  }

  @Test func aJobEndsOnceHoweverManyFail() {
    var decision = DependencyDecision(ended: [a: .failed, b: .cancelled])
    decision.decide([edge(a), edge(b)])
    #expect(decision.closings.map(\.finished.job) == [job] && decision.closings[0].finished.charged == .zero)
    #expect(decision.stillBlocked.isEmpty && decision.released.isEmpty && decision.told.count == 2)
  }

  @Test func aJobThatEndsInTheSameBatchIsNotTouched() {
    var decision = DependencyDecision(ended: [a: .failed, job: .cancelled])
    decision.decide([edge(a)])
    #expect(decision.closings.isEmpty && decision.told.count == 1)
    var late = DependencyDecision()
    late.decide([edge(a, .failed, own: .failed)])
    #expect(late.closings.isEmpty && late.stillBlocked.isEmpty && late.told.count == 1)
  }
}
