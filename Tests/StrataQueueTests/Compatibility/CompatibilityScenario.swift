import StrataCore
import StrataQueue

/// What a controller and a worker do with one queue, act by act, each act one side's: so either can be of another version.
struct CompatibilityScenario {
  enum Side: String { case controller, worker }

  struct Act: Sendable {
    let name: String
    let side: Side
    let perform: @Sendable (any JobQueue, inout Memory) async throws -> Void
  }

  /// What a side remembers of its own acts, and of no other's.
  struct Memory {
    var leases: [JobID: LeaseReference] = [:]
    var told: [(job: JobID, ending: AttemptEnding)] = []
    /// What one side found that is not as it should be.
    var surprises: [String] = []

    mutating func expect(_ isSo: Bool, _ what: String) { if !isSo { surprises.append(what) } }
  }

  static let worker = WorkerID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
  static let jobs = (0..<8).map { JobID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0100 + UInt64($0)) }
  private static let tenants = (0..<2).map {
    TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0010 + UInt64($0))
  }
  private static func job(_ number: Int, delayed: Bool = false) -> QueuedJob {
    QueuedJob(
      id: jobs[number], tenant: tenants[number % 2],
      lane: Lane(
        // Of two classes: who is next does not depend on how long anything takes.
        tier: .cpu, priorityClass: PriorityClass(rawValue: 4 - number % 2)!,
        capability: number < 6 ? "noop" : "command.run",
        resources: ResourceRequest(cpuMillicores: 1_000, memoryBytes: 1 << 30, gpuThousandths: 0)),
      priority: JobPriority(rawValue: 50 + number)!, attemptsMax: 3,
      notBefore: delayed ? Timestamp(microseconds: 4_000_000_000_000_000) : nil, payload: [1, 2, UInt8(number)])
  }

  /// In their order. Job 7 waits for its time to the end; all others end.
  static let acts: [Act] = [
    Act(name: "install", side: .controller) { queue, _ in
      try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
      try await queue.govern([.tenant(tenants[1]): GatePolicy(runningMax: 3, weight: 50)])
      try await queue.govern([.tier(.cpu): GatePolicy()])
    },
    Act(name: "enqueue", side: .controller) { queue, memory in
      let verdicts = try await queue.enqueue((0..<6).map { job($0) } + [job(7, delayed: true)])
      memory.expect(verdicts.allSatisfy { $0 == .enqueued }, "enqueue: \(verdicts)")
    },
    Act(name: "first heartbeat", side: .worker) { queue, memory in
      let reply = try await queue.heartbeat(worker: worker, held: [], for: .seconds(600), place: "here:1")
      memory.expect(reply.lost == [], "first heartbeat: \(reply)")
    },
    Act(name: "first lease", side: .worker) { queue, memory in try await lease(3, queue, &memory, expecting: 3) },
    Act(name: "progress", side: .worker) { queue, memory in
      let reports = held(memory).map {
        ProgressReport(lease: $0, fraction: 0.5, stage: "half", log: Array("hello\n".utf8))
      }
      let verdicts = try await queue.progress(reports)
      memory.expect(verdicts.allSatisfy { $0 == .accepted }, "progress: \(verdicts)")
    },
    Act(name: "look", side: .controller) { queue, memory in
      let states = try await queue.status(of: jobs)
      memory.expect(states.compactMap(\.self).count == 7, "look: \(states)")
      let log = try await queue.log(of: jobs[4], from: 0)
      memory.expect(log == Array("hello\n".utf8), "look: \(log)")
    },
    Act(name: "end", side: .worker) { queue, memory in
      let leases = held(memory)
      let done = try await queue.complete([AttemptResult(lease: leases[0], report: [7])])
      let failed = try await queue.fail([
        AttemptFailure(lease: leases[1], ending: .failed, isRetryable: true, report: [8])
      ])
      let released = try await queue.release([AttemptResult(lease: leases[2], report: [9])])
      memory.expect(
        done + failed + released == [.accepted, .accepted, .accepted], "end: \(done) \(failed) \(released)")
      memory.leases = [:]
    },
    Act(name: "first settlement", side: .controller) { queue, memory in try await settle(queue, &memory, expecting: 3)
    },
    Act(name: "change", side: .controller) { queue, memory in
      let verdicts = try await queue.cancel([jobs[5]])
      memory.expect(verdicts == [.removed], "change: \(verdicts)")
      _ = try await queue.reprioritise([jobs[3]: JobPriority(rawValue: 99)!])
    },
    Act(name: "second lease", side: .worker) { queue, memory in try await lease(10, queue, &memory, expecting: 4) },
    Act(name: "an answer that was lost", side: .worker) { queue, memory in
      // What it does not name was granted in an answer that it never had: it is handed back.
      let kept = held(memory).dropLast()
      let reply = try await queue.heartbeat(worker: worker, held: Array(kept), for: .seconds(600))
      memory.expect(reply.lost == [], "an answer that was lost: \(reply)")
      memory.leases = Dictionary(uniqueKeysWithValues: kept.map { ($0.job, $0) })
    },
    Act(name: "cancel what runs", side: .controller) { queue, memory in
      let states = try await queue.status(of: jobs)
      let running = zip(jobs, states).compactMap { job, state in if case .leased? = state { job } else { nil } }
      memory.expect(running.count == 3, "cancel what runs: \(states)")
      let verdicts = try await queue.cancel(Array(running.prefix(1)))
      memory.expect(verdicts == [.signalled], "cancel what runs: \(verdicts)")
    },
    Act(name: "hear of it", side: .worker) { queue, memory in
      let reply = try await queue.heartbeat(worker: worker, held: held(memory), for: .seconds(600))
      memory.expect(reply.cancelRequested.count == 1, "hear of it: \(reply)")
      for job in reply.cancelRequested {
        guard let lease = memory.leases.removeValue(forKey: job) else { continue }
        _ = try await queue.fail([AttemptFailure(lease: lease, ending: .cancelled, isRetryable: false, report: [5])])
      }
    },
    Act(name: "end and go on", side: .worker) { queue, memory in
      let completed = held(memory).map { AttemptResult(lease: $0, report: [6]) }
      memory.leases = [:]
      let grant = try await queue.lease(
        LeaseRequest(worker: worker, tiers: [.cpu], count: 5, completed: completed), for: .seconds(600))
      memory.expect(grant.verdicts.count == 2 && grant.leases.count == 1, "end and go on: \(grant)")
      for lease in grant.leases { memory.leases[lease.job.id] = lease.reference }
    },
    Act(name: "wake", side: .controller) { queue, memory in
      let verdicts = try await queue.enqueue([job(6)])
      memory.expect(verdicts == [.enqueued], "wake: \(verdicts)")
    },
    Act(name: "woken", side: .worker) { queue, memory in
      let signals = try await queue.signals(for: worker, waitingUpTo: .seconds(10))
      memory.expect(signals.contains(.work), "woken: \(signals)")
      try await lease(1, queue, &memory, expecting: 1)
      _ = try await queue.complete(held(memory).map { AttemptResult(lease: $0, report: [4]) })
      memory.leases = [:]
    },
    Act(name: "last settlement", side: .controller) { queue, memory in
      try await settle(queue, &memory, expecting: 7)
      let expired = try await queue.expire(limit: 10)
      memory.expect(expired == 0, "last settlement: \(expired) leases expired")
      _ = try await queue.promote(limit: 10)
    },
    Act(name: "farewell", side: .worker) { queue, memory in
      let reply = try await queue.heartbeat(worker: worker, held: [], for: .seconds(600))
      memory.expect(reply.wasKnown && reply.lost == [], "farewell: \(reply)")
    },
  ]

  private static func held(_ memory: Memory) -> [LeaseReference] { memory.leases.values.sorted { $0.job < $1.job } }

  private static func lease(
    _ count: Int, _ queue: any JobQueue, _ memory: inout Memory, expecting expected: Int
  ) async throws {
    let grant = try await queue.lease(
      LeaseRequest(worker: worker, tiers: [.cpu], count: count), for: .seconds(600))
    for lease in grant.leases { memory.leases[lease.job.id] = lease.reference }
    memory.expect(grant.leases.count == expected, "a lease of \(count): \(grant.leases.count), not \(expected)")
    memory.expect(
      grant.leases.allSatisfy { $0.job.payload.prefix(2) == [1, 2] && $0.token.rawValue > 0 }, "a lease: \(grant)")
  }

  private static func settle(_ queue: any JobQueue, _ memory: inout Memory, expecting count: Int) async throws {
    let outcomes = try await queue.outcomes(after: nil, limit: 100, waitingUpTo: .zero)
    memory.told += outcomes.map { ($0.job, $0.ending) }
    memory.expect(outcomes.count == count, "\(outcomes.count) outcomes, not \(count): \(outcomes.map(\.ending))")
    try await queue.acknowledge(outcomes.map(\.position))
  }
}
