import StrataCore
import StrataLedger
import TestSupport
import Testing

/// Makes the same random calls of the model and of the ledger in PostgreSQL, and compares every answer and what is stored.
///
/// What the simulation finds with the model is worth as much as the two are alike.
@Suite struct MemoryLedgerTests {
  /// Calls of one history.
  static let calls = 150

  /// Four histories, the first from the seed `STRATA_SEED` (a new one by default), each other from the next.
  @Test func bothLedgersAnswerAlike() async throws {
    var (endings, refusals, releases, handedOn) = (0, 0, 0, 0)
    for seed in testSeed..<testSeed + 4 {
      let comment: Comment = "replay with STRATA_SEED=\(seed)"
      var twins = try await LedgerTwins(seed: seed)
      let first = try await twins.handOver()
      #expect(first == nil, comment)
      for call in 0..<Self.calls {
        guard let difference = try await twins.step() else { continue }
        Issue.record("call \(call): \(difference); \(comment)")
        return
      }
      let difference = try await twins.differenceOfBooks()
      #expect(difference == nil, comment)
      (endings, refusals, releases, handedOn) = (
        endings + twins.endings, refusals + twins.refusals, releases + twins.releases, handedOn + twins.handedOn
      )
      await twins.ledger.close()
    }
    // Histories in which nothing happened would prove nothing.
    #expect(endings > 80 && refusals > 0 && releases > 0 && handedOn > 0, "STRATA_SEED=\(testSeed)")
  }
}

/// Two ledgers with the same tenants and prices.
private struct LedgerTwins {
  let ledger: Ledger
  let model: MemoryLedger
  private(set) var (endings, refusals, releases, handedOn) = (0, 0, 0, 0)
  /// What a job leaves behind.
  private let made: [ArtifactReference]
  private var random: SeededGenerator
  private var tenants: [TenantID] = []
  private var submitted: [JobSubmission] = []
  private var settled: [SettlementItem] = []
  private var token: UInt64 = 0

  init(seed: UInt64) async throws {
    random = SeededGenerator(seed: seed)
    made = [
      ArtifactReference(
        name: "made", digest: try #require(ArtifactDigest(bytes: [UInt8](repeating: 1, count: 32))), sizeBytes: 1)
    ]
    var limits = LedgerLimits()
    // So few that ends are told in steps.
    limits.dependenciesMax = Int.random(in: 2...12, using: &random)
    limits.batchMax = Int.random(in: 3...20, using: &random)
    limits.pageMax = 7
    let bench = try await LedgerBench(limits: limits)
    ledger = bench.ledger
    model = MemoryLedger(limits: limits)
    await model.publish(prices: LedgerBench.prices)
    await model.publish(rates: [LedgerBench.rate])
    for number in 0..<3 {
      let credits = Int64.random(in: 5...40, using: &random)
      let tenant = try await bench.tenant("tenant-\(number)", credits: credits)
      await model.open(tenant, limit: MicroCredits(micros: credits * 1_000_000))
      tenants.append(tenant)
    }
  }

  /// A job works on what another makes, while there are credits for both.
  ///
  /// - Returns: how they differ; nil where they do not.
  mutating func handOver() async throws -> String? {
    let source = Sample.submission(tenants[0], soldAs: LedgerBench.flat)
    var working = Sample.submission(tenants[0], soldAs: LedgerBench.flat, after: [source.job])
    working.awaited = AwaitedInputs(
      [.result(ResultReference(job: source.job, result: "made"))], count: 0...1, bytesMax: 1_000)
    submitted += [source, working]
    token += 1
    if let difference = try await admit([source, working]) { return difference }
    if let difference = try await settle([Sample.outcome(source.job, token: token, results: made)]) {
      return difference
    }
    return try await resolve()
  }

  /// Makes one call of both.
  ///
  /// - Returns: how they differ; nil where they do not.
  mutating func step() async throws -> String? {
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<4: return try await admit(newJobs())
    case 4: return try await admit(submitted.shuffled(using: &random).prefix(5).map(\.self))
    case 5..<8: return try await settle(newOutcomes(of: jobsThatRun()))
    case 8: return try await settle(settled.shuffled(using: &random).prefix(8).map(\.self))
    case 9: return try await resolve()
    case 10: return try await cancelAndCount()
    default: return try await read()
    }
  }

  // MARK: Calls

  private mutating func newJobs() -> [JobSubmission] {
    (0..<Int.random(in: 1...6, using: &random)).map { _ in
      let after = submitted.suffix(20).shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)).map(\.job)
      let policy = DependencyPolicy.allCases.randomElement(using: &random) ?? .fail
      var submission = Sample.submission(
        tenants.randomElement(using: &random) ?? TenantID(),
        soldAs: Bool.random(using: &random) ? LedgerBench.flat : LedgerBench.metered,
        key: Int.random(in: 0..<3, using: &random) == 0 ? "key-\(Int.random(in: 0..<30, using: &random))" : nil,
        fingerprint: [UInt8.random(in: 0...1, using: &random)],
        timeoutSeconds: Int64.random(in: 1...900, using: &random),
        after: Int.random(in: 0..<3, using: &random) == 0 ? after : [], policy)
      submission.runAt = Bool.random(using: &random) ? nil : submission.createdAt + .seconds(5)
      submission.order.unitsMax = Bool.random(using: &random) ? nil : Int64.random(in: 0...20_000_000, using: &random)
      if !submission.structure.after.isEmpty, Int.random(in: 0..<4, using: &random) > 0 {
        submission.order.inputs = Bool.random(using: &random) ? made : []
        var inputs = submission.order.inputs.map(JobInput.artifact)
        for source in submission.structure.after {
          let result = ["made", "made", "m*", "*", "m*e", "other"].randomElement(using: &random) ?? ""
          let place = Int.random(in: 0...inputs.count, using: &random)
          inputs.insert(.result(ResultReference(name: "\(place)", job: source, result: result)), at: place)
        }
        submission.awaited = AwaitedInputs(inputs, count: 0...3, bytesMax: 1_000)
      }
      submitted.append(submission)
      return submission
    }
  }

  /// The oldest that have not ended, so that jobs end, and the newest, ended or not; none that waits for others, for no attempt
  /// of such a one begins.
  private func jobsThatRun() async throws -> (oldest: [JobID], newest: [JobID]) {
    let newest = submitted.suffix(40).map(\.job)
    let states = try await model.states(of: newest)
    return (try await model.unfinished(after: nil, limit: 7).map(\.id), newest.filter { states[$0] != .blocked })
  }

  private mutating func newOutcomes(of jobs: (oldest: [JobID], newest: [JobID])) -> [SettlementItem] {
    (0..<Int.random(in: 1...8, using: &random)).map { _ in
      let isOld = Int.random(in: 0..<3, using: &random) > 0
      let known = (isOld ? jobs.oldest : jobs.newest).randomElement(using: &random)
      token += 1
      let endings = AttemptEnding.allCases + [.succeeded, .succeeded, .succeeded, .succeeded]
      let ending = endings.randomElement(using: &random) ?? .succeeded
      // Now and then one that no attempt had, or that was told before.
      let told = Int.random(in: 0..<8, using: &random) == 0 ? UInt64.random(in: 0...token, using: &random) : token
      let outcome = Sample.outcome(
        known ?? JobID(), token: told, ending, isFinal: Int.random(in: 0..<3, using: &random) > 0,
        cpuMicroseconds: Int64.random(in: -5...2_000_000_000, using: &random),
        units: Int64.random(in: -5...30_000_000, using: &random),
        results: Int.random(in: 0..<4, using: &random) > 0 ? made : [])
      settled.append(outcome)
      return outcome
    }
  }

  private mutating func admit(_ jobs: [JobSubmission]) async throws -> String? {
    let (real, modelled) = (try await ledger.admit(jobs), try await model.admit(jobs))
    refusals += real.count { $0.refusal != nil }
    return real == modelled ? nil : "admit: \(real) and of the model \(modelled)"
  }

  private mutating func settle(_ outcomes: [SettlementItem]) async throws -> String? {
    let (real, modelled) = (try await ledger.settle(outcomes), try await model.settle(outcomes) { _ in })
    endings += real.verdicts.count { $0.finishedJob != nil }
    if real.verdicts != modelled.verdicts { return "settle: \(real.verdicts) and of the model \(modelled.verdicts)" }
    return compare(real.consequences, modelled.consequences)
  }

  private mutating func resolve() async throws -> String? {
    let (real, modelled) = (try await ledger.resolve(), try await model.resolve { _ in })
    guard let real, let modelled else {
      return (real == nil) == (modelled == nil) ? nil : "resolve: something is left to tell of one only"
    }
    return compare(real, modelled)
  }

  /// But for the instants at which jobs ended by the way: those are the server's.
  private mutating func compare(_ real: Consequences, _ modelled: Consequences) -> String? {
    releases += real.released.count
    handedOn += real.released.count { !$0.order.inputs.isEmpty }
    let pairs = (real.released.sorted { $0.id < $1.id }, modelled.released.sorted { $0.id < $1.id })
    if pairs.0 != pairs.1 { return "released: \(pairs.0) and of the model \(pairs.1)" }
    let ends = [real, modelled].map { consequences in
      Set(consequences.ended.map { "\($0.job) \($0.state) \($0.error?.code ?? "")" })
    }
    if ends[0] != ends[1] { return "ended: \(ends[0]) and of the model \(ends[1])" }
    return real.isIncomplete == modelled.isIncomplete ? nil : "one has told all, the other has not"
  }

  private mutating func cancelAndCount() async throws -> String? {
    for job in submitted.shuffled(using: &random).prefix(2).map(\.job) {
      try await ledger.requestCancel(of: job)
      try await model.requestCancel(of: job)
      try await ledger.countUnreadable([job])
      try await model.countUnreadable([job])
    }
    let jobs = submitted.suffix(30).map(\.job)
    let real = try await ledger.unreadableRestores(of: jobs)
    return try await model.unreadableRestores(of: jobs) == real ? nil : "restores are counted otherwise"
  }

  private mutating func read() async throws -> String? {
    let jobs = submitted.map(\.job)
    if try await ledger.states(of: jobs) != model.states(of: jobs) { return "states" }
    let cursor = Bool.random(using: &random) ? nil : jobs.randomElement(using: &random)
    if try await ledger.unfinished(after: cursor, limit: 5) != model.unfinished(after: cursor, limit: 5) {
      return "unfinished after \(cursor.map(\.description) ?? "nothing")"
    }
    if try await ledger.cancelling(after: cursor, limit: 9) != model.cancelling(after: cursor, limit: 9) {
      return "cancelling"
    }
    if let first = jobs.min(), let last = jobs.randomElement(using: &random) {
      let real = try await ledger.unfinished(after: first, before: last, limit: 50)
      if try await model.unfinished(after: first, before: last, limit: 50) != real { return "unfinished between" }
    }
    return try await ledger.nextGeneration() == model.nextGeneration() ? nil : "the next generation"
  }

  // MARK: Books

  /// How what is stored differs, and whether either ledger finds its own books wrong.
  func differenceOfBooks() async throws -> String? {
    let report = try await ledger.verify()
    guard report.isSound else { return "the ledger is not sound: \(report.violations)" }
    let breaches = await model.breaches()
    guard breaches.isEmpty else { return "the model is not sound: \(breaches)" }
    for tenant in tenants {
      guard try await ledger.balance(of: tenant) == model.balance(of: tenant) else { return "balance of \(tenant)" }
    }
    let records = await model.records
    guard report.jobs == records.count, report.openHolds == records.count(where: { !$0.state.isFinal }) else {
      return "so many jobs or holds"
    }
    let stored = try await ledger.jobs(records.map(\.job))
    for record in records {
      guard let job = stored[record.job], job.state == record.state, job.charged == record.charged,
        job.cost == record.cost, job.error?.code == record.errorCode
      else { return "job \(record)" }
      let attempts = try await ledger.attempts(of: record.job).map {
        MemoryLedger.Attempt(token: $0.token, worker: $0.worker, ending: $0.ending, cost: $0.cost)
      }
      guard Set(attempts) == Set(record.attempts) else { return "attempts of \(record.job)" }
    }
    return nil
  }
}
