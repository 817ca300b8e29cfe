import StrataCore
import StrataLedger
import Testing

/// Jobs that are watched as one.
@Suite struct BatchTests {
  @Test func aBatchCountsItsJobsAndFinishesOnce() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let batch = try await bench.ledger.openBatch(tenant: tenant).id
    let jobs = (0..<4).map { _ in Sample.submission(tenant, batch: batch) }
    let waiting = Sample.submission(tenant, after: [jobs[1].job], batch: batch)
    #expect(try await bench.ledger.admit(jobs + [waiting]).allSatisfy { $0.acceptedJob != nil })
    let early = try await bench.ledger.settle([Sample.outcome(jobs[0].job)]).consequences
    #expect(early.finishedBatches.isEmpty)
    let closed = try await bench.ledger.closeBatch(batch, tenant: tenant)
    #expect(closed.total == 5 && closed.succeeded == 1 && closed.finishedAt == nil && !closed.isOpen)
    let rest = [
      Sample.outcome(jobs[1].job, .failed), Sample.outcome(jobs[2].job, token: 0, .cancelled),
      Sample.outcome(jobs[3].job),
    ]
    let last = try await bench.ledger.settle(rest).consequences
    // The one that waited has failed with what it waited for, and was the last.
    #expect(last.finishedBatches.map(\.id) == [batch] && last.ended.map(\.job) == [waiting.job])
    #expect(try await bench.ledger.settle(rest).consequences.finishedBatches.isEmpty)
    let stored = try #require(try await bench.ledger.batch(batch, tenant: tenant))
    #expect(stored == last.finishedBatches[0] && stored.finishedAt != nil)
    #expect((stored.succeeded, stored.failed, stored.cancelled) == (2, 2, 1))
    #expect(try await bench.ledger.batch(batch, tenant: TenantID()) == nil)
    let listed = try await bench.ledger.jobs(JobFilter(tenant: tenant, states: [.failed], batch: batch))
    #expect(listed.map(\.id) == [waiting.job, jobs[1].job])
    #expect(listed[0].structure.batch == batch)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func nobodyJoinsAClosedAnUnknownOrAnothersBatch() async throws {
    let bench = try await LedgerBench()
    let (tenant, other) = (try await bench.tenant(), try await bench.tenant("other"))
    let (mine, theirs) = (
      try await bench.ledger.openBatch(tenant: tenant).id, try await bench.ledger.openBatch(tenant: other).id
    )
    // One without jobs is finished as soon as it is closed.
    #expect(try await bench.ledger.closeBatch(mine, tenant: tenant).finishedAt != nil)
    let nobodys = BatchID()
    let refusals = try await bench.ledger.admit(
      [mine, theirs, nobodys].map { Sample.submission(tenant, batch: $0) }
    ).map(\.refusal)
    #expect(refusals == [.closedBatch(mine), .unknownBatch(theirs), .unknownBatch(nobodys)])
    let error = await #expect(throws: LedgerError.self) {
      try await bench.ledger.closeBatch(theirs, tenant: tenant)
    }
    #expect(error?.strataError.code == .notFound)
    #expect(try await bench.ledger.balance(of: tenant).held == .zero)
  }

  @Test func aKeyFindsItsBatchAlsoInARace() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let other = try await bench.tenant("other")
    let controllers = [bench.ledger, try bench.another()]
    let found = try await withThrowingTaskGroup(of: BatchID.self) { group in
      for index in 0..<16 {
        group.addTask { try await controllers[index % 2].openBatch(tenant: tenant, idempotencyKey: "k").id }
      }
      return try await group.reduce(into: Set<BatchID>()) { $0.insert($1) }
    }
    #expect(found.count == 1)
    #expect(try await !found.contains(bench.ledger.openBatch(tenant: other, idempotencyKey: "k").id))
    await controllers[1].close()
  }

  @Test func settlementsAtTheSameTimeFinishABatchOnce() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 1_000)
    let batch = try await bench.ledger.openBatch(tenant: tenant).id
    let jobs = (0..<200).map { _ in Sample.submission(tenant, batch: batch) }
    _ = try await bench.ledger.admit(jobs)
    _ = try await bench.ledger.closeBatch(batch, tenant: tenant)
    let controllers = [bench.ledger, try bench.another()]
    let finished = try await withThrowingTaskGroup(of: Int.self) { group in
      for place in 0..<20 {
        for controller in controllers {
          let outcomes = jobs[(place * 10)..<(place * 10 + 10)].map { Sample.outcome($0.job) }
          group.addTask { try await controller.settle(outcomes).consequences.finishedBatches.count }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(finished == 1)
    #expect(try await bench.ledger.verify().isSound)
    await controllers[1].close()
  }
}
