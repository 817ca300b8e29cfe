// The ledger's SQL about tiers, embedded as that of CLedgerScripts.c.
#include "CLedgerScripts.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char change_rates[] = {
#embed "../StrataLedger/Queries/change_rates.sql"
    , 0};
const char *const strata_query_change_rates = change_rates;
static const char change_tier[] = {
#embed "../StrataLedger/Queries/change_tier.sql"
    , 0};
const char *const strata_query_change_tier = change_tier;
static const char delete_tier[] = {
#embed "../StrataLedger/Queries/delete_tier.sql"
    , 0};
const char *const strata_query_delete_tier = delete_tier;
static const char insert_tiers[] = {
#embed "../StrataLedger/Queries/insert_tiers.sql"
    , 0};
const char *const strata_query_insert_tiers = insert_tiers;
static const char list_tier_workers[] = {
#embed "../StrataLedger/Queries/list_tier_workers.sql"
    , 0};
const char *const strata_query_list_tier_workers = list_tier_workers;
static const char list_tiers[] = {
#embed "../StrataLedger/Queries/list_tiers.sql"
    , 0};
const char *const strata_query_list_tiers = list_tiers;
static const char note_tier_workers[] = {
#embed "../StrataLedger/Queries/note_tier_workers.sql"
    , 0};
const char *const strata_query_note_tier_workers = note_tier_workers;
static const char rate_tiers[] = {
#embed "../StrataLedger/Queries/rate_tiers.sql"
    , 0};
const char *const strata_query_rate_tiers = rate_tiers;
static const char trim_tier_workers[] = {
#embed "../StrataLedger/Queries/trim_tier_workers.sql"
    , 0};
const char *const strata_query_trim_tier_workers = trim_tier_workers;
static const char migration_014_tiers[] = {
#embed "../StrataLedger/Migrations/014_tiers.up.sql"
    , 0};
const char *const strata_migration_014_tiers = migration_014_tiers;
static const char recent_ends[] = {
#embed "../StrataLedger/Queries/recent_ends.sql"
    , 0};
const char *const strata_query_recent_ends = recent_ends;
static const char find_jobs[] = {
#embed "../StrataLedger/Queries/find_jobs.sql"
    , 0};
const char *const strata_query_find_jobs = find_jobs;
