import Foundation
import StrataCore
import StrataQueue
import StrataScheduling
import TestSupport
import Testing

/// Runs the same random calls, under the same clock, on the model and on Redis, and compares every answer.
@Suite struct RandomHistoryTests {
  /// The calls of one history: the next has other odds, tenants, lanes and limits.
  static let callsOfOne = 3_000

  /// `STRATA_QUEUE_OPERATIONS` calls (3,000 by default) in histories of 3,000, the first from the seed `STRATA_SEED` (a new
  /// one by default), each other from the next.
  @Test func bothQueuesAnswerAlike() async throws {
    let first = testSeed
    var left = ProcessInfo.processInfo.environment["STRATA_QUEUE_OPERATIONS"].flatMap { Int($0) } ?? Self.callsOfOne
    var seed = first
    while left > 0 {
      let calls = min(left, Self.callsOfOne)
      guard try await answerAlike(seed: seed, calls: calls) else { break }
      left -= calls
      seed &+= 1
    }
    if seed - first > 1 { print("\(seed - first) histories, seeds \(first) to \(seed - 1)") }
  }

  private func answerAlike(seed: UInt64, calls: Int) async throws -> Bool {
    let clock = HeldClock()
    let limits = QueueLimits.ofHistories
    var hasDiverged = false
    try await withQueue(.memory, clock: clock, limits: limits) { model in
      try await withQueue(.redis, clock: clock, limits: limits) { redis in
        var history = RandomHistory(seed: seed, clock: clock, model: model, redis: redis)
        for queue: any JobQueue in [model, redis] { try await queue.tune(history.policy) }
        for number in 0..<calls where !history.hasDiverged {
          try await history.step(number)
        }
        try await history.compareAtTheEnd()
        hasDiverged = history.hasDiverged
        #expect(!hasDiverged, "replay with STRATA_SEED=\(seed) STRATA_QUEUE_OPERATIONS=\(calls)")
      }
    }
    return !hasDiverged
  }
}

extension QueueLimits {
  /// Fewer lanes than some histories have, so that they come and go.
  fileprivate static var ofHistories: Self {
    var limits = QueueLimits()
    limits.liveLogRetention = .seconds(100_000_000)
    limits.liveLogBytesMax = 200
    limits.lanesMax = 12
    return limits
  }
}

/// A walk through the protocol. Which operations are likely differs from seed to seed, so that some runs drown in
/// cancellations and others hardly see one.
struct RandomHistory {
  enum Operation: CaseIterable {
    case enqueue, promote, govern, lease, heartbeat, progress, complete, fail, release, cancel, preempt, reserve, expire
    case status, signals, outcomes, acknowledge, events, forget, reprioritise, advance, rewind, dead, leave
  }

  private var random: SeededGenerator
  private let odds: [Operation: Int]
  private let clock: HeldClock
  private let model: any JobQueue
  private let redis: any JobQueue
  private let workers: [WorkerID]
  private let tiers = ["cpu", "gpu", "gpu-high"].compactMap(TierName.init(rawValue:))
  private let lanes: [Lane]
  private let tenants: [TenantID]
  private var jobs: [JobID] = []
  private var leases: [(worker: WorkerID, reference: LeaseReference)] = []
  private var outcomes: [OutcomePosition] = []
  private var lastEvent = OutcomePosition(milliseconds: 0, sequence: 0)
  private(set) var hasDiverged = false
  /// Whether waiting counts, and how long who waits for room or for higher classes is passed over.
  let policy: QueuePolicy

  init(seed: UInt64, clock: HeldClock, model: any JobQueue, redis: any JobQueue) {
    var random = SeededGenerator(seed: seed)
    odds = Dictionary(uniqueKeysWithValues: Operation.allCases.map { ($0, [1, 4, 16].randomElement(using: &random)!) })
    workers = (0..<5).map { _ in WorkerID(now: clock.now, using: &random) }
    tenants = (0..<[1, 3, 12].randomElement(using: &random)!).map { _ in TenantID(now: clock.now, using: &random) }
    let count = [1, 4, 12].randomElement(using: &random)!
    lanes = (0..<count).map { [tiers] _ in
      .sample(
        tiers.randomElement(using: &random)!, class: [2, 4].randomElement(using: &random)!,
        capability: ["noop", "command.run"].randomElement(using: &random)!,
        cpu: [0, 500, 1_000, 4_000].randomElement(using: &random)!,
        memory: [0, 1 << 30, 20 << 30].randomElement(using: &random)!,
        gpu: [0, 0, 250, 2_000].randomElement(using: &random)!,
        alternatives: (0..<[0, 0, 1, 3].randomElement(using: &random)!).map { _ in
          Placement(
            tier: tiers.randomElement(using: &random)!,
            resources: ResourceRequest(
              cpuMillicores: [0, 1_000, 4_000].randomElement(using: &random)!, memoryBytes: 1 << 30,
              gpuThousandths: [0, 1_000].randomElement(using: &random)!))
        })
    }
    var policy = QueuePolicy()
    policy.keepRoomAfter = [nil, .microseconds(1), .seconds(20)].randomElement(using: &random)!
    policy.keepRoomFor = .seconds(15)
    policy.priorityAgeing = [nil, .milliseconds(500)].randomElement(using: &random)!
    policy.classPatience = [nil, .seconds(10)].randomElement(using: &random)!
    self.policy = policy
    (self.clock, self.model, self.redis, self.random) = (clock, model, redis, random)
  }

  mutating func step(_ number: Int) async throws {
    var place = Int.random(in: 0..<odds.values.reduce(0, +), using: &random)
    for operation in Operation.allCases {
      place -= odds[operation]!
      if place < 0 { return try await perform(operation, number) }
    }
  }

  /// Asks both and compares.
  private mutating func both<Answer: Equatable>(
    _ number: Int, _ what: String, _ ask: (any JobQueue) async throws -> Answer
  ) async throws -> Answer {
    let expected = try await ask(model)
    let answer = try await ask(redis)
    if expected != answer { hasDiverged = true }
    #expect(expected == answer, "call \(number), \(what)")
    return expected
  }

  private mutating func perform(_ operation: Operation, _ number: Int) async throws {
    switch operation {
    case .enqueue: try await enqueue(number)
    case .promote: try await promote(number)
    case .govern: try await govern(number)
    case .lease: try await lease(number)
    case .heartbeat: try await heartbeat(number)
    case .progress: try await progress(number)
    case .complete, .fail, .release: try await end(operation, number)
    case .cancel, .status, .forget, .reprioritise: try await name(operation, number)
    case .preempt: try await preempt(number)
    case .reserve:
      let (lane, worker) = (lanes.randomElement(using: &random)!, workers.randomElement(using: &random)!)
      let duration = Duration.microseconds(Int64.random(in: 0...40_000_000, using: &random))
      _ = try await both(number, "reserve") { try await $0.reserve(lane, on: worker, for: duration) }
    case .dead:
      let dead = [workers.randomElement(using: &random)!, workers.randomElement(using: &random)!, WorkerID()]
      _ = try await both(number, "dead") { try await $0.noteDead(dead) }
    case .leave:
      let worker = workers.randomElement(using: &random)!
      _ = try await both(number, "leave") { try await $0.leave(worker) }
    case .rewind:
      // The clock itself only goes on: how full a bucket is that was looked at before it was set back, the model remembers
      // and Redis does not.
      let duration = Duration.microseconds(Int64.random(in: 0...40_000_000, using: &random))
      let late = Duration.microseconds(Int64.random(in: 0...40_000_000, using: &random))
      _ = try await both(number, "rewind") { try await $0.rewind(by: duration, within: late) }
    case .outcomes, .acknowledge, .events: try await read(operation, number)
    case .expire:
      // Which leases a smaller limit would leave is not promised.
      _ = try await both(number, "expire") { try await $0.expire(limit: 500) }
    case .signals:
      let worker = workers.randomElement(using: &random)!
      _ = try await both(number, "signals") { try await $0.signals(for: worker, waitingUpTo: .zero) }
    case .advance: clock.advance(.microseconds(Int64.random(in: 1...20_000_000, using: &random)))
    }
  }

  private mutating func enqueue(_ number: Int) async throws {
    let added = (0..<Int.random(in: 1...9, using: &random)).map { _ in newJob() }
    jobs += added.map(\.id)
    let again = added + added.prefix(1)
    _ = try await both(number, "enqueue") { queue -> [EnqueueVerdict]? in
      do { return try await queue.enqueue(again) } catch QueueError.tooManyLanes { return nil }
    }
  }

  private mutating func newJob() -> QueuedJob {
    let isDelayed = Int.random(in: 0..<8, using: &random) == 0
    let (hasEnd, isPreemptible) = (Int.random(in: 0..<8, using: &random) == 0, Bool.random(using: &random))
    return QueuedJob(
      id: JobID(now: clock.now, using: &random), tenant: tenants.randomElement(using: &random)!,
      lane: lanes.randomElement(using: &random)!,
      priority: JobPriority(rawValue: [0, 50, 100].randomElement(using: &random)!)!,
      attemptsMax: .random(in: 1...6, using: &random), workersLost: .random(in: 0...1, using: &random),
      notBefore: isDelayed ? clock.now + .microseconds(Int64.random(in: -5...30_000_000, using: &random)) : nil,
      startBy: hasEnd ? clock.now + .microseconds(Int64.random(in: -5...60_000_000, using: &random)) : nil,
      isPreemptible: isPreemptible, payload: bytes(upTo: 200))
  }

  private mutating func preempt(_ number: Int) async throws {
    var preemptions: [Preemption] = []
    for lease in someLeases() {
      let preemptor = PriorityClass(rawValue: [2, 4, 9].randomElement(using: &random)!)!
      preemptions.append(Preemption(lease: lease, preemptor: preemptor))
    }
    let fixed = preemptions
    _ = try await both(number, "preempt") { try await $0.preempt(fixed) }
  }

  private mutating func promote(_ number: Int) async throws {
    _ = try await both(number, "the due signal") { try await $0.dueSignal(waitingUpTo: .zero) }
    let limit = Int.random(in: 0...5, using: &random)
    _ = try await both(number, "promote") { try await $0.promote(limit: limit) }
  }

  private mutating func govern(_ number: Int) async throws {
    let gate: Gate =
      switch Int.random(in: 0..<4, using: &random) {
      case 0: .tier(tiers.randomElement(using: &random)!)
      case 1: .capability(lanes.randomElement(using: &random)!.capability)
      default: .tenant(tenants.randomElement(using: &random)!)
      }
    let policy = GatePolicy(
      runningMax: [nil, nil, 0, 1, 2, 5].randomElement(using: &random)!,
      weight: [1, 50, 100, 700].randomElement(using: &random)!,
      rate: try [
        nil, nil, RateLimit(1, per: .seconds(7)), RateLimit(3, per: .seconds(1), burst: 2),
        RateLimit(900, per: .seconds(60), burst: 4),
      ].randomElement(using: &random)!)
    for queue in [model, redis] { try await queue.govern([gate: policy]) }
  }

  private mutating func bytes(upTo count: Int) -> [UInt8] {
    (0..<Int.random(in: 0...count, using: &random)).map { _ in .random(in: 0...255, using: &random) }
  }

  private mutating func lease(_ number: Int) async throws {
    let worker = workers.randomElement(using: &random)!
    let wanted = Array(tiers.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)))
    let (count, seconds) = (Int.random(in: 0...6, using: &random), Int.random(in: 1...60, using: &random))
    let room = someRoom()
    let wholeRoom = Bool.random(using: &random) ? ResourceRequest.unlimited : someRoom()
    var completed: [AttemptResult] = []
    if Bool.random(using: &random) {
      for lease in someLeases(of: worker) { completed.append(AttemptResult(lease: lease, report: bytes(upTo: 40))) }
    }
    let request = LeaseRequest(
      worker: worker, tiers: wanted, count: count, room: Bool.random(using: &random) ? .unlimited : room,
      wholeRoom: wholeRoom, completed: completed, dedication: someDedication())
    let grant = try await both(number, "lease") { try await $0.lease(request, for: .seconds(seconds)) }
    leases = (leases + grant.leases.map { (worker, $0.reference) }).suffix(60)
  }

  private mutating func someDedication() -> Dedication? {
    guard Int.random(in: 0..<4, using: &random) == 0, let tenant = tenants.randomElement(using: &random) else {
      return nil
    }
    return Dedication(tenant: tenant, lends: Bool.random(using: &random))
  }

  private mutating func someRoom() -> ResourceRequest {
    ResourceRequest(
      cpuMillicores: [0, 1_000, 8_000].randomElement(using: &random)!,
      memoryBytes: [0, 4 << 30, 64 << 30].randomElement(using: &random)!,
      gpuThousandths: [0, 1_000, 4_000].randomElement(using: &random)!)
  }

  /// Leases past and present, so that stale ones are among them, and sometimes one twice; of one worker, or of several.
  private mutating func someLeases(of worker: WorkerID? = nil) -> [LeaseReference] {
    let worker = worker ?? (Bool.random(using: &random) ? workers.randomElement(using: &random) : nil)
    let among = worker.map { worker in leases.filter { $0.worker == worker } } ?? leases
    return (0..<Int.random(in: 1...5, using: &random)).compactMap { _ in among.randomElement(using: &random)?.reference
    }
  }

  /// Names all that the worker was granted, or only some of it, and sometimes what it does not hold.
  private mutating func heartbeat(_ number: Int) async throws {
    let worker = workers.randomElement(using: &random)!
    let nameOdds = [1, 0.8, 0.3].randomElement(using: &random)!
    var held: [LeaseReference] = Int.random(in: 0..<4, using: &random) == 0 ? someLeases() : []
    for lease in leases where lease.worker == worker && .random(in: 0..<1, using: &random) < nameOdds {
      held.append(lease.reference)
    }
    let (named, place) = (held, ["", "", "here:1", "there:2"].randomElement(using: &random)!)
    _ = try await both(number, "heartbeat") {
      try await $0.heartbeat(worker: worker, held: named, for: .seconds(30), place: place)
    }
  }

  private mutating func progress(_ number: Int) async throws {
    var reports: [ProgressReport] = []
    for lease in someLeases() {
      let fraction: Double? = Bool.random(using: &random) ? .random(in: -0.1...1.1, using: &random) : nil
      let stage = [nil, "reading", "writing"].randomElement(using: &random)!
      reports.append(ProgressReport(lease: lease, fraction: fraction, stage: stage, log: bytes(upTo: 60)))
    }
    let fixed = reports
    _ = try await both(number, "progress") { try await $0.progress(fixed) }
  }

  private mutating func end(_ operation: Operation, _ number: Int) async throws {
    var results: [AttemptResult] = []
    for lease in someLeases() { results.append(AttemptResult(lease: lease, report: bytes(upTo: 40))) }
    let (fixed, isRetryable) = (results, Bool.random(using: &random))
    let delay = Duration.microseconds([0, 0, 1, 5_000_000].randomElement(using: &random)! as Int64)
    let ending: AttemptEnding = Int.random(in: 0..<4, using: &random) == 0 ? .cancelled : .failed
    _ = try await both(number, "\(operation)") { queue in
      switch operation {
      case .complete: return try await queue.complete(fixed)
      case .release: return try await queue.release(fixed)
      default:
        return try await queue.fail(
          fixed.map {
            AttemptFailure(
              lease: $0.lease, ending: ending, isRetryable: isRetryable, retryDelay: delay, report: $0.report)
          })
      }
    }
  }

  private mutating func name(_ operation: Operation, _ number: Int) async throws {
    let count = operation == .forget ? 1 : 4
    let named = (0..<count).compactMap { _ in jobs.suffix(100).randomElement(using: &random) }
    switch operation {
    case .cancel: _ = try await both(number, "cancel") { try await $0.cancel(named) }
    case .reprioritise:
      let priority = JobPriority(rawValue: [0, 50, 80].randomElement(using: &random)!)!
      let asked = Dictionary(named.map { ($0, priority) }) { first, _ in first }
      _ = try await both(number, "reprioritise") { try await $0.reprioritise(asked) }
    case .forget: for queue in [model, redis] { try await queue.forget(named) }
    default:
      _ = try await both(number, "status") { try await $0.status(of: named) }
      guard let job = named.first else { return }
      _ = try await both(number, "log") { try await $0.liveLog(of: job, from: 3) }
      _ = try await both(number, "census") { try await $0.census() }
      try await look(number)
    }
  }

  /// What operators look at.
  private mutating func look(_ number: Int) async throws {
    let pool = QueuePool(
      tier: tiers.randomElement(using: &random)!,
      priorityClass: PriorityClass(rawValue: [2, 4].randomElement(using: &random)!)!)
    let (limit, named) = (Int.random(in: 0...4, using: &random), Array(tenants.shuffled(using: &random).prefix(3)))
    _ = try await both(number, "load") { try await $0.load().jobs }
    _ = try await both(number, "the standing in a pool") { try await $0.standing(of: pool, first: limit) }
    _ = try await both(number, "the standing of tenants") { try await $0.standing(of: named) }
    _ = try await both(number, "the oldest jobs") { try await $0.oldest(of: named, in: pool) }
    _ = try await both(number, "what runs") { try await $0.running() }
    _ = try await both(number, "the room") { try await $0.room().withoutWhatIsNotPromised }
  }

  private mutating func read(_ operation: Operation, _ number: Int) async throws {
    if operation == .events {
      let after = lastEvent
      let limit = Int.random(in: 1...10, using: &random)
      let events = try await both(number, "events") {
        try await $0.events(after: after, limit: limit, waitingUpTo: .zero)
      }
      lastEvent = events.last?.position ?? lastEvent
      return
    }
    let after = outcomes.randomElement(using: &random)
    let read = try await both(number, "outcomes") { try await $0.outcomes(after: after, limit: 7, waitingUpTo: .zero) }
    outcomes = (outcomes + read.map(\.position)).suffix(40)
    guard operation == .acknowledge, let first = outcomes.randomElement(using: &random) else { return }
    for queue in [model, redis] { try await queue.acknowledge([first]) }
  }

  mutating func compareAtTheEnd() async throws {
    _ = try await both(-1, "the census") { try await $0.census() }
    let all = jobs
    _ = try await both(-1, "every status") { try await $0.status(of: all) }
    _ = try await both(-1, "the jobs held") { queue in
      var held: Set<JobID> = []
      var cursor: UInt64?
      repeat {
        let page = try await queue.page(after: cursor, limit: 100)
        held.formUnion(page.jobs)
        cursor = page.next
      } while cursor != nil
      return held
    }
  }
}

extension QueueRoom {
  /// Of a worker that runs jobs of several tiers any may be named.
  fileprivate var withoutWhatIsNotPromised: QueueRoom {
    var room = self
    room.workers = workers.map {
      Worker(
        id: $0.id, deadline: $0.deadline, leases: $0.leases, idle: $0.idle, free: $0.free,
        runs: $0.runs == nil ? nil : .cpu, dedication: $0.dedication, capacity: $0.capacity)
    }
    return room
  }
}
