// The ledger's SQL about arrays, embedded as that of CLedgerScripts.c.
#include "CLedgerScripts.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char advance_array[] = {
#embed "../StrataLedger/Queries/advance_array.sql"
    , 0};
const char *const strata_query_advance_array = advance_array;
static const char count_pending_arrays[] = {
#embed "../StrataLedger/Queries/count_pending_arrays.sql"
    , 0};
const char *const strata_query_count_pending_arrays = count_pending_arrays;
static const char fill_array[] = {
#embed "../StrataLedger/Queries/fill_array.sql"
    , 0};
const char *const strata_query_fill_array = fill_array;
static const char find_array[] = {
#embed "../StrataLedger/Queries/find_array.sql"
    , 0};
const char *const strata_query_find_array = find_array;
static const char hold_arrays[] = {
#embed "../StrataLedger/Queries/hold_arrays.sql"
    , 0};
const char *const strata_query_hold_arrays = hold_arrays;
static const char insert_array[] = {
#embed "../StrataLedger/Queries/insert_array.sql"
    , 0};
const char *const strata_query_insert_array = insert_array;
static const char list_arrays[] = {
#embed "../StrataLedger/Queries/list_arrays.sql"
    , 0};
const char *const strata_query_list_arrays = list_arrays;
static const char list_due_arrays[] = {
#embed "../StrataLedger/Queries/list_due_arrays.sql"
    , 0};
const char *const strata_query_list_due_arrays = list_due_arrays;
static const char list_failed_tasks[] = {
#embed "../StrataLedger/Queries/list_failed_tasks.sql"
    , 0};
const char *const strata_query_list_failed_tasks = list_failed_tasks;
static const char list_unfinished_tasks[] = {
#embed "../StrataLedger/Queries/list_unfinished_tasks.sql"
    , 0};
const char *const strata_query_list_unfinished_tasks = list_unfinished_tasks;
static const char lock_array[] = {
#embed "../StrataLedger/Queries/lock_array.sql"
    , 0};
const char *const strata_query_lock_array = lock_array;
static const char note_array_ends[] = {
#embed "../StrataLedger/Queries/note_array_ends.sql"
    , 0};
const char *const strata_query_note_array_ends = note_array_ends;
static const char notify_arrays[] = {
#embed "../StrataLedger/Queries/notify_arrays.sql"
    , 0};
const char *const strata_query_notify_arrays = notify_arrays;
static const char open_poor_arrays[] = {
#embed "../StrataLedger/Queries/open_poor_arrays.sql"
    , 0};
const char *const strata_query_open_poor_arrays = open_poor_arrays;
static const char pending_arrays_exist[] = {
#embed "../StrataLedger/Queries/pending_arrays_exist.sql"
    , 0};
const char *const strata_query_pending_arrays_exist = pending_arrays_exist;
static const char request_cancels[] = {
#embed "../StrataLedger/Queries/request_cancels.sql"
    , 0};
const char *const strata_query_request_cancels = request_cancels;
static const char migration_011_arrays[] = {
#embed "../StrataLedger/Migrations/011_arrays.up.sql"
    , 0};
const char *const strata_migration_011_arrays = migration_011_arrays;
static const char migration_013_standing[] = {
#embed "../StrataLedger/Migrations/013_standing.up.sql"
    , 0};
const char *const strata_migration_013_standing = migration_013_standing;
static const char migration_015_alternatives[] = {
#embed "../StrataLedger/Migrations/015_alternatives.up.sql"
    , 0};
const char *const strata_migration_015_alternatives = migration_015_alternatives;
static const char find_alike_arrays[] = {
#embed "../StrataLedger/Queries/find_alike_arrays.sql"
    , 0};
const char *const strata_query_find_alike_arrays = find_alike_arrays;
static const char find_alike_batches[] = {
#embed "../StrataLedger/Queries/find_alike_batches.sql"
    , 0};
const char *const strata_query_find_alike_batches = find_alike_batches;
static const char list_ended_tasks[] = {
#embed "../StrataLedger/Queries/list_ended_tasks.sql"
    , 0};
const char *const strata_query_list_ended_tasks = list_ended_tasks;
static const char list_open_tasks[] = {
#embed "../StrataLedger/Queries/list_open_tasks.sql"
    , 0};
const char *const strata_query_list_open_tasks = list_open_tasks;
static const char migration_016_task_states[] = {
#embed "../StrataLedger/Migrations/016_task_states.up.sql"
    , 0};
const char *const strata_migration_016_task_states = migration_016_task_states;
