import StrataCore
import StrataLedger
import Synchronization
import TestSupport
import Testing

/// Random concurrent histories of two controllers and several tenants, then the books are read from end to end.
@Suite struct HistoryTests {
  @Test func randomHistoriesKeepTheBooks() async throws {
    let seed = testSeed
    let bench = try await LedgerBench()
    let history = try await History(bench, seed: seed, tenants: 3, creditsEach: 12)
    try await history.run(actors: 6, steps: 30)
    try await history.finish()
    await history.check("seed \(seed): replay with STRATA_SEED=\(seed)")
  }

  @Test func aServerThatCrashesInTheMiddleLosesAndRepeatsNothing() async throws {
    let seed = testSeed
    // The server's processes are killed, not the machine: what was committed is with the kernel, flushed or not, and
    // recovery without flushing takes a tenth of the time.
    let fixture = try PostgreSQLFixture()
    defer { fixture.stop() }
    let bench = try await LedgerBench(fixture: fixture)
    let history = try await History(bench, seed: seed, tenants: 2, creditsEach: 40)
    let work = Task { try await history.run(actors: 4, steps: 40) }
    for threshold in [20, 60, 100] {
      await history.waitForSteps(threshold)
      try fixture.crashAndRestart()
    }
    try await work.value
    try await history.finish()
    await history.check("seed \(seed): replay with STRATA_SEED=\(seed)")
  }
}

/// What the actors of a history know of the jobs, and what they were told.
private actor History {
  private let bench: LedgerBench
  private let controllers: [Ledger]
  private let seed: UInt64
  private var tenants: [TenantID] = []
  private var open: [JobID] = []
  private var acknowledged: Set<JobID> = []
  private var finished: [JobID: FinishedJob] = [:]
  private var finishedTwice: [JobID] = []
  private var settled: [SettlementItem] = []
  private var admitted: [JobSubmission] = []
  private var breaches: [String] = []
  private var token: UInt64 = 0
  private var steps = 0
  private var waiters: [(threshold: Int, continuation: CheckedContinuation<Void, Never>)] = []

  init(_ bench: LedgerBench, seed: UInt64, tenants count: Int, creditsEach: Int64) async throws {
    self.bench = bench
    self.seed = seed
    controllers = [bench.ledger, try bench.another()]
    for number in 0..<count { tenants.append(try await bench.tenant("tenant-\(number)", credits: creditsEach)) }
  }

  // MARK: Acting

  func run(actors: Int, steps: Int) async throws {
    try await withThrowingTaskGroup { group in
      for actor in 0..<actors {
        group.addTask { try await self.act(SeededGenerator(seed: self.seed &+ UInt64(actor)), steps: steps) }
      }
      try await group.waitForAll()
    }
  }

  private func act(_ generator: SeededGenerator, steps: Int) async throws {
    var random = generator
    for _ in 0..<steps {
      let ledger = controllers[Int.random(in: 0..<controllers.count, using: &random)]
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<4: try await admit(ledger, newBatch(&random))
      case 4: try await admit(ledger, Array(admitted.suffix(Int.random(in: 1...20, using: &random))))
      case 5..<8: try await settle(ledger, newOutcomes(&random))
      case 8: try await settle(ledger, settled.suffix(Int.random(in: 1...40, using: &random)).reversed())
      default: try await observe(ledger)
      }
      stepped()
    }
  }

  private func newBatch(_ random: inout SeededGenerator) -> [JobSubmission] {
    (0..<Int.random(in: 1...12, using: &random)).map { _ in
      Sample.submission(
        tenants.randomElement(using: &random)!,
        soldAs: Bool.random(using: &random) ? LedgerBench.flat : LedgerBench.metered,
        key: Int.random(in: 0..<3, using: &random) == 0 ? "key-\(Int.random(in: 0..<40, using: &random))" : nil,
        timeoutSeconds: Int64.random(in: 1...900, using: &random))
    }
  }

  private func newOutcomes(_ random: inout SeededGenerator) -> [SettlementItem] {
    open.shuffled(using: &random).prefix(Int.random(in: 1...15, using: &random)).map { job in
      token += 1
      let isFinal = Int.random(in: 0..<3, using: &random) > 0
      let endings: [AttemptEnding] =
        isFinal ? [.succeeded, .succeeded, .failed, .cancelled] : [.failed, .expired, .released]
      return Sample.outcome(
        job, token: token, endings.randomElement(using: &random)!, isFinal: isFinal,
        cpuMicroseconds: Int64.random(in: 0...2_000_000_000, using: &random))
    }
  }

  private func admit(_ ledger: Ledger, _ batch: [JobSubmission]) async throws {
    admitted += batch
    for verdict in try await ledger.admit(batch) {
      guard let job = verdict.acceptedJob ?? verdict.existingJob else { continue }
      if acknowledged.insert(job.job).inserted { open.append(job.job) }
    }
  }

  private func settle(_ ledger: Ledger, _ batch: [SettlementItem]) async throws {
    settled += batch
    for verdict in try await ledger.settled(batch) {
      if case .refused(let why) = verdict { breaches.append(why) }
      guard let job = verdict.finishedJob else { continue }
      if finished.updateValue(job, forKey: job.job) != nil { finishedTwice.append(job.job) }
      open.removeAll { $0 == job.job }
    }
  }

  private func observe(_ ledger: Ledger) async throws {
    for tenant in tenants {
      let balance = try await ledger.balance(of: tenant)
      if balance.available < .zero || balance.held < .zero { breaches.append("\(tenant): \(balance)") }
    }
    let report = try await ledger.verify()
    breaches += report.violations.map { "\($0)" }
  }

  // MARK: Waiting

  private func stepped() {
    steps += 1
    for waiter in waiters where waiter.threshold <= steps { waiter.continuation.resume() }
    waiters.removeAll { $0.threshold <= steps }
  }

  func waitForSteps(_ threshold: Int) async {
    await withCheckedContinuation { continuation in
      if steps < threshold { waiters.append((threshold, continuation)) } else { continuation.resume() }
    }
  }

  // MARK: Checking

  /// Ends every job left, so that no hold may be open afterwards.
  func finish() async throws {
    let rest = open.map { job in
      token += 1
      return Sample.outcome(job, token: token)
    }
    try await settle(controllers[0], rest)
    try await settle(controllers[1], settled.shuffled())
  }

  func check(_ comment: Comment) async {
    do {
      let report = try await bench.ledger.verify()
      #expect(report.violations == [], comment)
      #expect(report.isSound, comment)
      #expect(report.openHolds == 0, comment)
      #expect(report.jobs == acknowledged.count, comment)
      #expect(breaches == [], comment)
      try await checkEachJob(comment)
    } catch {
      Issue.record(error, comment)
    }
    for controller in controllers { await controller.close() }
  }

  /// What was acknowledged is there; what is charged is the sum of what was said to be charged. A finish whose answer
  /// was lost with its connection is told as already settled, so `finished` may lack some, but holds none twice.
  private func checkEachJob(_ comment: Comment) async throws {
    let states = try await bench.ledger.states(of: Array(acknowledged))
    #expect(states.count == acknowledged.count, comment)
    #expect(!states.values.contains { !$0.isFinal }, comment)
    #expect(finishedTwice == [], comment)
    for tenant in tenants {
      let jobs = try await bench.ledger.jobs(JobFilter(tenant: tenant), limit: 1_000)
      for job in jobs { if let said = finished[job.id] { #expect(job.charged == said.charged, comment) } }
      let total = jobs.reduce(MicroCredits.zero) { $0 + ($1.charged ?? .zero) }
      #expect(try await bench.ledger.balance(of: tenant).posted == total, comment)
    }
  }
}
