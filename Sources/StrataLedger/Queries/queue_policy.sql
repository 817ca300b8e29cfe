-- Returns: keep_room_after, keep_room_for, class_patience, priority_ageing, preempt_after; no row where nothing was ever said.
SELECT keep_room_after, keep_room_for, class_patience, priority_ageing, preempt_after FROM queue_policy
