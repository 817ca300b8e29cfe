// The ledger's SQL, embedded so that the binary needs no files beside it. One entry here and one in the header for each
// file of Sources/StrataLedger/Queries and Sources/StrataLedger/Migrations.
#include "CLedgerScripts.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char authenticate[] = {
#embed "../StrataLedger/Queries/authenticate.sql"
    , 0};
const char *const strata_query_authenticate = authenticate;
static const char current_prices[] = {
#embed "../StrataLedger/Queries/current_prices.sql"
    , 0};
const char *const strata_query_current_prices = current_prices;
static const char current_rates[] = {
#embed "../StrataLedger/Queries/current_rates.sql"
    , 0};
const char *const strata_query_current_rates = current_rates;
static const char find_alike[] = {
#embed "../StrataLedger/Queries/find_alike.sql"
    , 0};
const char *const strata_query_find_alike = find_alike;
static const char find_balance[] = {
#embed "../StrataLedger/Queries/find_balance.sql"
    , 0};
const char *const strata_query_find_balance = find_balance;
static const char find_job[] = {
#embed "../StrataLedger/Queries/find_job.sql"
    , 0};
const char *const strata_query_find_job = find_job;
static const char find_settling[] = {
#embed "../StrataLedger/Queries/find_settling.sql"
    , 0};
const char *const strata_query_find_settling = find_settling;
static const char find_states[] = {
#embed "../StrataLedger/Queries/find_states.sql"
    , 0};
const char *const strata_query_find_states = find_states;
static const char find_submitted[] = {
#embed "../StrataLedger/Queries/find_submitted.sql"
    , 0};
const char *const strata_query_find_submitted = find_submitted;
static const char find_transfer[] = {
#embed "../StrataLedger/Queries/find_transfer.sql"
    , 0};
const char *const strata_query_find_transfer = find_transfer;
static const char find_unreadable[] = {
#embed "../StrataLedger/Queries/find_unreadable.sql"
    , 0};
const char *const strata_query_find_unreadable = find_unreadable;
static const char find_usage[] = {
#embed "../StrataLedger/Queries/find_usage.sql"
    , 0};
const char *const strata_query_find_usage = find_usage;
static const char finish_jobs[] = {
#embed "../StrataLedger/Queries/finish_jobs.sql"
    , 0};
const char *const strata_query_finish_jobs = finish_jobs;
static const char insert_jobs[] = {
#embed "../StrataLedger/Queries/insert_jobs.sql"
    , 0};
const char *const strata_query_insert_jobs = insert_jobs;
static const char insert_key[] = {
#embed "../StrataLedger/Queries/insert_key.sql"
    , 0};
const char *const strata_query_insert_key = insert_key;
static const char insert_tenant[] = {
#embed "../StrataLedger/Queries/insert_tenant.sql"
    , 0};
const char *const strata_query_insert_tenant = insert_tenant;
static const char insert_usage[] = {
#embed "../StrataLedger/Queries/insert_usage.sql"
    , 0};
const char *const strata_query_insert_usage = insert_usage;
static const char leader_heartbeat[] = {
#embed "../StrataLedger/Queries/leader_heartbeat.sql"
    , 0};
const char *const strata_query_leader_heartbeat = leader_heartbeat;
static const char leader_exists[] = {
#embed "../StrataLedger/Queries/leader_exists.sql"
    , 0};
const char *const strata_query_leader_exists = leader_exists;
static const char read_clock[] = {
#embed "../StrataLedger/Queries/read_clock.sql"
    , 0};
const char *const strata_query_read_clock = read_clock;
static const char leader_lock[] = {
#embed "../StrataLedger/Queries/leader_lock.sql"
    , 0};
const char *const strata_query_leader_lock = leader_lock;
static const char list_attempts[] = {
#embed "../StrataLedger/Queries/list_attempts.sql"
    , 0};
const char *const strata_query_list_attempts = list_attempts;
static const char list_accepted[] = {
#embed "../StrataLedger/Queries/list_accepted.sql"
    , 0};
const char *const strata_query_list_accepted = list_accepted;
static const char list_cancelling[] = {
#embed "../StrataLedger/Queries/list_cancelling.sql"
    , 0};
const char *const strata_query_list_cancelling = list_cancelling;
static const char list_entries[] = {
#embed "../StrataLedger/Queries/list_entries.sql"
    , 0};
const char *const strata_query_list_entries = list_entries;
static const char list_jobs[] = {
#embed "../StrataLedger/Queries/list_jobs.sql"
    , 0};
const char *const strata_query_list_jobs = list_jobs;
static const char list_keys[] = {
#embed "../StrataLedger/Queries/list_keys.sql"
    , 0};
const char *const strata_query_list_keys = list_keys;
static const char list_tenants[] = {
#embed "../StrataLedger/Queries/list_tenants.sql"
    , 0};
const char *const strata_query_list_tenants = list_tenants;
static const char list_tenant_unfinished[] = {
#embed "../StrataLedger/Queries/list_tenant_unfinished.sql"
    , 0};
const char *const strata_query_list_tenant_unfinished = list_tenant_unfinished;
static const char list_unfinished[] = {
#embed "../StrataLedger/Queries/list_unfinished.sql"
    , 0};
const char *const strata_query_list_unfinished = list_unfinished;
static const char lock_accounts[] = {
#embed "../StrataLedger/Queries/lock_accounts.sql"
    , 0};
const char *const strata_query_lock_accounts = lock_accounts;
static const char lock_accounts_of_jobs[] = {
#embed "../StrataLedger/Queries/lock_accounts_of_jobs.sql"
    , 0};
const char *const strata_query_lock_accounts_of_jobs = lock_accounts_of_jobs;
static const char lock_publishing[] = {
#embed "../StrataLedger/Queries/lock_publishing.sql"
    , 0};
const char *const strata_query_lock_publishing = lock_publishing;
static const char lock_tenant[] = {
#embed "../StrataLedger/Queries/lock_tenant.sql"
    , 0};
const char *const strata_query_lock_tenant = lock_tenant;
static const char migration_list[] = {
#embed "../StrataLedger/Queries/migration_list.sql"
    , 0};
const char *const strata_query_migration_list = migration_list;
static const char migration_lock[] = {
#embed "../StrataLedger/Queries/migration_lock.sql"
    , 0};
const char *const strata_query_migration_lock = migration_lock;
static const char migration_record[] = {
#embed "../StrataLedger/Queries/migration_record.sql"
    , 0};
const char *const strata_query_migration_record = migration_record;
static const char move_accounts[] = {
#embed "../StrataLedger/Queries/move_accounts.sql"
    , 0};
const char *const strata_query_move_accounts = move_accounts;
static const char next_generation[] = {
#embed "../StrataLedger/Queries/next_generation.sql"
    , 0};
const char *const strata_query_next_generation = next_generation;
static const char post_transfers[] = {
#embed "../StrataLedger/Queries/post_transfers.sql"
    , 0};
const char *const strata_query_post_transfers = post_transfers;
static const char publish_prices[] = {
#embed "../StrataLedger/Queries/publish_prices.sql"
    , 0};
const char *const strata_query_publish_prices = publish_prices;
static const char revoke_key[] = {
#embed "../StrataLedger/Queries/revoke_key.sql"
    , 0};
const char *const strata_query_revoke_key = revoke_key;
static const char summarise_usage[] = {
#embed "../StrataLedger/Queries/summarise_usage.sql"
    , 0};
const char *const strata_query_summarise_usage = summarise_usage;
static const char verify[] = {
#embed "../StrataLedger/Queries/verify.sql"
    , 0};
const char *const strata_query_verify = verify;
static const char verify_scans[] = {
#embed "../StrataLedger/Queries/verify_scans.sql"
    , 0};
const char *const strata_query_verify_scans = verify_scans;
static const char verify_snapshot[] = {
#embed "../StrataLedger/Queries/verify_snapshot.sql"
    , 0};
const char *const strata_query_verify_snapshot = verify_snapshot;
static const char verify_totals[] = {
#embed "../StrataLedger/Queries/verify_totals.sql"
    , 0};
const char *const strata_query_verify_totals = verify_totals;
static const char migration_000_journal[] = {
#embed "../StrataLedger/Migrations/000_journal.up.sql"
    , 0};
const char *const strata_migration_000_journal = migration_000_journal;
static const char migration_001_ledger[] = {
#embed "../StrataLedger/Migrations/001_ledger.up.sql"
    , 0};
const char *const strata_migration_001_ledger = migration_001_ledger;
static const char find_owned[] = {
#embed "../StrataLedger/Queries/find_owned.sql"
    , 0};
const char *const strata_query_find_owned = find_owned;
static const char own_artifacts[] = {
#embed "../StrataLedger/Queries/own_artifacts.sql"
    , 0};
const char *const strata_query_own_artifacts = own_artifacts;
static const char migration_002_artifacts[] = {
#embed "../StrataLedger/Migrations/002_artifacts.up.sql"
    , 0};
const char *const strata_migration_002_artifacts = migration_002_artifacts;
static const char migration_003_surface[] = {
#embed "../StrataLedger/Migrations/003_surface.up.sql"
    , 0};
const char *const strata_migration_003_surface = migration_003_surface;
static const char migration_004_recovery[] = {
#embed "../StrataLedger/Migrations/004_recovery.up.sql"
    , 0};
const char *const strata_migration_004_recovery = migration_004_recovery;
static const char count_preemptions[] = {
#embed "../StrataLedger/Queries/count_preemptions.sql"
    , 0};
const char *const strata_query_count_preemptions = count_preemptions;
static const char count_unreadable[] = {
#embed "../StrataLedger/Queries/count_unreadable.sql"
    , 0};
const char *const strata_query_count_unreadable = count_unreadable;
static const char request_cancel[] = {
#embed "../StrataLedger/Queries/request_cancel.sql"
    , 0};
const char *const strata_query_request_cancel = request_cancel;
static const char migration_006_sharing[] = {
#embed "../StrataLedger/Migrations/006_sharing.up.sql"
    , 0};
const char *const strata_migration_006_sharing = migration_006_sharing;
static const char change_gate[] = {
#embed "../StrataLedger/Queries/change_gate.sql"
    , 0};
const char *const strata_query_change_gate = change_gate;
static const char change_sharing[] = {
#embed "../StrataLedger/Queries/change_sharing.sql"
    , 0};
const char *const strata_query_change_sharing = change_sharing;
static const char list_gates[] = {
#embed "../StrataLedger/Queries/list_gates.sql"
    , 0};
const char *const strata_query_list_gates = list_gates;
static const char list_sharings[] = {
#embed "../StrataLedger/Queries/list_sharings.sql"
    , 0};
const char *const strata_query_list_sharings = list_sharings;
static const char migration_007_structure[] = {
#embed "../StrataLedger/Migrations/007_structure.up.sql"
    , 0};
const char *const strata_migration_007_structure = migration_007_structure;
static const char find_dependencies[] = {
#embed "../StrataLedger/Queries/find_dependencies.sql"
    , 0};
const char *const strata_query_find_dependencies = find_dependencies;
static const char insert_dependencies[] = {
#embed "../StrataLedger/Queries/insert_dependencies.sql"
    , 0};
const char *const strata_query_insert_dependencies = insert_dependencies;
static const char find_dependants[] = {
#embed "../StrataLedger/Queries/find_dependants.sql"
    , 0};
const char *const strata_query_find_dependants = find_dependants;
static const char delete_dependencies[] = {
#embed "../StrataLedger/Queries/delete_dependencies.sql"
    , 0};
const char *const strata_query_delete_dependencies = delete_dependencies;
static const char count_blockers[] = {
#embed "../StrataLedger/Queries/count_blockers.sql"
    , 0};
const char *const strata_query_count_blockers = count_blockers;
static const char find_results[] = {
#embed "../StrataLedger/Queries/find_results.sql"
    , 0};
const char *const strata_query_find_results = find_results;
static const char release_jobs[] = {
#embed "../StrataLedger/Queries/release_jobs.sql"
    , 0};
const char *const strata_query_release_jobs = release_jobs;
static const char find_resolutions[] = {
#embed "../StrataLedger/Queries/find_resolutions.sql"
    , 0};
const char *const strata_query_find_resolutions = find_resolutions;
static const char note_resolutions[] = {
#embed "../StrataLedger/Queries/note_resolutions.sql"
    , 0};
const char *const strata_query_note_resolutions = note_resolutions;
static const char clear_resolutions[] = {
#embed "../StrataLedger/Queries/clear_resolutions.sql"
    , 0};
const char *const strata_query_clear_resolutions = clear_resolutions;
static const char find_batches[] = {
#embed "../StrataLedger/Queries/find_batches.sql"
    , 0};
const char *const strata_query_find_batches = find_batches;
static const char find_batch[] = {
#embed "../StrataLedger/Queries/find_batch.sql"
    , 0};
const char *const strata_query_find_batch = find_batch;
static const char open_batch[] = {
#embed "../StrataLedger/Queries/open_batch.sql"
    , 0};
const char *const strata_query_open_batch = open_batch;
static const char grow_batches[] = {
#embed "../StrataLedger/Queries/grow_batches.sql"
    , 0};
const char *const strata_query_grow_batches = grow_batches;
static const char count_batches[] = {
#embed "../StrataLedger/Queries/count_batches.sql"
    , 0};
const char *const strata_query_count_batches = count_batches;
static const char close_batch[] = {
#embed "../StrataLedger/Queries/close_batch.sql"
    , 0};
const char *const strata_query_close_batch = close_batch;
static const char find_claims[] = {
#embed "../StrataLedger/Queries/find_claims.sql"
    , 0};
const char *const strata_query_find_claims = find_claims;
static const char claim_keys[] = {
#embed "../StrataLedger/Queries/claim_keys.sql"
    , 0};
const char *const strata_query_claim_keys = claim_keys;
static const char free_keys[] = {
#embed "../StrataLedger/Queries/free_keys.sql"
    , 0};
const char *const strata_query_free_keys = free_keys;
static const char expire_keys[] = {
#embed "../StrataLedger/Queries/expire_keys.sql"
    , 0};
const char *const strata_query_expire_keys = expire_keys;
static const char find_retries[] = {
#embed "../StrataLedger/Queries/find_retries.sql"
    , 0};
const char *const strata_query_find_retries = find_retries;
static const char list_retryable[] = {
#embed "../StrataLedger/Queries/list_retryable.sql"
    , 0};
const char *const strata_query_list_retryable = list_retryable;
static const char queue_policy[] = {
#embed "../StrataLedger/Queries/queue_policy.sql"
    , 0};
const char *const strata_query_queue_policy = queue_policy;
static const char change_queue_policy[] = {
#embed "../StrataLedger/Queries/change_queue_policy.sql"
    , 0};
const char *const strata_query_change_queue_policy = change_queue_policy;
static const char change_priority[] = {
#embed "../StrataLedger/Queries/change_priority.sql"
    , 0};
const char *const strata_query_change_priority = change_priority;
static const char migration_008_artifact_store[] = {
#embed "../StrataLedger/Migrations/008_artifact_store.up.sql"
    , 0};
const char *const strata_migration_008_artifact_store = migration_008_artifact_store;
static const char claim_artifact_store[] = {
#embed "../StrataLedger/Queries/claim_artifact_store.sql"
    , 0};
const char *const strata_query_claim_artifact_store = claim_artifact_store;
static const char find_artifact_store[] = {
#embed "../StrataLedger/Queries/find_artifact_store.sql"
    , 0};
const char *const strata_query_find_artifact_store = find_artifact_store;
static const char migration_009_schedules[] = {
#embed "../StrataLedger/Migrations/009_schedules.up.sql"
    , 0};
const char *const strata_migration_009_schedules = migration_009_schedules;
static const char advance_schedules[] = {
#embed "../StrataLedger/Queries/advance_schedules.sql"
    , 0};
const char *const strata_query_advance_schedules = advance_schedules;
static const char change_schedule[] = {
#embed "../StrataLedger/Queries/change_schedule.sql"
    , 0};
const char *const strata_query_change_schedule = change_schedule;
static const char delete_schedule[] = {
#embed "../StrataLedger/Queries/delete_schedule.sql"
    , 0};
const char *const strata_query_delete_schedule = delete_schedule;
static const char find_made_schedule[] = {
#embed "../StrataLedger/Queries/find_made_schedule.sql"
    , 0};
const char *const strata_query_find_made_schedule = find_made_schedule;
static const char find_schedule[] = {
#embed "../StrataLedger/Queries/find_schedule.sql"
    , 0};
const char *const strata_query_find_schedule = find_schedule;
static const char insert_schedule[] = {
#embed "../StrataLedger/Queries/insert_schedule.sql"
    , 0};
const char *const strata_query_insert_schedule = insert_schedule;
static const char list_due_schedules[] = {
#embed "../StrataLedger/Queries/list_due_schedules.sql"
    , 0};
const char *const strata_query_list_due_schedules = list_due_schedules;
static const char list_schedules[] = {
#embed "../StrataLedger/Queries/list_schedules.sql"
    , 0};
const char *const strata_query_list_schedules = list_schedules;
static const char lock_schedules[] = {
#embed "../StrataLedger/Queries/lock_schedules.sql"
    , 0};
const char *const strata_query_lock_schedules = lock_schedules;
static const char next_due_schedule[] = {
#embed "../StrataLedger/Queries/next_due_schedule.sql"
    , 0};
const char *const strata_query_next_due_schedule = next_due_schedule;
static const char notify_schedules[] = {
#embed "../StrataLedger/Queries/notify_schedules.sql"
    , 0};
const char *const strata_query_notify_schedules = notify_schedules;
static const char migration_010_timing[] = {
#embed "../StrataLedger/Migrations/010_timing.up.sql"
    , 0};
const char *const strata_migration_010_timing = migration_010_timing;
static const char migration_012_preemption[] = {
#embed "../StrataLedger/Migrations/012_preemption.up.sql"
    , 0};
const char *const strata_migration_012_preemption = migration_012_preemption;
static const char migration_017_metadata[] = {
#embed "../StrataLedger/Migrations/017_metadata.up.sql"
    , 0};
const char *const strata_migration_017_metadata = migration_017_metadata;

static const char migration_018_transfers[] = {
#embed "../StrataLedger/Migrations/018_transfers.up.sql"
    , 0};
const char *const strata_migration_018_transfers = migration_018_transfers;

static const char migration_019_token_floor[] = {
#embed "../StrataLedger/Migrations/019_token_floor.up.sql"
    , 0};
const char *const strata_migration_019_token_floor = migration_019_token_floor;

static const char migration_020_batches_of_tenants[] = {
#embed "../StrataLedger/Migrations/020_batches_of_tenants.up.sql"
    , 0};
const char *const strata_migration_020_batches_of_tenants = migration_020_batches_of_tenants;

static const char migration_021_awaited_inputs[] = {
#embed "../StrataLedger/Migrations/021_awaited_inputs.up.sql"
    , 0};
const char *const strata_migration_021_awaited_inputs = migration_021_awaited_inputs;

static const char migration_022_meters[] = {
#embed "../StrataLedger/Migrations/022_meters.up.sql"
    , 0};
const char *const strata_migration_022_meters = migration_022_meters;
