import StrataCore
import StrataQueue
import TestSupport
import Testing

/// What somebody or something else has written into Redis stops nobody.
@Suite struct UnreadableTests {
  /// Values that are no outcome, no events and no record: cut off, foreign, and of right length with impossible numbers.
  static let garbage: [[UInt8]] = [
    [], [1, 2, 3], Array("not of this house".utf8), Array(repeating: 0xFF, count: 100),
    Array(repeating: 0x20, count: 59),
  ]

  /// A queue under the server's clock whose keys a test can write to.
  struct Bench {
    let queue: RedisQueue
    let namespace: String

    /// Runs a plain command on the key `name` of the queue, or of a worker in it.
    @discardableResult
    func tamper(_ verb: String, _ name: String, of worker: WorkerID? = nil, _ words: [UInt8]...) async throws
      -> RedisValue
    {
      var command = RedisCommand(verb)
      command.append(Array("{\(namespace)}:8:\(name)".utf8) + (worker?.bytes ?? []))
      for word in words { command.append(word) }
      return try await plainCommand(command, on: RedisFixture.shared.get())
    }

    func aside() async throws -> [UnreadableEntry] {
      try await queue.unreadable(after: nil, limit: 1_000, waitingUpTo: .zero)
    }
  }

  private func withBench(_ limits: QueueLimits = QueueLimits(), _ body: (Bench) async throws -> Void) async throws {
    var configuration = RedisQueue.Configuration()
    configuration.namespace = "unreadable-\(JobID())"
    configuration.limits = limits
    try await withRedisQueue(configuration) { queue in
      try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
      try await body(Bench(queue: queue, namespace: configuration.namespace))
    }
  }

  private func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func outcomesAreReadPastWhatIsNone() async throws {
    try await withBench { bench in
      let queue = bench.queue
      for (index, value) in Self.garbage.enumerated() {
        try await bench.tamper("XADD", "outcomes", utf8("1-\(index + 1)"), utf8("r"), value)
      }
      let jobs = (0..<3).map { _ in QueuedJob.sample() }
      _ = try await queue.enqueue(jobs)
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 3, for: minute).leases
      _ = try await queue.complete([AttemptResult(lease: leases[0].reference, report: [])])
      let first = try #require(try await queue.outcomes(after: nil, limit: 1, waitingUpTo: .zero).first)
      #expect(first.job == jobs[0].id)
      // A newer version that packs otherwise names its field otherwise.
      let next = "\(first.position.milliseconds)-\(first.position.sequence + 1)"
      try await bench.tamper("XADD", "outcomes", utf8(next), utf8("o2"), [1], utf8("more"), [2])
      _ = try await queue.complete(leases[1...].map { AttemptResult(lease: $0.reference, report: []) })
      #expect(try await queue.allOutcomes().map(\.job) == jobs.map(\.id))
      let census = try await queue.census()
      // Two calls told of the three.
      #expect(census.outcomesPending == 2 && census.unreadable == Self.garbage.count + 1)
      let aside = try await bench.aside()
      #expect(aside.map(\.name) == (1...Self.garbage.count).map { "1-\($0)" } + [next])
      #expect(aside.allSatisfy { $0.place == .outcomes })
      #expect(aside.last?.reason.contains("2 fields") == true)
    }
  }

  @Test func aWaitGoesOnAfterGarbageAlone() async throws {
    try await withBench { bench in
      try await bench.tamper("XADD", "outcomes", utf8("1-1"), utf8("r"), [7])
      #expect(try await bench.queue.outcomes(after: nil, limit: 1, waitingUpTo: .milliseconds(1)).isEmpty)
      #expect(try await bench.queue.census().unreadable == 1)
    }
  }

  @Test func whatIsKeptOfItIsBounded() async throws {
    var limits = QueueLimits()
    (limits.unreadableMax, limits.unreadableBytesMax) = (2, 10)
    try await withBench(limits) { bench in
      for index in 1...5 {
        let value = [UInt8](repeating: UInt8(index), count: 50)
        try await bench.tamper("XADD", "outcomes", utf8("1-\(index)"), utf8("r"), value)
      }
      #expect(try await bench.queue.allOutcomes().isEmpty)
      #expect(try await bench.queue.census().unreadable == 2)
      #expect(try await bench.aside().map(\.name) == ["1-4", "1-5"])
      let kept = "\(try await bench.tamper("XRANGE", "unreadable", utf8("-"), utf8("+")))"
      #expect(kept.contains("\([UInt8](repeating: 5, count: 10))") && !kept.contains("5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5"))
    }
  }

  @Test func eventsAreReadPastWhatIsNone() async throws {
    try await withBench { bench in
      let start = OutcomePosition(milliseconds: 0, sequence: 0)
      for (index, value) in Self.garbage.enumerated() {
        try await bench.tamper("XADD", "events", utf8("1-\(index + 1)"), utf8("r"), [1] + value)
      }
      let job = JobID()
      try await bench.queue.announce([FinishedNotice(job: job, state: .succeeded)])
      let events = try await bench.queue.events(after: start, limit: 100, waitingUpTo: .zero)
      #expect(events.map(\.job) == [job])
      #expect(try await bench.aside().map(\.place) == Self.garbage.map { _ in .events })
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, -1, 2, .greatestFiniteMagnitude])
  func aFractionThatIsNoneIsReadAsNone(_ fraction: Double) async throws {
    try await withBench { bench in
      _ = try await bench.queue.enqueue([.sample()])
      let lease = try #require(try await bench.queue.leaseOne(WorkerID()))
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: fraction.bitPattern >> UInt64(56 - 8 * $0)) }
      try await bench.tamper("HSET", "progress", lease.job.id.bytes, bytes + utf8("cooking"))
      try await bench.tamper(
        "XADD", "events", utf8("9999999999999-1"), utf8("r"), utf8("P") + bytes + [0, 0, 1] + lease.job.id.bytes)
      guard case .leased(let status)? = try await bench.queue.status(of: [lease.job.id])[0] else {
        Issue.record("the job is not leased")
        return
      }
      #expect(status.fraction == nil && status.stage == "cooking")
      let start = OutcomePosition(milliseconds: 0, sequence: 0)
      let events = try await bench.queue.events(after: start, limit: 100, waitingUpTo: .zero)
      #expect(events.last?.kind == .progress(fraction: nil, stage: nil))
    }
  }

  @Test(arguments: garbage.indices) func aReadyJobWithoutARecordHoldsUpNoLease(_ kind: Int) async throws {
    try await withBench { bench in
      let (queue, jobs) = (bench.queue, (0..<2).map { _ in QueuedJob.sample() })
      _ = try await queue.enqueue(jobs)
      try await bench.tamper("HSET", "jobs", jobs[0].id.bytes, Self.garbage[kind])
      #expect(try await queue.status(of: [jobs[0].id]) == [nil])
      #expect(try await queue.cancel([jobs[0].id]) == [.unknown])
      #expect(try await queue.leaseOne(WorkerID())?.job == jobs[1])
      #expect(try await bench.aside().map(\.name) == [jobs[0].id.description])
      #expect(try await queue.restore([jobs[0]]) == [.enqueued])
      #expect(try await queue.leaseOne(WorkerID())?.job == jobs[0])
    }
  }

  @Test func aStrayBehindALimitDoesNotHoldUpItsTenant() async throws {
    try await withBench { bench in
      let (queue, jobs) = (bench.queue, (0..<2).map { _ in QueuedJob.sample() })
      try await queue.govern([.tenant(.sample): GatePolicy(runningMax: 1)])
      _ = try await queue.enqueue(jobs)
      try await bench.tamper("HDEL", "jobs", jobs[0].id.bytes)
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 5, for: minute)
      #expect(grant.leases.map(\.job) == [jobs[1]])
    }
  }

  @Test func aPriorityThatIsNoneIsNotGranted() async throws {
    try await withBench { bench in
      let (queue, jobs) = (bench.queue, (0..<2).map { _ in QueuedJob.sample() })
      _ = try await queue.enqueue(jobs)
      guard case .bytes(var record) = try await bench.tamper("HGET", "jobs", jobs[0].id.bytes) else {
        Issue.record("the job has no record")
        return
      }
      record[24] = 200
      try await bench.tamper("HSET", "jobs", jobs[0].id.bytes, record)
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 5, for: minute)
      #expect(grant.leases.map(\.job) == [jobs[1]])
      #expect(try await bench.aside().map(\.name) == [jobs[0].id.description])
    }
  }

  /// Garbage in a tenant's place stops a call halfway; once it is gone, the same call is as good as ever.
  @Test func anEnqueueThatBrokeOffIsRepeated() async throws {
    try await withBench { bench in
      let (queue, jobs) = (bench.queue, (0..<2).map { _ in QueuedJob.sample() })
      try await bench.tamper("HSET", "tenants:4:cpu", TenantID.sample.bytes, [1])
      await #expect(throws: QueueError.self) { try await queue.enqueue([jobs[0]]) }
      try await bench.tamper("HDEL", "tenants:4:cpu", TenantID.sample.bytes)
      #expect(try await queue.enqueue(jobs) == [.enqueued, .enqueued])
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 5, for: minute)
      #expect(grant.leases.map(\.job) == jobs)
    }
  }

  @Test(arguments: garbage.indices) func aJobWithoutARecordIsRestoredOverIt(_ kind: Int) async throws {
    try await withBench { bench in
      let (queue, job) = (bench.queue, QueuedJob.sample())
      _ = try await queue.enqueue([job])
      try await bench.tamper("HSET", "jobs", job.id.bytes, Self.garbage[kind])
      #expect(try await queue.restore([job, job]) == [.enqueued, .alreadyHeld])
      #expect(try await queue.leaseOne(WorkerID())?.job == job)
      #expect(try await queue.leaseOne(WorkerID()) == nil)
      #expect(try await bench.aside().map(\.place) == [.jobs])
    }
  }

  @Test(arguments: garbage.indices) func aJobThatRunsIsFinishedWithoutItsRecord(_ kind: Int) async throws {
    try await withBench { bench in
      let (queue, job, worker) = (bench.queue, QueuedJob.sample(), WorkerID())
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.leaseOne(worker))
      try await bench.tamper("HSET", "jobs", job.id.bytes, Self.garbage[kind])
      #expect(try await queue.heartbeat(worker: worker, held: [lease.reference], for: minute).lost.isEmpty)
      #expect(try await queue.complete([AttemptResult(lease: lease.reference, report: [])]) == [.accepted])
      #expect(try await queue.page(after: nil, limit: 10).jobs.isEmpty)
    }
  }

  @Test(arguments: garbage.indices) func aJobThatComesBackWithoutItsRecordIsSetAside(_ kind: Int) async throws {
    try await withBench { bench in
      let (queue, job, worker) = (bench.queue, QueuedJob.sample(), WorkerID())
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.leaseOne(worker))
      try await bench.tamper("HSET", "jobs", job.id.bytes, Self.garbage[kind])
      let failure = AttemptFailure(lease: lease.reference, ending: .failed, isRetryable: true, report: [])
      #expect(try await queue.fail([failure]) == [.accepted])
      #expect(try await bench.aside().map(\.name) == [job.id.description])
      #expect(try await queue.leaseOne(worker) == nil)
      #expect(try await queue.restore([job]) == [.enqueued])
      #expect(try await queue.leaseOne(worker)?.job == job)
    }
  }

  @Test(arguments: garbage.indices) func aLeaseThatIsNoneIsLost(_ kind: Int) async throws {
    try await withBench { bench in
      let (queue, jobs, worker) = (bench.queue, (0..<2).map { _ in QueuedJob.sample() }, WorkerID())
      _ = try await queue.enqueue(jobs)
      let leases = try await queue.lease(worker: worker, tiers: [.cpu], count: 2, for: minute).leases
      try await bench.tamper("HSET", "held:", of: worker, jobs[0].id.bytes, Self.garbage[kind])
      let reply = try await queue.heartbeat(worker: worker, held: leases.map(\.reference), for: minute)
      #expect(reply.lost == [jobs[0].id])
      #expect(try await queue.complete([AttemptResult(lease: leases[0].reference, report: [])]) == [.stale])
      #expect(try await bench.aside().map(\.name) == [jobs[0].id.description])
      #expect(try await queue.restore([jobs[0]]) == [.enqueued])
      // Its first holder is asked no more; another one's lease is its own.
      let second = try #require(try await queue.leaseOne(WorkerID()))
      _ = try await queue.heartbeat(worker: worker, held: [leases[1].reference], for: .zero)
      #expect(try await queue.expire(limit: 10) == 1)
      #expect(try await queue.complete([AttemptResult(lease: second.reference, report: [])]) == [.accepted])
      #expect(try await queue.census().tiers == [.cpu: .init(ready: 1, leased: 0)])
    }
  }

  @Test func aLeaseThatWasRestoredUnderItsHolderStaysTheNewHolders() async throws {
    try await withBench { bench in
      let (queue, job, worker) = (bench.queue, QueuedJob.sample(), WorkerID())
      _ = try await queue.enqueue([job])
      let old = try #require(try await queue.leaseOne(worker))
      try await bench.tamper("HSET", "jobs", job.id.bytes, [9])
      _ = try await queue.restore([job])
      let new = try #require(try await queue.leaseOne(WorkerID()))
      #expect(try await queue.heartbeat(worker: worker, held: [old.reference], for: minute).lost == [job.id])
      #expect(try await queue.census().tiers == [.cpu: .init(ready: 0, leased: 1)])
      #expect(try await queue.complete([AttemptResult(lease: new.reference, report: [])]) == [.accepted])
    }
  }

  @Test func anUnreadableJobIsForgotten() async throws {
    try await withBench { bench in
      let (queue, job) = (bench.queue, QueuedJob.sample())
      _ = try await queue.enqueue([job])
      try await bench.tamper("HSET", "jobs", job.id.bytes, [9])
      try await queue.forget([job.id])
      #expect(try await queue.page(after: nil, limit: 10).jobs.isEmpty)
      // Where it waited is known to whoever comes upon it there.
      #expect(try await queue.leaseOne(WorkerID()) == nil)
      #expect(try await queue.census().tiers.isEmpty)
    }
  }

  @Test func whatLiesAsideIsReadInOrderFromAnywhere() async throws {
    let memory = MemoryQueue()
    try await memory.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    await memory.setAside(.outcomes, "1-1", because: "it is cut")
    await memory.setAside(.outcomes, "1-2", because: "it is cut")
    try await withBench { bench in
      try await bench.tamper("XADD", "outcomes", utf8("1-1"), utf8("r"), [1])
      try await bench.tamper("XADD", "outcomes", utf8("1-2"), utf8("r"), [2])
      _ = try await bench.queue.allOutcomes()
      for queue in [memory, bench.queue] as [any JobQueue] {
        #expect(try await queue.census().unreadable == 2)
        let first = try await queue.unreadable(after: nil, limit: 1, waitingUpTo: .zero)
        #expect(first.map(\.name) == ["1-1"])
        let second = try await queue.unreadable(after: first.last?.position, limit: 9, waitingUpTo: .zero)
        #expect(second.map(\.name) == ["1-2"])
        #expect(
          try await queue.unreadable(after: second.last?.position, limit: 9, waitingUpTo: .milliseconds(1)).isEmpty)
      }
    }
  }
}
