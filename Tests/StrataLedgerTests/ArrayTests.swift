import StrataCore
import StrataLedger
import TestSupport
import Testing

/// Arrays in the ledger: stored as one, made bit by bit, never twice.
@Suite struct ArrayTests {
  @Test func aMillionTasksAreTwoRowsAndEachIsKnown() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let id = try await ArrayBench.submit(bench.ledger, tenant, "0-999999")
    let rows = try bench.sql(
      "SELECT (SELECT count(*) FROM job) || ' ' || (SELECT count(*) FROM job_array) || ' ' || count(*) FROM batch")
    #expect(rows == "0 1 1")
    let array = try #require(try await bench.ledger.array(id, tenant: tenant))
    #expect(array.indexes.count == 1_000_000 && array.pending == 1_000_000 && array.made == 0)
    #expect(array.finishedAt == nil && array.holdEach == MicroCredits(micros: 1_000_000))
    let step = try await ArrayBench.make(bench.ledger, array, 10)
    #expect(step.made.map(\.job) == (0..<10).map(id.task) && step.refusal == nil)
    let last = try #require(try await bench.ledger.job(id.task(at: 9), tenant: tenant))
    #expect(last.order.task == ArrayTask(array: id, index: 9, span: array.span))
    #expect(try await bench.ledger.unfinished(limit: 100).map(\.order.task?.index) == Array(0..<10))
    #expect(try await bench.ledger.array(id, tenant: TenantID()) == nil)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func tasksAreMadeOnceWhoeverMakesThem() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 1_000)
    let id = try await ArrayBench.submit(bench.ledger, tenant, "0-199")
    let controllers = [bench.ledger, try bench.another()]
    let read = try #require(try await bench.ledger.array(id, tenant: tenant))
    // Everybody has read the same.
    let steps = try await withThrowingTaskGroup(of: ArrayStep.self) { group in
      for place in 0..<8 { group.addTask { try await ArrayBench.make(controllers[place % 2], read, 50) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(steps.count { !$0.isStale } == 1)
    // Whoever comes second is told what is there, and brings it into the queue where the first one fell.
    #expect(steps.allSatisfy { $0.made.map(\.job) == (0..<50).map(id.task) })
    let now = try #require(try await bench.ledger.array(id, tenant: tenant))
    #expect(now.made == 50 && now.next == 50 && now.pending == 150)
    #expect(try await bench.ledger.verify().isSound)
    await controllers[1].close()
  }

  @Test func creditsBoundHowManyAreMade() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 3)
    let id = try await ArrayBench.submit(bench.ledger, tenant, "0-9")
    func due() async throws -> [StoredArray] {
      try await bench.ledger.dueArrays(limit: 9)
    }
    let step = try await ArrayBench.make(bench.ledger, try await due()[0], 10)
    #expect(step.made.count == 3)
    guard case .budget? = step.refusal else { throw StrataError(.internalError, "\(step)") }
    let held = try #require(try await bench.ledger.array(id, tenant: tenant))
    #expect(held.obstacle?.code == "budget_exceeded" && held.next == 3 && held.pending == 7)
    // Nobody is asked to make any until there are credits for one.
    #expect(try await due().isEmpty)
    _ = try await bench.ledger.settled([Sample.outcome(id.task(at: 0), .failed)])
    #expect(try await ArrayBench.make(bench.ledger, try await due()[0], 10).made.map(\.job) == [id.task(at: 3)])
    _ = try await bench.ledger.grant(MicroCredits(micros: 50_000_000), to: tenant)
    #expect(try await ArrayBench.make(bench.ledger, try await due()[0], 10).made.count == 6)
    #expect(try await bench.ledger.array(id, tenant: tenant)?.obstacle == nil)
    #expect(try await due().isEmpty)
    #expect(try await bench.ledger.arePendingArrays() == false)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func aTenantThatCannotPayForOneTaskIsRefused() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 0)
    let verdict = try await bench.ledger.submit(try ArrayBench.submission(tenant, "0-9"), pendingMax: 10)
    guard case .refused(.budget) = verdict else { throw StrataError(.internalError, "\(verdict)") }
    let rich = try await bench.tenant("rich")
    _ = try await ArrayBench.submit(bench.ledger, rich, "0-9")
    #expect(try await bench.ledger.submit(try ArrayBench.submission(rich, "0-9"), pendingMax: 1) == .tooMany)
    #expect(try bench.sql("SELECT count(*) FROM batch") == "1")
  }

  @Test func aKeyIsThatOfOneArrayOrOfOneJob() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let first = try ArrayBench.submission(tenant, "0-9", key: "k")
    #expect(try await bench.ledger.submit(first, pendingMax: 10) == .accepted(first.id, holdEach: ArrayBench.price))
    // The same call, whose answer got lost, and another of the same request.
    #expect(try await bench.ledger.submit(first, pendingMax: 10) == .accepted(first.id, holdEach: ArrayBench.price))
    let again = try ArrayBench.submission(tenant, "0-9", key: "k")
    #expect(try await bench.ledger.submit(again, pendingMax: 10) == .existing(first.id))
    var other = try ArrayBench.submission(tenant, "0-8", key: "k")
    other.task.fingerprint = [2]
    #expect(try await bench.ledger.submit(other, pendingMax: 10) == .refused(.conflict(first.id.asJob)))
    let job = Sample.submission(tenant, key: "k", fingerprint: [3])
    #expect(try await bench.ledger.admit([job])[0].refusal == .conflict(first.id.asJob))
    let single = Sample.submission(tenant, key: "j")
    _ = try await bench.ledger.admit([single])
    var taken = try ArrayBench.submission(tenant, "0-9", key: "j")
    taken.task.fingerprint = [9]
    #expect(try await bench.ledger.submit(taken, pendingMax: 10) == .refused(.conflict(single.job)))
    // Nobody joins the batch of an array.
    let stranger = try await bench.ledger.admit([Sample.submission(tenant, batch: first.id.batch)])
    #expect(stranger[0].refusal == .closedBatch(first.id.batch))
  }

  @Test func whatIsNotMadeIsCancelledForGood() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let id = try await ArrayBench.submit(bench.ledger, tenant, "10-19")
    _ = try await ArrayBench.make(bench.ledger, try #require(try await bench.ledger.array(id, tenant: tenant)), 2)
    let some = try #require(PositionSet("1-3,8-9"))
    let partly = try #require(try await bench.ledger.cancel(some, of: id, tenant: tenant))
    #expect(partly.jobs == [id.task(at: 1)] && partly.finished == nil)
    #expect(partly.array.dropped.description == "2-3,8-9" && partly.array.next == 4 && partly.array.pending == 4)
    let again = try #require(try await bench.ledger.cancel(some, of: id, tenant: tenant))
    #expect(again.array.dropped == partly.array.dropped)
    let step = try await ArrayBench.make(bench.ledger, again.array, 2)
    #expect(step.made.map(\.job) == [id.task(at: 4), id.task(at: 5)])
    _ = try await bench.ledger.settled([Sample.outcome(id.task(at: 0))])
    let whole = try #require(try await bench.ledger.cancel(nil, of: id, tenant: tenant))
    #expect(whole.jobs == [1, 4, 5].map(id.task) && whole.array.pending == 0 && whole.array.dropped.count == 6)
    let ends = try await bench.ledger.settle(whole.jobs.map { Sample.outcome($0, token: 0, .cancelled) })
    #expect(ends.consequences.finishedBatches.map(\.id) == [id.batch])
    let done = try #require(try await bench.ledger.array(id, tenant: tenant))
    #expect(done.finishedAt != nil && (done.succeeded, done.cancelled, done.failed) == (1, 3, 0))
    #expect(try await bench.ledger.cancel(nil, of: id, tenant: TenantID()) == nil)
    #expect(try await bench.ledger.verify().isSound)
    // Of one that has nothing made the cancellation is the end.
    let idle = try await ArrayBench.submit(bench.ledger, tenant, "0-999999")
    let end = try #require(try await bench.ledger.cancel(nil, of: idle, tenant: tenant))
    #expect(end.finished?.id == idle.batch && end.array.finishedAt != nil && end.array.dropped.count == 1_000_000)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test(arguments: [AttemptEnding.succeeded, .failed]) func aJobRunsAfterAnArray(ending: AttemptEnding) async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let id = try await ArrayBench.submit(bench.ledger, tenant, "0-1")
    let waiting = [DependencyPolicy.fail, .run].map { Sample.submission(tenant, after: [id.asJob], $0) }
    #expect(try await bench.ledger.admit(waiting).allSatisfy { $0.acceptedJob?.state == .blocked })
    _ = try await ArrayBench.make(bench.ledger, try #require(try await bench.ledger.array(id, tenant: tenant)), 2)
    let first = try await bench.ledger.settle([Sample.outcome(id.task(at: 0))])
    #expect(!first.consequences.isIncomplete)
    #expect(try await bench.ledger.states(of: [id.asJob]) == [id.asJob: .queued])
    let last = try await bench.ledger.settle([Sample.outcome(id.task(at: 1), ending)])
    #expect(last.consequences.finishedBatches.map(\.id) == [id.batch] && last.consequences.isIncomplete)
    let told = try #require(try await bench.ledger.resolve())
    let isGood = ending == .succeeded
    #expect(told.released.map(\.id).sorted() == (isGood ? waiting : [waiting[1]]).map(\.job).sorted())
    #expect(told.ended.map(\.job) == (isGood ? [] : [waiting[0].job]))
    #expect(try await bench.ledger.verify().isSound)
    // One that has ended already is no reason to wait, or is told at once.
    let late = try await bench.ledger.admit([Sample.submission(tenant, after: [id.asJob])])[0].acceptedJob
    #expect(late?.state == (isGood ? .queued : .blocked))
    while try await bench.ledger.resolve() != nil {}
    #expect(try await bench.ledger.verify().isSound)
    let foreign = try await bench.tenant("other")
    let stranger = try await bench.ledger.admit([Sample.submission(foreign, after: [id.asJob])])
    #expect(stranger[0].refusal == .unknownDependency(id.asJob))
    // The end of one that is cancelled before any of its tasks is made is told too.
    let idle = try await ArrayBench.submit(bench.ledger, tenant, "0-9")
    _ = try await bench.ledger.admit([Sample.submission(tenant, after: [idle.asJob], .run)])
    _ = try await bench.ledger.cancel(nil, of: idle, tenant: tenant)
    #expect(try await bench.ledger.resolve()?.released.count == 1)
    while try await bench.ledger.resolve() != nil {}
    #expect(try await bench.ledger.verify().isSound)
  }

  /// Two controllers make, end, cancel and forget at random; in the end each task has ended once or was never made.
  @Test func randomHistoriesOfAWindowLoseAndRepeatNoTask() async throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    for _ in 0..<6 {
      let history = try await WindowHistory(&random)
      for _ in 0..<60 { try await history.step(&random) }
      try await history.finish()
      await history.check("seed \(seed): replay with STRATA_SEED=\(seed)")
    }
  }
}

/// What arrays need in tests of the ledger.
enum ArrayBench {
  static let price = MicroCredits(micros: 1_000_000)

  static func submission(_ tenant: TenantID, _ text: String, key: String? = nil) throws -> ArraySubmission {
    let (id, indexes) = (ArrayID.new(), try TaskIndexes(text: text))
    return ArraySubmission(
      id: id, task: Sample.submission(tenant, job: id.asJob, key: key), draftJSON: "{}", indexes: indexes,
      runningMax: nil, span: TaskSpan(indexes))
  }

  static func submit(_ ledger: Ledger, _ tenant: TenantID, _ text: String) async throws -> ArrayID {
    let submission = try submission(tenant, text)
    let verdict = try await ledger.submit(submission, pendingMax: 1_000)
    #expect(verdict == .accepted(submission.id, holdEach: price))
    return submission.id
  }

  static func making(_ array: StoredArray, _ count: Int, refillAt: Int) -> ArrayMaking {
    var (tasks, position): ([(position: Int, submission: JobSubmission)], Int) = ([], array.next)
    while tasks.count < count, position < array.indexes.count {
      var one = Sample.submission(
        array.tenant, job: array.id.task(at: position), batch: array.id.batch)
      let order = one.order
      one.order = WorkOrder(
        job: order.job, tenant: order.tenant, capability: order.capability, version: order.version,
        parametersJSON: order.parametersJSON, inputs: [], timeoutSeconds: order.timeoutSeconds,
        resources: order.resources,
        task: ArrayTask(array: array.id, index: array.indexes[position], span: array.span))
      tasks.append((position, one))
      position = array.dropped.gap(from: position + 1)
    }
    return ArrayMaking(array, tasks: tasks, refillAt: refillAt, lookAt: .now + .seconds(5))
  }

  static func make(
    _ ledger: Ledger, _ array: StoredArray, _ count: Int, refillAt: Int = 75
  ) async throws -> ArrayStep {
    try await ledger.make(making(array, count, refillAt: refillAt))
  }
}

/// One array under random hands.
private final class WindowHistory {
  private let bench: LedgerBench
  private let controllers: [Ledger]
  private let tenant: TenantID
  private let id: ArrayID
  private let count: Int
  private let window: Int
  /// As some controller has read it, perhaps long ago.
  private var stale: StoredArray?
  private var ended: [JobID: SettlementItem] = [:]
  private var token: UInt64 = 0

  init(_ random: inout SeededGenerator) async throws {
    bench = try await LedgerBench()
    controllers = [bench.ledger, try bench.another()]
    count = Int.random(in: 1...60, using: &random)
    window = Int.random(in: 1...12, using: &random)
    tenant = try await bench.tenant(credits: Int64.random(in: 1...40, using: &random))
    id = try await ArrayBench.submit(bench.ledger, tenant, "0-\(count - 1)")
  }

  private var array: StoredArray {
    get async throws { try #require(try await bench.ledger.array(id, tenant: tenant)) }
  }

  func step(_ random: inout SeededGenerator) async throws {
    let ledger = controllers[Int.random(in: 0..<2, using: &random)]
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<5:
      let now = try await array
      let room = window - now.unfinished
      if room > 0 { try await make(ledger, now, Int.random(in: 1...room, using: &random)) }
    case 5:
      // One that woke late, or whose answer got lost.
      if let stale, window > stale.unfinished {
        try await make(ledger, stale, Int.random(in: 1...(window - stale.unfinished), using: &random))
      }
    case 6: stale = try await array
    case 7..<10: try await end(ledger, Int.random(in: 1...6, using: &random), &random)
    case 10: try await cancel(ledger, &random)
    default: _ = try await bench.ledger.grant(MicroCredits(micros: 3_000_000), to: tenant)
    }
    let now = try await array
    #expect(now.unfinished <= window && now.made + now.dropped.count + now.pending == count)
    // Whoever ends tasks sees to it: nobody looks at one that is full.
    #expect(now.standing != .full || now.unfinished > window / 2)
    let isDue = try await !bench.ledger.dueArrays(limit: 10).isEmpty
    let isSolvent = try await bench.ledger.balance(of: tenant).available >= ArrayBench.price
    #expect(isDue == (now.pending > 0 && (now.standing == .ready || now.standing == .poor && isSolvent)))
  }

  private func make(_ ledger: Ledger, _ array: StoredArray, _ count: Int) async throws {
    guard array.pending > 0 else { return }
    _ = try await ArrayBench.make(ledger, array, count, refillAt: window / 2)
  }

  private func end(_ ledger: Ledger, _ count: Int, _ random: inout SeededGenerator) async throws {
    let open = try await ledger.unfinishedTasks(of: id)
    for job in open.shuffled(using: &random).prefix(count) {
      token += 1
      let endings: [AttemptEnding] = [.succeeded, .succeeded, .failed, .cancelled]
      ended[job] = Sample.outcome(job, token: token, endings.randomElement(using: &random)!)
    }
    // What was told before is told again.
    _ = try await ledger.settled(Array(ended.values.shuffled(using: &random).prefix(20)))
  }

  private func cancel(_ ledger: Ledger, _ random: inout SeededGenerator) async throws {
    var some = PositionSet()
    let first = Int.random(in: 0..<count, using: &random)
    some.append(first..<min(count, first + Int.random(in: 1...5, using: &random)))
    _ = try await ledger.cancel(some, of: id, tenant: tenant)
  }

  func finish() async throws {
    _ = try await bench.ledger.grant(MicroCredits(micros: 100_000_000), to: tenant)
    while case let now = try await array, now.finishedAt == nil {
      if now.pending > 0 { try await make(bench.ledger, now, window) }
      let open = try await bench.ledger.unfinishedTasks(of: id)
      _ = try await bench.ledger.settled(open.map { ended[$0] ?? Sample.outcome($0) })
    }
  }

  func check(_ comment: Comment) async {
    let (now, report) = (try? await array, try? await bench.ledger.verify())
    #expect(now?.pending == 0 && now?.unfinished == 0, comment)
    #expect(report?.isSound == true, comment)
    let jobs = (try? await bench.ledger.jobs(JobFilter(tenant: tenant, batch: id.batch), limit: 1_000)) ?? []
    let made = Set(jobs.compactMap { id.position(of: $0.id) })
    #expect(made.count == now?.made && jobs.allSatisfy(\.state.isFinal), comment)
    // Each is made or dropped, and none is both.
    for position in 0..<count { #expect(made.contains(position) != now?.dropped.contains(position), comment) }
    await controllers[1].close()
  }
}
