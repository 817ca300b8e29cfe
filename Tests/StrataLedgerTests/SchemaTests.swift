import StrataCore
import StrataLedger
import TestSupport
import Testing

/// What the schema itself refuses, whoever asks.
@Suite struct SchemaTests {
  private static let other = "00000000-0000-0000-0000-000000000001"

  @Test(arguments: [
    "UPDATE transfer SET amount = amount + 1", "DELETE FROM transfer", "TRUNCATE transfer",
    "INSERT INTO transfer (id, debited, credited, amount, kind) VALUES ('\(other)', '\(other)', '\(other)', 5, 'grant')",
    "INSERT INTO transfer (id, debited, credited, amount, kind) SELECT gen_random_uuid(), debited, debited, 5, 'charge' FROM transfer",
    "INSERT INTO transfer (id, debited, credited, amount, kind) SELECT gen_random_uuid(), credited, debited, 5, 'charge' FROM transfer",
    "INSERT INTO transfer (id, debited, credited, amount, kind) SELECT id, debited, credited, amount, kind FROM transfer",
    "UPDATE account SET posted = limit_ + 1 WHERE kind = 'tenant'",
    "UPDATE account SET held = limit_ - posted + 1 WHERE kind = 'tenant'",
    "UPDATE job SET state = 'queued', finished_at = NULL, charged = NULL WHERE state = 'succeeded'",
    "UPDATE job SET state = 'failed' WHERE state = 'succeeded'",
    "UPDATE job SET charged = 0 WHERE state = 'succeeded'",
    "UPDATE job SET hold_amount = hold_amount + 1 WHERE state = 'succeeded'",
    "UPDATE job SET state = 'succeeded', finished_at = now(), charged = hold_amount + 1 WHERE state = 'queued'",
    "UPDATE job SET state = 'succeeded' WHERE state = 'queued'",
    "UPDATE job SET charged = hold_amount + 1 WHERE state = 'succeeded'",
    "INSERT INTO usage SELECT * FROM usage",
  ]) func theDatabaseRefuses(statement: String) async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let batch = [Sample.submission(tenant), Sample.submission(tenant)]
    _ = try await bench.ledger.admit(batch)
    _ = try await bench.ledger.settled([Sample.outcome(batch[0].job)])
    let before = try await bench.ledger.verify()
    #expect(throws: StrataError.self) { try bench.sql(statement) }
    #expect(try await bench.ledger.verify() == before)
    #expect(before.isSound)
  }

  @Test func migratingAgainAndAtOnceChangesNothing() async throws {
    let fixture = try PostgreSQLFixture.shared.get()
    let database = try fixture.makeDatabase()
    let ledgers = try (0..<4).map { _ in try Ledger(LedgerBench.configuration(database)) }
    try await withThrowingTaskGroup { group in
      for ledger in ledgers { group.addTask { try await ledger.migrate() } }
      try await group.waitForAll()
    }
    try await ledgers[0].migrate()
    let versions = try fixture.sql(
      "SELECT string_agg(version::text, ' ' ORDER BY version) FROM schema_migration", database: database)
    #expect(versions == (1...Ledger.schemaVersion).map(String.init).joined(separator: " "))
    for ledger in ledgers { await ledger.close() }
  }

  @Test func aNewerOrAlteredDatabaseIsRefused() async throws {
    let bench = try await LedgerBench()
    _ = try bench.sql("INSERT INTO schema_migration (version, name, checksum) VALUES (99, 'later', 'x')")
    let error = await #expect(throws: LedgerError.newerDatabase(found: 99, known: Ledger.schemaVersion)) {
      try await bench.ledger.migrate()
    }
    #expect(error?.strataError.message.contains("newer Strata") == true)
    _ = try bench.sql("DELETE FROM schema_migration WHERE version = 99; UPDATE schema_migration SET checksum = 'x'")
    await #expect(throws: LedgerError.changedMigration(version: 1)) { try await bench.ledger.migrate() }
    _ = try bench.sql("DELETE FROM schema_migration WHERE version = 2")
    await #expect(throws: LedgerError.changedMigration(version: 2)) { try await bench.ledger.migrate() }
  }
}
