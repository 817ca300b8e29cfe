import StrataCore
import StrataLedger
import TestSupport
import Testing

/// What becomes of a ledger whose server is replaced by its standby.
@Suite(.serialized) struct FailoverTests {
  /// A primary with a ledger, and its standby, both of which the ledger knows.
  private func withStandby(
    isSynchronous: Bool = true, _ body: (LedgerBench, PostgreSQLFixture, Ledger, String) async throws -> Void
  ) async throws {
    let primary = try PostgreSQLFixture()
    defer { primary.stop() }
    let bench = try await LedgerBench(fixture: primary)
    let standby = try PostgreSQLFixture(standbyOf: primary, isSynchronous: isSynchronous)
    defer { standby.stop() }
    let both = bench.database.replacing("host=\(primary.folder)", with: "host=\(standby.folder),\(primary.folder)")
    let ledger = try Ledger(LedgerBench.configuration(both))
    try await body(bench, standby, ledger, both)
    await ledger.close()
    await bench.ledger.close()
  }

  /// All that keeps a connection follows: the pool, whoever leads, and whoever listens.
  @Test(.timeLimit(.minutes(2))) func aPromotedStandbyIsFollowed() async throws {
    try await withStandby { bench, standby, ledger, both in
      let tenant = try await bench.tenant()
      let before = Sample.submission(tenant, key: "before")
      #expect(try await ledger.admit([before])[0].acceptedJob?.job == before.order.job)
      let leadership = Leadership(LedgerBench.configuration(both))
      let term = try await leadership.lead(.controller)
      var changes = try ledger.scheduleChanges().makeAsyncIterator()
      await changes.next()

      try bench.fixture.crash()
      await term.ended()
      try standby.promote()
      // What was committed was committed by both.
      let again = Sample.submission(tenant, key: "before")
      #expect(try await ledger.admit([again])[0].existingJob?.job == before.order.job)
      #expect(try await ledger.admit([Sample.submission(tenant)])[0].acceptedJob != nil)
      let next = try await leadership.lead(.controller)
      #expect(next.isHeld)
      #expect(try await ledger.isLed(.controller))
      await changes.next()
      await next.resign()
    }
  }

  /// A primary that was fenced off is not read either, and nobody leads by it.
  @Test(.timeLimit(.minutes(2))) func aServerThatTakesNoChangesAnyMoreIsLeft() async throws {
    try await withStandby(isSynchronous: false) { bench, standby, ledger, both in
      let tenant = try await bench.tenant()
      var leadership = Leadership(LedgerBench.configuration(both))
      leadership.heartbeat = .milliseconds(50)
      let term = try await leadership.lead(.controller)
      #expect(try await ledger.balance(of: tenant).limit == MicroCredits(micros: 100_000_000))
      try await waitUntil("the standby has it all") {
        try bench.sql("SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication") == "t"
      }
      try standby.promote()
      try bench.fixture.set("default_transaction_read_only", to: "on")
      await term.ended()
      #expect(try await ledger.admit([Sample.submission(tenant)])[0].acceptedJob != nil)
      let name = try #require(both.split(separator: "=").last.map(String.init))
      #expect(try standby.sql("SELECT count(*) FROM job", database: name) == "1")
      #expect(try bench.sql("SELECT count(*) FROM job") == "0")
    }
  }

  /// Whatever its address allows.
  @Test(.timeLimit(.minutes(1)), arguments: ["", " target_session_attrs=any"])
  func aStandbyIsNoLedger(_ words: String) async throws {
    try await withStandby { bench, standby, _, _ in
      let alone = bench.database.replacing(bench.fixture.folder, with: standby.folder) + words
      var configuration = LedgerBench.configuration(alone)
      configuration.unavailableAfter = .zero
      let ledger = try Ledger(configuration)
      let error = await #expect(throws: LedgerError.self) { try await ledger.tenants() }
      guard case .unavailable(let reason)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(reason.contains("read-only") || reason.contains("standby"), "\(reason)")
      await ledger.close()
    }
  }
}
