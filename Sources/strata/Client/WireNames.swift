/// The server names members of a body in its refusals; who typed options is told of those.
package enum WireNames {
  /// The options that stand for members of a body, by the members.
  package static let options: [String: String] = [
    "priority": "--priority", "timeout_seconds": "--timeout", "run_at": "--at", "delay_seconds": "--delay",
    "start_by": "--start-by", "start_within_seconds": "--start-within", "unique_key": "--unique-key",
    "unique_seconds": "--unique-for", "on_duplicate": "--on-duplicate", "after": "--after",
    "on_dependency_failure": "--on-dependency-failure", "max_credits": "--max-credits",
    "max_microcredits": "--max-credits", "grace_seconds": "--grace", "checkpoint_signal": "--checkpoint-signal",
    "preemptible": "--preemptible", "array": "--array", "max_running": "the number after % of --array",
    "batch": "--batch", "jitter_seconds": "--jitter", "starts_at": "--starts", "ends_at": "--ends",
    "time_zone": "--time-zone", "cron": "--cron", "attempts_max": "--attempts",
    "first_delay_milliseconds": "--retry-delay", "retryable_codes": "--retry-on", "weight": "--weight",
    "priority_class": "--class", "running_max": "--running-max", "grant_microcredits": "--credits", "rate": "--rate",
    "burst": "--burst", "missed.tolerance_milliseconds": "the time of --missed skip",
    "missed.limit": "the number of --missed all",
    "keep_room_after_ms": "--keep-room-after", "keep_room_for_ms": "--keep-room-for",
    "class_patience_ms": "--class-patience", "priority_ageing_ms": "--priority-ageing",
    "preempt_after_ms": "--preempt-after", "cpu_millicores": "--cpu", "memory_bytes": "--memory",
    "gpu_thousandths": "--gpu", "labels": "--label", "name": "--name",
    "units_max": "--units-max",
  ]

  /// The same words, with options in place of the members that stand in quotes.
  package static func inOptions(_ words: String) -> String {
    words.replacing(/'([a-z_.]+)'/) { match in options[String(match.1)] ?? String(match.0) }
  }
}
