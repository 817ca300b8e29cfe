import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import Testing

/// Jobs that are done again together keep their order.
@Suite struct RetryOrderTests {
  private static func submit(
    _ fixture: ControlFixture, after: [JobID] = [], _ policy: DependencyPolicy = .fail, unique: UniqueKey? = nil
  ) async throws -> JobID {
    let draft = JobDraft(
      capability: "test.echo", parametersJSON: "{}",
      structure: JobStructure(after: after, dependencyPolicy: policy, unique: unique))
    return try await fixture.control.submit(draft, tenant: fixture.tenant).id
  }

  private static func failNext(_ fixture: ControlFixture) async throws {
    try await fixture.fail(try #require(try await fixture.lease().first), code: "broken", isRetryable: false)
    try await fixture.control.settler.drain()
  }

  private static func retry(_ fixture: ControlFixture, limit: Int = 100) async throws -> [JobID: JobID] {
    let all = try await fixture.control.retryAll(
      JobFilter(tenant: fixture.tenant, states: [.failed]), limit: limit, tenant: fixture.tenant)
    return Dictionary(uniqueKeysWithValues: try all.map { ($0.job.id, try $0.verdict.get().id) })
  }

  private static func record(_ fixture: ControlFixture, _ job: JobID?) async throws -> StoredJob {
    let id = try #require(job)
    return try #require(try await fixture.ledger.job(id, tenant: nil))
  }

  @Test func aChainRunsInItsOrderAgain() async throws {
    let fixture = try await ControlFixture()
    let done = try await Self.submit(fixture)
    try await fixture.complete(try await fixture.lease())
    try await fixture.control.settler.drain()
    let first = try await Self.submit(fixture, after: [done])
    let second = try await Self.submit(fixture, after: [done, first])
    let third = try await Self.submit(fixture, after: [second, first], .skip)
    try await Self.failNext(fixture)
    #expect(try await fixture.state(of: second) == .failed)
    #expect(try await fixture.state(of: third) == .cancelled)
    // The last one was cancelled, so it is none of those that failed.
    let again = try await Self.retry(fixture)
    #expect(Set(again.keys) == [first, second])
    let (one, two) = (try await Self.record(fixture, again[first]), try await Self.record(fixture, again[second]))
    #expect(one.state == .queued && one.structure.after.isEmpty)
    #expect(two.state == .blocked && two.structure.after == [one.id] && two.blockers == 1)
    // What was cancelled waits for what does those again that it ran after.
    let cancelled = try await fixture.control.retryAll(
      JobFilter(tenant: fixture.tenant, states: [.cancelled]), tenant: fixture.tenant)
    let three = try await Self.record(fixture, try cancelled.first?.verdict.get().id)
    #expect(three.state == .blocked && three.structure.after == [two.id, one.id])
    #expect(three.structure.dependencyPolicy == .skip)
    for job in [one, two, three] {
      let leases = try await fixture.lease(5)
      #expect(leases.map(\.job.id) == [job.id])
      try await fixture.complete(leases)
      try await fixture.control.settler.drain()
    }
    #expect(try await fixture.ledger.verify().isSound)
  }

  /// The second call finds what the first one made.
  @Test func aChainThatIsLongerThanTheLimitKeepsItsOrderToo() async throws {
    let fixture = try await ControlFixture()
    var jobs = [try await Self.submit(fixture)]
    for _ in 0..<3 { jobs.append(try await Self.submit(fixture, after: [jobs[jobs.count - 1]])) }
    try await Self.failNext(fixture)
    let early = try await Self.retry(fixture, limit: 2)
    let late = try await Self.retry(fixture, limit: 2)
    #expect(Set(early.keys) == Set(jobs[..<2]) && Set(late.keys) == Set(jobs[2...]))
    let second = try #require(early[jobs[1]])
    #expect(try await Self.record(fixture, late[jobs[2]]).structure.after == [second])
    // The new ones are a chain themselves.
    try await Self.failNext(fixture)
    let third = try await Self.retry(fixture)
    #expect(third.count == 4)
    let last = try #require(late[jobs[3]])
    #expect(try await Self.record(fixture, third[last]).state == .blocked)
  }

  /// What it ran after has not ended, though another of those failed: it is waited for still.
  @Test func whatHasNotEndedIsWaitedForStill() async throws {
    let fixture = try await ControlFixture()
    let failing = try await Self.submit(fixture)
    let slow = try await Self.submit(fixture)
    let job = try await Self.submit(fixture, after: [failing, slow])
    try await Self.failNext(fixture)
    let again = try await Self.retry(fixture)
    let first = try #require(again[failing])
    #expect(try await Self.record(fixture, again[job]).structure.after == [first, slow])
  }

  @Test func whatRunsAfterOneThatIsRefusedIsRefusedWithItsReason() async throws {
    let fixture = try await ControlFixture()
    let first = try await Self.submit(fixture, unique: UniqueKey("k"))
    let second = try await Self.submit(fixture, after: [first])
    let third = try await Self.submit(fixture, after: [second])
    try await Self.failNext(fixture)
    let holder = try await Self.submit(fixture, unique: UniqueKey("k"))
    let all = try await fixture.control.retryAll(
      JobFilter(tenant: fixture.tenant, states: [.failed]), tenant: fixture.tenant)
    #expect(all.map(\.job.id) == [first, second, third])
    for (place, needed) in [(0, holder), (1, first), (2, second)] {
      guard case .failure(let error) = all[place].verdict else {
        Issue.record("job \(place) should have been refused")
        continue
      }
      #expect(error.code == .notUnique && error.message.contains("\(needed)"), "\(error)")
    }
    // Nothing of it was kept.
    #expect(try await fixture.control.retryable(JobFilter(tenant: fixture.tenant, states: [.failed])).count == 3)
  }
}
