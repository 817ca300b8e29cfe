-- $1…$5 bigint: the columns of queue_policy, in milliseconds; null leaves one as it is.
INSERT INTO queue_policy (keep_room_after, keep_room_for, class_patience, priority_ageing, preempt_after)
VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint)
ON CONFLICT (only_one) DO UPDATE SET
  keep_room_after = coalesce($1::bigint, queue_policy.keep_room_after),
  keep_room_for = coalesce($2::bigint, queue_policy.keep_room_for),
  class_patience = coalesce($3::bigint, queue_policy.class_patience),
  priority_ageing = coalesce($4::bigint, queue_policy.priority_ageing),
  preempt_after = coalesce($5::bigint, queue_policy.preempt_after)
