internal import CLedgerScripts

/// One step of the schema. An applied one is never edited: its text's digest is kept in the database and compared.
struct Migration: Sendable {
  let name: String
  let text: String

  /// In order; the first is version 1.
  static let all = [
    unsafe Migration("001_ledger", strata_migration_001_ledger),
    unsafe Migration("002_artifacts", strata_migration_002_artifacts),
    unsafe Migration("003_surface", strata_migration_003_surface),
    unsafe Migration("004_recovery", strata_migration_004_recovery),
    unsafe Migration("006_sharing", strata_migration_006_sharing),
    unsafe Migration("007_structure", strata_migration_007_structure),
    unsafe Migration("008_artifact_store", strata_migration_008_artifact_store),
    unsafe Migration("009_schedules", strata_migration_009_schedules),
    unsafe Migration("010_timing", strata_migration_010_timing),
    unsafe Migration("011_arrays", strata_migration_011_arrays),
    unsafe Migration("012_preemption", strata_migration_012_preemption),
    unsafe Migration("013_standing", strata_migration_013_standing),
    unsafe Migration("014_tiers", strata_migration_014_tiers),
    unsafe Migration("015_alternatives", strata_migration_015_alternatives),
    unsafe Migration("016_task_states", strata_migration_016_task_states),
    unsafe Migration("017_metadata", strata_migration_017_metadata),
    unsafe Migration("018_transfers", strata_migration_018_transfers),
    unsafe Migration("019_token_floor", strata_migration_019_token_floor),
    unsafe Migration("020_batches_of_tenants", strata_migration_020_batches_of_tenants),
    unsafe Migration("021_awaited_inputs", strata_migration_021_awaited_inputs),
    unsafe Migration("022_meters", strata_migration_022_meters),
  ]
  /// The journal of applied migrations itself.
  static let journal = unsafe Migration("000_journal", strata_migration_000_journal)

  private init(_ name: String, _ text: UnsafePointer<CChar>) {
    self.name = name
    self.text = unsafe String(cString: text)
  }
}

extension Ledger {
  /// The version of the schema that this binary makes and knows.
  public static let schemaVersion = Migration.all.count
}
