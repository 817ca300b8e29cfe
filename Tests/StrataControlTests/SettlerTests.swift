import ControlTestSupport
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

@Suite struct SettlerTests {
  /// Each of so many cancellations had everything settled that waited, which others were just settling.
  @MainActor @Test func manyWhoWantEverythingSettledShareTheWork() async throws {
    let fixture = try await ControlFixture()
    let settler = fixture.settler()
    for _ in 0..<3 { _ = try await fixture.submit() }
    try await fixture.complete(try await fixture.lease(3))
    fixture.queue.holdOutcomes()
    var calls = [Task { @MainActor in try await settler.drain() }]
    await fixture.queue.wait(for: .outcomesFromStart)
    // Those who come while the first is under way.
    let begun = AsyncStream<Void>.makeStream()
    for _ in 0..<20 {
      calls.append(
        Task { @MainActor in
          begun.continuation.yield()
          return try await settler.drain()
        })
    }
    var begins = begun.stream.makeAsyncIterator()
    for _ in 0..<20 { await begins.next(isolation: #isolation) }
    fixture.queue.releaseOutcomes()
    for call in calls { #expect(try await call.value.isEmpty) }
    #expect(fixture.queue.count(of: .outcomesFromStart) == 2)
    let text = fixture.metrics.render()
    #expect(
      text.contains(#"strata_settlement_outcomes_total{verdict="settled"} 3"#) && !text.contains("already_settled"))
  }

  private func run(_ count: Int, in fixture: ControlFixture) async throws -> [Lease] {
    for _ in 0..<count { _ = try await fixture.submit() }
    return try await fixture.lease(count)
  }

  @Test func outcomesAreSettledAnnouncedAndAcknowledged() async throws {
    let fixture = try await ControlFixture()
    let leases = try await run(3, in: fixture)
    try await fixture.complete(leases)
    #expect(try await fixture.settler().drain() == [])
    for lease in leases { #expect(try await fixture.state(of: lease.job.id) == .succeeded) }
    #expect(try await fixture.queue.census().outcomesPending == 0)
    let start = OutcomePosition(milliseconds: 0, sequence: 0)
    let events = try await fixture.queue.events(after: start, limit: 100, waitingUpTo: .zero)
    #expect(events.count { $0.kind == .finished(.succeeded) } == 3)
    let text = fixture.metrics.render()
    #expect(text.contains(#"strata_jobs_finished_total{capability="test.echo",state="succeeded"} 3"#))
    #expect(text.contains("strata_settlement_batches_total 1"))
  }

  @Test func whatIsReadAgainIsChargedOnce() async throws {
    let fixture = try await ControlFixture()
    let leases = try await run(2, in: fixture)
    try await fixture.complete(leases)
    let settler = fixture.settler()
    fixture.queue.fail(.acknowledge, with: .disconnected("gone"))
    await #expect(throws: QueueError.self) { try await settler.drain() }
    #expect(try await fixture.queue.census().outcomesPending == 1)
    try await settler.drain()
    #expect(try await fixture.queue.census().outcomesPending == 0)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).posted.micros == 2 * ControlFixture.price.micros)
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func anAttemptAfterTheEndIsCounted() async throws {
    let fixture = try await ControlFixture()
    let leases = try await run(1, in: fixture)
    try await fixture.complete(leases)
    let settler = fixture.settler()
    try await settler.drain()
    #expect(fixture.metrics.render().contains("strata_attempts_superfluous_total 0"))
    _ = try await fixture.queue.enqueue([leases[0].job])
    try await fixture.complete(try await fixture.lease())
    try await settler.drain()
    #expect(fixture.metrics.render().contains("strata_attempts_superfluous_total 1"))
    #expect(try await fixture.queue.census().outcomesPending == 0)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).posted == ControlFixture.price)
  }

  @Test func aReportThatCannotBeReadEndsItsJobAllTheSame() async throws {
    let fixture = try await ControlFixture()
    let leases = try await run(1, in: fixture)
    try await fixture.complete(leases, report: [0xFF, 0x00])
    try await fixture.settler().drain()
    let job = try #require(try await fixture.ledger.job(leases[0].job.id, tenant: fixture.tenant))
    #expect(job.state == .succeeded && job.charged == ControlFixture.price)
    #expect(try await fixture.ledger.attempts(of: job.id)[0].usage.cpuMicroseconds == 0)
  }

  @Test func anAttemptsErrorIsKeptAfterALaterSuccess() async throws {
    let fixture = try await ControlFixture()
    let first = try await run(1, in: fixture)
    try await fixture.fail(first[0], code: "crashed")
    let second = try await fixture.lease()
    try await fixture.complete(second)
    try await fixture.settler().drain()
    let attempts = try await fixture.control.job(first[0].job.id, tenant: fixture.tenant).attempts
    #expect(attempts.map(\.ending) == [.failed, .succeeded])
    #expect(attempts.map(\.error?.code) == ["crashed", nil])
  }

  @Test func aRefusedOutcomeStaysAndStopsNobody() async throws {
    let fixture = try await ControlFixture()
    let leases = try await run(3, in: fixture)
    try fixture.spoil(leases[1].job.id)
    try await fixture.complete(leases)
    #expect(try await fixture.settler().drain() == [leases[1].job.id])
    #expect(try await fixture.state(of: leases[0].job.id) == .succeeded)
    #expect(try await fixture.state(of: leases[1].job.id) == .queued)
    #expect(try await fixture.state(of: leases[2].job.id) == .succeeded)
    #expect(try await fixture.queue.census().outcomesPending == 1)
  }

  @Test func aRefusedOutcomeIsNotReadAgainAndAgain() async throws {
    let fixture = try await ControlFixture()
    let leases = try await run(2, in: fixture)
    try fixture.spoil(leases[0].job.id)
    try await fixture.complete([leases[0]])
    let settler = fixture.settler()
    let running = Task { await settler.run() }
    await fixture.queue.wait(for: .outcomes, count: 2)
    try await fixture.complete([leases[1]])
    await fixture.queue.wait(for: .outcomes, count: 3)
    #expect(try await fixture.state(of: leases[1].job.id) == .succeeded)
    #expect(fixture.queue.count(of: .outcomesFromStart) == 1)
    #expect(settler.silence != nil)
    running.cancel()
    await running.value
    #expect(settler.silence == nil)
  }

  /// Another server's log may have outcomes that lie before what was read of the one before.
  @Test func aNewServersLogIsReadFromItsStart() async throws {
    let fixture = try await ControlFixture()
    let leases = try await run(2, in: fixture)
    try await fixture.complete([leases[0]])
    let settler = fixture.settler()
    let running = Task { await settler.run() }
    await fixture.queue.wait(for: .acknowledge)
    settler.startOver()
    try await fixture.complete([leases[1]])
    await fixture.queue.wait(for: .outcomesFromStart, count: 2)
    running.cancel()
    await running.value
  }

  @Test func theLedgerMayGoAwayAndComeBack() async throws {
    let server = try PostgreSQLFixture()
    defer { server.stop() }
    let fixture = try await ControlFixture(postgreSQL: server)
    let leases = try await run(1, in: fixture)
    try server.crash()
    try await fixture.complete(leases)
    let settler = fixture.settler()
    let running = Task { await settler.run() }
    // The second reading from the start is the first after a failure.
    await fixture.queue.wait(for: .outcomesFromStart, count: 2)
    try server.start()
    await fixture.queue.wait(for: .acknowledge)
    #expect(try await fixture.state(of: leases[0].job.id) == .succeeded)
    running.cancel()
    await running.value
  }
}
