// SQL text, ended by NUL, of the files of Sources/StrataLedger.
#pragma once

extern const char *const strata_query_authenticate;
extern const char *const strata_query_close_holds;
extern const char *const strata_query_current_prices;
extern const char *const strata_query_current_rates;
extern const char *const strata_query_find_balance;
extern const char *const strata_query_find_job;
extern const char *const strata_query_find_settling;
extern const char *const strata_query_find_states;
extern const char *const strata_query_find_submitted;
extern const char *const strata_query_find_transaction;
extern const char *const strata_query_find_usage;
extern const char *const strata_query_finish_jobs;
extern const char *const strata_query_insert_holds;
extern const char *const strata_query_insert_jobs;
extern const char *const strata_query_insert_key;
extern const char *const strata_query_insert_tenant;
extern const char *const strata_query_insert_usage;
extern const char *const strata_query_largest_token;
extern const char *const strata_query_list_attempts;
extern const char *const strata_query_list_entries;
extern const char *const strata_query_list_jobs;
extern const char *const strata_query_list_keys;
extern const char *const strata_query_list_tenants;
extern const char *const strata_query_list_unfinished;
extern const char *const strata_query_lock_accounts;
extern const char *const strata_query_lock_accounts_of_jobs;
extern const char *const strata_query_lock_publishing;
extern const char *const strata_query_migration_list;
extern const char *const strata_query_migration_lock;
extern const char *const strata_query_migration_record;
extern const char *const strata_query_move_accounts;
extern const char *const strata_query_next_generation;
extern const char *const strata_query_post_transfers;
extern const char *const strata_query_publish_prices;
extern const char *const strata_query_publish_rates;
extern const char *const strata_query_revoke_key;
extern const char *const strata_query_summarise_usage;
extern const char *const strata_query_verify;
extern const char *const strata_query_verify_scans;
extern const char *const strata_query_verify_snapshot;
extern const char *const strata_query_verify_totals;

extern const char *const strata_migration_000_journal;
extern const char *const strata_migration_001_ledger;
