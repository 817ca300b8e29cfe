#include "CQueueScripts.h"
#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char shared_queue_text[] = {
#embed "../../queues/redis/scripts/shared/queue.lua"
    , 0};
static const char shared_record_text[] = {
#embed "../../queues/redis/scripts/shared/record.lua"
    , 0};
static const char shared_lanes_text[] = {
#embed "../../queues/redis/scripts/shared/lanes.lua"
    , 0};
static const char shared_limits_text[] = {
#embed "../../queues/redis/scripts/shared/limits.lua"
    , 0};
static const char shared_tenants_text[] = {
#embed "../../queues/redis/scripts/shared/tenants.lua"
    , 0};
static const char shared_unreadable_text[] = {
#embed "../../queues/redis/scripts/shared/unreadable.lua"
    , 0};
static const char shared_wake_text[] = {
#embed "../../queues/redis/scripts/shared/wake.lua"
    , 0};
static const char shared_workers_text[] = {
#embed "../../queues/redis/scripts/shared/workers.lua"
    , 0};
static const char shared_log_text[] = {
#embed "../../queues/redis/scripts/shared/log.lua"
    , 0};
static const char shared_ready_text[] = {
#embed "../../queues/redis/scripts/shared/ready.lua"
    , 0};
static const char shared_timers_text[] = {
#embed "../../queues/redis/scripts/shared/timers.lua"
    , 0};
static const char shared_keeping_text[] = {
#embed "../../queues/redis/scripts/shared/keeping.lua"
    , 0};
static const char shared_granting_text[] = {
#embed "../../queues/redis/scripts/shared/granting.lua"
    , 0};
static const char shared_turns_text[] = {
#embed "../../queues/redis/scripts/shared/turns.lua"
    , 0};
static const char shared_removing_text[] = {
#embed "../../queues/redis/scripts/shared/removing.lua"
    , 0};
static const char shared_account_text[] = {
#embed "../../queues/redis/scripts/shared/account.lua"
    , 0};
static const char shared_ending_text[] = {
#embed "../../queues/redis/scripts/shared/ending.lua"
    , 0};
static const char shared_holding_text[] = {
#embed "../../queues/redis/scripts/shared/holding.lua"
    , 0};
static const char enqueue_text[] = {
#embed "../../queues/redis/scripts/enqueue.lua"
    , 0};
static const char promote_text[] = {
#embed "../../queues/redis/scripts/promote.lua"
    , 0};
static const char lease_text[] = {
#embed "../../queues/redis/scripts/lease.lua"
    , 0};
static const char heartbeat_text[] = {
#embed "../../queues/redis/scripts/heartbeat.lua"
    , 0};
static const char progress_text[] = {
#embed "../../queues/redis/scripts/progress.lua"
    , 0};
static const char complete_text[] = {
#embed "../../queues/redis/scripts/complete.lua"
    , 0};
static const char fail_text[] = {
#embed "../../queues/redis/scripts/fail.lua"
    , 0};
static const char release_text[] = {
#embed "../../queues/redis/scripts/release.lua"
    , 0};
static const char expire_text[] = {
#embed "../../queues/redis/scripts/expire.lua"
    , 0};
static const char cancel_text[] = {
#embed "../../queues/redis/scripts/cancel.lua"
    , 0};
static const char announce_text[] = {
#embed "../../queues/redis/scripts/announce.lua"
    , 0};
static const char forget_text[] = {
#embed "../../queues/redis/scripts/forget.lua"
    , 0};
static const char install_text[] = {
#embed "../../queues/redis/scripts/install.lua"
    , 0};
static const char reprioritise_text[] = {
#embed "../../queues/redis/scripts/reprioritise.lua"
    , 0};
static const char tune_text[] = {
#embed "../../queues/redis/scripts/tune.lua"
    , 0};
static const char govern_text[] = {
#embed "../../queues/redis/scripts/govern.lua"
    , 0};
static const char status_text[] = {
#embed "../../queues/redis/scripts/status.lua"
    , 0};
static const char log_text[] = {
#embed "../../queues/redis/scripts/log.lua"
    , 0};
static const char census_text[] = {
#embed "../../queues/redis/scripts/census.lua"
    , 0};
static const char page_text[] = {
#embed "../../queues/redis/scripts/page.lua"
    , 0};
static const char aside_text[] = {
#embed "../../queues/redis/scripts/aside.lua"
    , 0};
static const char shared_standing_text[] = {
#embed "../../queues/redis/scripts/shared/standing.lua"
    , 0};
static const char room_text[] = {
#embed "../../queues/redis/scripts/room.lua"
    , 0};
static const char pool_text[] = {
#embed "../../queues/redis/scripts/pool.lua"
    , 0};
static const char standing_text[] = {
#embed "../../queues/redis/scripts/standing.lua"
    , 0};
static const char oldest_text[] = {
#embed "../../queues/redis/scripts/oldest.lua"
    , 0};
static const char shared_capacity_text[] = {
#embed "../../queues/redis/scripts/shared/capacity.lua"
    , 0};
static const char dead_text[] = {
#embed "../../queues/redis/scripts/dead.lua"
    , 0};
static const char leave_text[] = {
#embed "../../queues/redis/scripts/leave.lua"
    , 0};
static const char rewind_text[] = {
#embed "../../queues/redis/scripts/rewind.lua"
    , 0};
static const char reserve_text[] = {
#embed "../../queues/redis/scripts/reserve.lua"
    , 0};
static const char preempt_text[] = {
#embed "../../queues/redis/scripts/preempt.lua"
    , 0};
static const char running_text[] = {
#embed "../../queues/redis/scripts/running.lua"
    , 0};

static const struct {
  const char *name, *text;
} scripts[] = {
    {"shared/queue", shared_queue_text},
    {"shared/record", shared_record_text},
    {"shared/lanes", shared_lanes_text},
    {"shared/limits", shared_limits_text},
    {"shared/tenants", shared_tenants_text},
    {"shared/unreadable", shared_unreadable_text},
    {"shared/wake", shared_wake_text},
    {"shared/workers", shared_workers_text},
    {"shared/log", shared_log_text},
    {"shared/ready", shared_ready_text},
    {"shared/timers", shared_timers_text},
    {"shared/keeping", shared_keeping_text},
    {"shared/granting", shared_granting_text},
    {"shared/turns", shared_turns_text},
    {"shared/removing", shared_removing_text},
    {"shared/account", shared_account_text},
    {"shared/ending", shared_ending_text},
    {"shared/holding", shared_holding_text},
    {"enqueue", enqueue_text},
    {"promote", promote_text},
    {"lease", lease_text},
    {"heartbeat", heartbeat_text},
    {"progress", progress_text},
    {"complete", complete_text},
    {"fail", fail_text},
    {"release", release_text},
    {"expire", expire_text},
    {"cancel", cancel_text},
    {"announce", announce_text},
    {"forget", forget_text},
    {"install", install_text},
    {"reprioritise", reprioritise_text},
    {"tune", tune_text},
    {"govern", govern_text},
    {"status", status_text},
    {"log", log_text},
    {"census", census_text},
    {"page", page_text},
    {"aside", aside_text},
    {"shared/standing", shared_standing_text},
    {"room", room_text},
    {"pool", pool_text},
    {"standing", standing_text},
    {"oldest", oldest_text},
    {"shared/capacity", shared_capacity_text},
    {"preempt", preempt_text},
    {"reserve", reserve_text},
    {"rewind", rewind_text},
    {"dead", dead_text},
    {"leave", leave_text},
    {"running", running_text},
};

const char *strata_queue_script(const char *name) {
  for (unsigned long index = 0; index < sizeof scripts / sizeof *scripts; index++) {
    if (strcmp(scripts[index].name, name) == 0) return scripts[index].text;
  }
  return 0;
}
