import StrataCore
import StrataQueue
import Testing

/// Tenants take turns by what they have used. Runs on every backend.
@Suite struct FairnessConformanceTests {
  private let tenants = (0..<3).map { TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0100 + $0) }

  /// Leases one job after the other, each of which takes as long as `seconds` says of its tenant, and counts who got how
  /// many.
  private func share(
    _ queue: any JobQueue, _ clock: HeldClock, turns: Int, seconds: [TenantID: Int64]
  ) async throws -> [TenantID: Int] {
    var counts: [TenantID: Int] = [:]
    let worker = WorkerID()
    for _ in 0..<turns {
      guard let lease = try await queue.leaseOne(worker) else { break }
      counts[lease.job.tenant, default: 0] += 1
      clock.advance(.seconds(seconds[lease.job.tenant] ?? 1))
      _ = try await queue.complete([AttemptResult(lease: lease.reference, report: [])])
    }
    return counts
  }

  private func submit(_ queue: any JobQueue, _ count: Int, of tenant: TenantID, in lane: Lane = .sample()) async throws
  {
    _ = try await queue.enqueue((0..<count).map { _ in .sample(in: lane, of: tenant) })
  }

  @Test(arguments: Backend.allCases) func whoSentManyJobsGetsNoMoreThanWhoSentFew(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await submit(queue, 300, of: tenants[0])
      try await submit(queue, 20, of: tenants[1])
      let counts = try await share(queue, clock, turns: 40, seconds: [:])
      #expect(counts == [tenants[0]: 20, tenants[1]: 20])
    }
  }

  @Test(arguments: Backend.allCases) func sharesFollowTheWeights(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await queue.govern([.tenant(tenants[1]): GatePolicy(weight: 300)])
      for tenant in tenants.prefix(2) { try await submit(queue, 100, of: tenant) }
      let counts = try await share(queue, clock, turns: 80, seconds: [:])
      #expect(counts == [tenants[0]: 20, tenants[1]: 60])
    }
  }

  /// One tenant's jobs take nine times as long. What they took is known when they end, and is owed from then on.
  @Test(arguments: Backend.allCases) func longJobsDoNotDominateShortOnes(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (long, short) = (tenants[0], tenants[1])
      for tenant in [long, short] { try await submit(queue, 200, of: tenant) }
      let counts = try await share(queue, clock, turns: 200, seconds: [long: 9, short: 1])
      let (used, other) = (Double(counts[long] ?? 0) * 9, Double(counts[short] ?? 0))
      #expect(abs(used - other) <= 9, "the long jobs used \(used) s, the short ones \(other) s")
    }
  }

  /// Two cores count as twice one core, and memory beyond 4 GiB a core as the cores that it blocks.
  @Test(arguments: Backend.allCases) func whatAJobOccupiesCounts(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await submit(queue, 100, of: tenants[0], in: .sample(cpu: 1_000))
      try await submit(queue, 100, of: tenants[1], in: .sample(cpu: 2_000))
      try await submit(queue, 100, of: tenants[2], in: .sample(cpu: 1_000, memory: 16 << 30))
      let counts = try await share(queue, clock, turns: 70, seconds: [:])
      #expect(counts == [tenants[0]: 40, tenants[1]: 20, tenants[2]: 10])
    }
  }

  @Test(arguments: Backend.allCases) func beingAwayGainsNothing(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await submit(queue, 200, of: tenants[0])
      _ = try await share(queue, clock, turns: 50, seconds: [:])
      try await submit(queue, 200, of: tenants[1])
      let counts = try await share(queue, clock, turns: 40, seconds: [:])
      #expect(abs((counts[tenants[0]] ?? 0) - (counts[tenants[1]] ?? 0)) <= 1)
    }
  }

  /// Having emptied its line does not wipe out what a tenant has used.
  @Test(arguments: Backend.allCases) func leavingAndReturningGainsNothing(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await submit(queue, 200, of: tenants[0])
      let worker = WorkerID()
      var counts: [TenantID: Int] = [:]
      for _ in 0..<60 {
        // The second tenant has one job at a time, always a new one.
        try await submit(queue, 1, of: tenants[1])
        let lease = try #require(try await queue.leaseOne(worker))
        counts[lease.job.tenant, default: 0] += 1
        clock.advance(.seconds(1))
        _ = try await queue.complete([AttemptResult(lease: lease.reference, report: [])])
      }
      #expect(abs((counts[tenants[0]] ?? 0) - (counts[tenants[1]] ?? 0)) <= 1)
    }
  }

  @Test(arguments: Backend.allCases) func aHigherClassGoesFirstWhateverItUsed(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await submit(queue, 10, of: tenants[0], in: .sample(class: 2))
      try await submit(queue, 5, of: tenants[1], in: .sample(class: 7))
      #expect(try await share(queue, clock, turns: 5, seconds: [:]) == [tenants[1]: 5])
      #expect(try await share(queue, clock, turns: 5, seconds: [:]) == [tenants[0]: 5])
    }
  }

  @Test(arguments: Backend.allCases) func aPriorityMattersAmongATenantsOwnJobsOnly(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let urgent = (0..<4).map { _ in QueuedJob.sample(of: tenants[0], priority: 100) }
      let usual = (0..<4).map { _ in QueuedJob.sample(of: tenants[1], priority: 0) }
      _ = try await queue.enqueue(urgent + usual)
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 4, for: minute).leases
      #expect(leases.count { $0.job.tenant == tenants[0] } == 2)
    }
  }

  @Test(arguments: Backend.allCases) func smallJobsGetATurnOfSeveral(_ backend: Backend) async throws {
    let clock = HeldClock()
    var limits = QueueLimits()
    limits.turnQuantum = .milliseconds(2)
    try await withQueue(backend, clock: clock, limits: limits) { queue in
      try await submit(queue, 30, of: tenants[0])
      try await submit(queue, 30, of: tenants[1])
      // Until attempts have ended nobody knows that they are small.
      let first = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 2, for: minute).leases
      #expect(Set(first.map(\.job.tenant)).count == 2)
      clock.advance(.milliseconds(8))
      _ = try await queue.complete(first.map { AttemptResult(lease: $0.reference, report: []) })
      // Four of 8 ms are what a worker that asks for 16 may have of one at a time; one that asks for few may not.
      #expect(try await turns(queue, count: 16) == [4, 4, 4, 4])
      #expect(try await turns(queue, count: 4) == [1, 1, 1, 1])
    }
  }

  /// Of how many jobs each the turns of a lease are.
  private func turns(_ queue: some JobQueue, count: Int) async throws -> [Int] {
    let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: count, for: minute).leases
    var turns: [Int] = []
    for (place, lease) in leases.enumerated() {
      if place > 0, leases[place - 1].job.tenant == lease.job.tenant {
        turns[turns.count - 1] += 1
      } else {
        turns.append(1)
      }
    }
    return turns
  }

  @Test(arguments: Backend.allCases) func tenantsOfSeveralLanesArePaidForInAll(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      for capability in ["a", "b", "c"] {
        try await submit(queue, 50, of: tenants[0], in: .sample(capability: capability))
      }
      try await submit(queue, 50, of: tenants[1], in: .sample(capability: "a"))
      let counts = try await share(queue, clock, turns: 40, seconds: [:])
      #expect(counts == [tenants[0]: 20, tenants[1]: 20])
    }
  }
}
