import StrataCore
import StrataLedger
import TestSupport
import Testing

/// A database that an older program made and filled, met by this one.
@Suite struct OlderDatabaseTests {
  private static let tenant = "00000000-0000-0000-0000-00000000000a"
  private static let finished = "00000000-0000-0000-0000-0000000000f1"
  private static let waiting = "00000000-0000-0000-0000-0000000000f2"

  /// What the program that knew two migrations wrote: the tenant of `strata up` with 100 credits, a job that was
  /// charged 30 after one failed attempt, one that waits with a hold of 20, and an artifact.
  private static let history = """
    INSERT INTO tenant (id, name, plan) VALUES ('\(tenant)', 'default', 'local'),
      ('00000000-0000-0000-0000-00000000000b', 'guest', 'free');
    INSERT INTO account (id, kind, name, posted, held, limit_) VALUES ('\(tenant)', 'tenant', 'default', 30, 20, 100),
      ('00000000-0000-0000-0000-00000000000b', 'tenant', 'guest', 0, 0, 0);
    INSERT INTO entry (transaction, leg, account, side, amount, kind) VALUES
      ('00000000-0000-0000-0000-0000000000e1', 0, 'ffffffff-ffff-ffff-ffff-000000000001', 'debit', 100, 'grant'),
      ('00000000-0000-0000-0000-0000000000e1', 1, '\(tenant)', 'credit', 100, 'grant'),
      ('\(finished)', 0, '\(tenant)', 'debit', 30, 'charge'),
      ('\(finished)', 1, 'ffffffff-ffff-ffff-ffff-000000000002', 'credit', 30, 'charge');
    UPDATE account SET posted = 100 WHERE name = 'issued';
    UPDATE account SET posted = -30 WHERE name = 'revenue';
    INSERT INTO job (id, tenant, capability, version, sold_as, price_version, tier, priority, attempts_max, params,
      inputs, timeout_seconds, cpu_millicores, memory_bytes, state, fingerprint, hold_amount, created_at, finished_at,
      charged, cost)
    VALUES
      ('\(finished)', '\(tenant)', 'noop', 1, 'noop', 1, 'cpu', 50, 3, '{}', '[]', 60, 1000, 1048576, 'succeeded', 'x',
        40, now(), now(), 30, 5),
      ('\(waiting)', '\(tenant)', 'noop', 1, 'noop', 1, 'cpu', 50, 3, '{}', '[]', 60, 1000, 1048576, 'queued', 'x',
        20, now(), NULL, NULL, NULL);
    INSERT INTO hold (job, account, amount, state, charged, closed_at) VALUES
      ('\(finished)', '\(tenant)', 40, 'settled', 30, now()), ('\(waiting)', '\(tenant)', 20, 'open', NULL, NULL);
    INSERT INTO usage (job, token, tenant, ending, tier, cpu_microseconds, wall_microseconds, memory_peak_bytes, cost,
      started_at, ended_at)
    VALUES ('\(finished)', 1, '\(tenant)', 'failed', 'cpu', 10, 10, 10, 2, now(), now()),
      ('\(finished)', 2, '\(tenant)', 'succeeded', 'cpu', 10, 10, 10, 3, now(), now());
    INSERT INTO price (name, version, per_job, per_cpu_second) VALUES ('noop', 1, 30, 0);
    INSERT INTO tier_rate (tier, version, cpu_hour, memory_gibibyte_hour, wall_hour) VALUES ('cpu', 1, 0, 0, 0);
    INSERT INTO artifact_owner (tenant, digest, size_bytes) VALUES ('\(tenant)', sha256('x'), 1);
    """

  /// Columns, indexes, constraints and triggers, one a line.
  private static let schema = """
    SELECT line FROM (
      SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line
        FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT 'migration ' || version || ' ' || name || ' ' || encode(checksum, 'hex') FROM schema_migration
    ) AS lines ORDER BY line COLLATE "C"
    """

  @Test(arguments: 1..<Ledger.schemaVersion) func anyOlderSchemaBecomesThePresentOne(version: Int) async throws {
    let fixture = try PostgreSQLFixture.shared.get()
    let (old, new) = (try fixture.makeDatabase(), try fixture.makeDatabase())
    for (database, steps) in [(old, [version, Ledger.schemaVersion]), (new, [Ledger.schemaVersion])] {
      let ledger = try Ledger(LedgerBench.configuration(database))
      for step in steps { try await ledger.migrate(upTo: step) }
      await ledger.close()
    }
    let schema = try fixture.sql(Self.schema, database: new)
    #expect(schema.split(separator: "\n").count > 50)
    #expect(try fixture.sql(Self.schema, database: old) == schema)
  }

  /// A key of several schedules stays that of the first, and batches learn what their jobs were charged.
  @Test func whatNobodyCountedBeforeIsCounted() async throws {
    let fixture = try PostgreSQLFixture.shared.get()
    let database = try fixture.makeDatabase()
    let ledger = try Ledger(LedgerBench.configuration(database))
    try await ledger.migrate(upTo: 11)
    try fixture.sql(Self.history, database: database)
    try fixture.sql(
      """
      INSERT INTO batch (id, tenant, created_at, total, succeeded)
        VALUES ('00000000-0000-0000-0000-0000000000b1', '\(Self.tenant)', now(), 2, 1);
      UPDATE job SET batch = '00000000-0000-0000-0000-0000000000b1';
      INSERT INTO schedule (id, tenant, name, cron, time_zone, draft, missed, overlap, is_paused, idempotency_key,
        created_at, changed_at, decided_at)
      SELECT ('00000000-0000-0000-0000-00000000000' || number)::uuid, '\(Self.tenant)', 'n' || number, '@daily', 'UTC',
        '{}', 'once', 'allow', false, CASE WHEN number < 4 THEN 'k' ELSE 'l' END, now(), now(), now()
      FROM generate_series(1, 4) AS number
      """, database: database)
    try await ledger.migrate()
    #expect(try fixture.sql("SELECT charged, held FROM batch", database: database) == "30|20")
    let keys = "SELECT string_agg(name || coalesce(idempotency_key, '-'), ' ' ORDER BY name) FROM schedule"
    #expect(try fixture.sql(keys, database: database) == "n1k n2- n3- n4l")
    await ledger.close()
  }

  /// What two tables said of one thing becomes one only where they agree.
  @Test(arguments: [
    "UPDATE hold SET amount = amount + 1 WHERE state = 'open'", "DELETE FROM hold WHERE state = 'open'",
    "ALTER TABLE entry DISABLE TRIGGER USER; DELETE FROM entry WHERE side = 'credit' AND kind = 'charge'",
  ]) func wrongBooksAreLeftAsTheyAre(statement: String) async throws {
    let fixture = try PostgreSQLFixture.shared.get()
    let database = try fixture.makeDatabase()
    let ledger = try Ledger(LedgerBench.configuration(database))
    try await ledger.migrate(upTo: 2)
    try fixture.sql(Self.history, database: database)
    try fixture.sql(statement, database: database)
    let error = await #expect(throws: LedgerError.self) { try await ledger.migrate() }
    guard case .database(let refusal) = error else { throw Unexpected(error) }
    #expect(refusal.message.contains("the version of Strata before this one"))
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename IN ('entry', 'hold')"
    #expect(try fixture.sql(tables, database: database) == "2")
    await ledger.close()
  }

  @Test func balancesJobsAndHoldsOutliveTheMigration() async throws {
    let fixture = try PostgreSQLFixture.shared.get()
    let database = try fixture.makeDatabase()
    let ledger = try Ledger(LedgerBench.configuration(database))
    try await ledger.migrate(upTo: 2)
    try fixture.sql(Self.history, database: database)
    let accounts = "SELECT id, kind, name, posted, held, limit_ FROM account ORDER BY id"
    let before = try fixture.sql(accounts, database: database)

    try await ledger.migrate()
    #expect(try fixture.sql(accounts, database: database) == before)
    let report = try await ledger.verify()
    #expect(report.isSound && report.debits == report.credits, "\(report)")
    let tenant = try #require(try await ledger.tenant(named: "default"))
    let legs = try await ledger.entries(of: tenant.id).map { "\($0.kind) \($0.side) \($0.amount.micros)" }
    #expect(legs == ["charge debit 30", "grant credit 100"])
    #expect(tenant.isOperator)
    #expect(try await ledger.tenant(named: "guest")?.isOperator == false)
    let jobs = try await ledger.jobs(JobFilter(tenant: tenant.id))
    #expect(Set(jobs.map(\.state)) == [.succeeded, .queued])

    // The job that waited goes on where it was: it is charged, and nothing stays held.
    let waiting = try #require(jobs.first { $0.state == .queued })
    _ = try await ledger.settled([Sample.outcome(waiting.id, .failed)])
    #expect(try await ledger.balance(of: tenant.id).held == .zero)
    #expect(try await ledger.verify().isSound)
    await ledger.close()
  }
}
