import StrataCore
import StrataLedger
import TestSupport
import Testing

@Suite struct ConnectionTests {
  @Test func aServerThatStaysAwayIsUnavailableAndOneThatReturnsIsFound() async throws {
    let fixture = try PostgreSQLFixture()
    defer { fixture.stop() }
    let bench = try await LedgerBench(fixture: fixture)
    let tenant = try await bench.tenant()
    try fixture.crash()
    var impatient = LedgerBench.configuration(bench.database)
    impatient.unavailableAfter = .zero
    let second = try Ledger(impatient)
    await #expect(throws: LedgerError.self) { try await second.balance(of: tenant) }
    try fixture.start()
    // Both the pool that never connected and the one whose connections died.
    #expect(try await second.balance(of: tenant).limit == MicroCredits(micros: 100_000_000))
    #expect(try await bench.ledger.balance(of: tenant).limit == MicroCredits(micros: 100_000_000))
    await second.close()
  }

  @Test(arguments: ["53100", "53200", "53300"]) func aServerWithoutRoomIsUnavailable(_ state: String) async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    _ = try bench.sql(
      """
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '\(state)'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON job FOR EACH ROW EXECUTE FUNCTION refuse()
      """)
    let error = await #expect(throws: LedgerError.self) {
      _ = try await bench.ledger.admit([Sample.submission(tenant)])
    }
    guard case .exhausted? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.strataError.code == .unavailable && error?.strataError.remedy != nil)
    _ = try bench.sql("DROP TRIGGER refuse ON job")
    #expect(try await bench.ledger.admit([Sample.submission(tenant)])[0].acceptedJob != nil)
  }

  @Test func aClosedLedgerSaysSo() async throws {
    let bench = try await LedgerBench()
    await bench.ledger.close()
    await bench.ledger.close()
    await #expect(throws: LedgerError.closed) { try await bench.ledger.tenants() }
  }

  /// A leader whose heartbeats do not come is, to the server, one that is frozen or cut off: its session is ended.
  @Test(.timeLimit(.minutes(1))) func aSilentLeaderIsFollowed() async throws {
    let bench = try await LedgerBench()
    #expect(try await !bench.ledger.isLed(.controller))
    var frozen = Leadership(LedgerBench.configuration(bench.database))
    frozen.heartbeat = .seconds(3_600)
    frozen.silenceMax = .milliseconds(100)
    let first = try await frozen.lead(.controller)
    #expect(try await bench.ledger.isLed(.controller))
    let second = try await Leadership(LedgerBench.configuration(bench.database)).lead(.controller)
    await first.ended()
    #expect(second.isHeld && !first.isHeld)
    #expect(try await !bench.ledger.isLed(LeaderRole(rawValue: 77)))
    await second.resign()
  }

  @Test(arguments: ["", "?sslmode=disable&keepalives_idle=7"]) func aURITakesWhatWeAddToIt(query: String) async throws {
    let bench = try await LedgerBench()
    let folder = try #require(bench.database.split(separator: " ").first?.dropFirst("host=".count))
    let name = try #require(bench.database.split(separator: "=").last)
    let host = folder.replacing("/", with: "%2F")
    let ledger = try Ledger(PostgreSQLConfiguration(connectionString: "postgresql://strata@\(host)/\(name)\(query)"))
    #expect(try await ledger.tenants().count == 0)
    await ledger.close()
  }

  @Test func oneLeadsAtATimeAndAnotherFollows() async throws {
    let bench = try await LedgerBench()
    let leadership = Leadership(LedgerBench.configuration(bench.database))
    let first = try await leadership.lead(.controller)
    #expect(first.isHeld)
    let candidate = Task { try await leadership.lead(.controller) }
    let impatient = Task { try await leadership.lead(.controller) }
    impatient.cancel()
    await #expect(throws: CancellationError.self) { try await impatient.value }
    let elsewhere = try await leadership.lead(LeaderRole(rawValue: 77))
    #expect(elsewhere.isHeld && first.isHeld)
    await first.resign()
    #expect(!first.isHeld)
    let second = try await candidate.value
    #expect(second.isHeld)
    // The server ends the leader's session, as a failover would.
    _ = try bench.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND granted")
    await second.ended()
    #expect(!second.isHeld)
    let third = try await leadership.lead(.controller)
    #expect(third.isHeld)
  }
}
