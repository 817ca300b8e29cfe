import StrataCore
import StrataLedger
import Testing

/// `verify` finds each kind of wrong that it names.
@Suite struct VerifyTests {
  @Test(arguments: [
    ("account_posted", "UPDATE account SET posted = posted + 1 WHERE kind = 'tenant'"),
    ("account_posted", "UPDATE account SET posted = posted - 1 WHERE name = 'revenue'"),
    ("account_held", "UPDATE account SET held = held + 1 WHERE kind = 'tenant'"),
    ("account_limit", "UPDATE account SET limit_ = limit_ + 1 WHERE kind = 'tenant'"),
    (
      "account_over_limit",
      "ALTER TABLE account DROP CONSTRAINT account_within_limit; UPDATE account SET posted = limit_ + 1 WHERE kind = 'tenant'"
    ),
    ("account_held", "UPDATE job SET hold_amount = hold_amount + 1 WHERE state = 'queued'"),
    (
      "account_held",
      "\(ended); UPDATE job SET state = 'queued', finished_at = NULL, charged = NULL WHERE state = 'succeeded'"
    ),
    ("transfer_without_account", "DELETE FROM account WHERE name = 'revenue'"),
    (
      "charge_over_hold",
      "\(ended); ALTER TABLE job DROP CONSTRAINT job_check; UPDATE job SET charged = hold_amount + 1 WHERE state = 'succeeded'"
    ),
    ("charge_not_posted", "\(ended); UPDATE job SET charged = charged - 1 WHERE state = 'succeeded'"),
    ("charge_not_posted", "\(posted); DELETE FROM transfer WHERE kind = 'charge'"),
    (
      "charge_not_posted",
      "\(posted); UPDATE transfer SET debited = (SELECT id FROM account WHERE name = 'issued') WHERE kind = 'charge'"
    ),
    ("charge_without_job", "DELETE FROM job"),
    ("charge_without_success", "\(ended); UPDATE job SET state = 'failed' WHERE state = 'succeeded'"),
    ("cost_of_job", "UPDATE job SET cost = cost + 1 WHERE state = 'succeeded'"),
    ("usage_without_job", "DELETE FROM job"),
    ("blockers_of_job", "DELETE FROM dependency"),
    ("input_missing", "UPDATE job SET awaited = '{}' WHERE state = 'queued'"),
    (
      "batch_counts",
      "INSERT INTO batch (id, tenant, created_at, total) SELECT id, tenant, now(), 1 FROM job"
    ),
    ("key_outlives_job", "INSERT INTO unique_claim (tenant, key, job) SELECT tenant, state, id FROM job"),
    (
      "dependant_forgotten",
      "INSERT INTO dependency SELECT done.id, waiting.id FROM job AS done, job AS waiting WHERE done.state = 'succeeded' AND waiting.state = 'queued'"
    ),
    ("array_tasks", array), ("array_open", array),
  ]) func aTamperedLedgerIsFoundOut(rule: String, statement: String) async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    var batch = [Sample.submission(tenant), Sample.submission(tenant)]
    batch.append(Sample.submission(tenant, after: [batch[1].job]))
    _ = try await bench.ledger.admit(batch)
    _ = try await bench.ledger.settled([Sample.outcome(batch[0].job)])
    #expect(try await bench.ledger.verify().isSound)
    _ = try bench.sql(statement)
    let report = try await bench.ledger.verify()
    #expect(report.violations.contains { $0.rule == rule })
    #expect(!report.isSound)
  }

  /// Takes the guards away that keep ended jobs and transfers as they are.
  private static let ended = "ALTER TABLE job DISABLE TRIGGER USER"
  private static let posted = "ALTER TABLE transfer DISABLE TRIGGER USER"

  /// All its tasks are said to be made: none is, and its batch is open.
  private static let array = """
    INSERT INTO batch (id, tenant, created_at) SELECT id, tenant, now() FROM job WHERE state = 'succeeded';
    INSERT INTO job_array (id, tenant, fingerprint, draft, indexes, tasks, span, hold_each, next_position, created_at)
    SELECT id, tenant, 'x', '{}', '0-2', 3, '{}', 1, 3, now() FROM job WHERE state = 'succeeded'
    """
}
