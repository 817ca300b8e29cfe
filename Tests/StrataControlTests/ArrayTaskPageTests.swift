import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import TestSupport
import Testing

/// The tasks of an array in one state.
@Suite struct ArrayTaskPageTests {
  private func pages(
    _ fixture: ControlFixture, _ id: ArrayID, _ state: String, limit: Int
  ) async throws -> [[Int]] {
    var (pages, next): ([[Int]], Int?) = ([], 0)
    while let position = next {
      let page = try await fixture.control.tasks(
        of: id, tenant: fixture.tenant, state: state, from: position, limit: limit)
      #expect(page.tasks.allSatisfy { $0.state == (state == ArrayTaskState.waiting ? "queued" : state) })
      pages.append(page.tasks.map(\.index))
      next = page.next
    }
    return pages
  }

  /// 2,000 tasks, of which 40 are made: 20 failed or succeeded in turns, some cancelled before and after they were made.
  private func make(_ fixture: ControlFixture) async throws -> ArrayID {
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    draft.array = ArrayDraft(try TaskIndexes(text: "0-19990:10"), runningMax: nil)
    let id = ArrayID(try await fixture.control.submit(draft, tenant: fixture.tenant).id)
    var limits = ArrayLimits()
    (limits.windowMax, limits.stepMax) = (40, 40)
    let keeper = ArrayKeeper(ledger: fixture.ledger, admission: fixture.control.admission, limits: limits)
    #expect(try await keeper.makeDue() == 40)
    let leases = try await fixture.lease(20)
    for (place, lease) in leases.enumerated() {
      if place % 2 == 0 {
        try await fixture.complete([lease])
      } else {
        try await fixture.fail(lease, code: "broken", isRetryable: false)
      }
    }
    try await fixture.settler().drain()
    _ = try await fixture.lease(5)
    // The tasks at 38 and 39 are made, those at 40 and 1000 to 1002 are not.
    _ = try await fixture.control.cancel(
      try TaskIndexes(text: "380,390,400,10000-10020:10"), of: id, tenant: fixture.tenant)
    return id
  }

  @Test func aPageIsFullOfMatchesHoweverFarTheyLieApart() async throws {
    let fixture = try await ControlFixture()
    let id = try await make(fixture)
    let failed = Array(stride(from: 10, to: 200, by: 20))
    #expect(
      try await pages(fixture, id, "failed", limit: 4) == [
        Array(failed[..<4]), Array(failed[4..<8]), Array(failed[8...]),
      ])
    #expect(try await pages(fixture, id, "failed", limit: 10) == [failed])
    #expect(try await pages(fixture, id, "succeeded", limit: 200) == [Array(stride(from: 0, to: 200, by: 20))])
    #expect(try await pages(fixture, id, "running", limit: 5) == [Array(stride(from: 200, to: 250, by: 10)), []])
    #expect(try await pages(fixture, id, "queued", limit: 200) == [Array(stride(from: 250, to: 380, by: 10))])
    // As many as the array says.
    #expect(try await pages(fixture, id, "waiting", limit: 200) == [Array(stride(from: 250, to: 380, by: 10))])
    #expect(try await fixture.control.array(id, tenant: fixture.tenant).running == 5)
    #expect(
      try await pages(fixture, id, "cancelled", limit: 4) == [[380, 390, 400, 10_000], [10_010, 10_020]])
    #expect(try await pages(fixture, id, "blocked", limit: 4) == [[]])
    let pending = try await pages(fixture, id, "pending", limit: 1_000)
    #expect(pending.map(\.count) == [1_000, 956] && pending[0].first == 410 && !pending[0].contains(10_010))
    #expect(pending.last?.last == 19_990)
  }

  /// What only the queue knows is looked for among so many, and the next page goes on from there.
  @Test func tasksThatOnlyTheQueueKnowsAreLookedForSoManyAtATime() async throws {
    let fixture = try await ControlFixture { $0.listingScanMax = 10 }
    let id = try await make(fixture)
    let found = try await pages(fixture, id, "running", limit: 2)
    #expect(found.flatMap { $0 } == Array(stride(from: 200, to: 250, by: 10)))
  }

  @Test func theIndexOfStatesIsUsed() async throws {
    let fixture = try await ControlFixture()
    _ = try await make(fixture)
    let index = try fixture.postgreSQL.sql(
      """
      SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
      EXPLAIN SELECT id FROM job WHERE batch = '00000000-0000-0000-0000-000000000001' AND state = 'failed'
        AND finished_at IS NOT NULL AND id >= '00000000-0000-0000-0000-000000000001' ORDER BY id LIMIT 20
      """, database: fixture.database)
    #expect(index.contains("job_batch_ended") && !index.contains("Filter"), "\(index)")
  }
}
