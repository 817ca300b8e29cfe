package import StrataCore
package import StrataLedger
package import StrataQueue
package import StrataRuntime
import Synchronization

/// What the controller counts. Every name is explained in docs/operations.md.
package final class ControlMetrics: Sendable {
  private let metrics: Metrics
  private let tiersSeen: Mutex<Set<TierName>>

  package let accepted: Counter
  package let repeated: Counter
  package let admissionSeconds: Histogram
  package let settlementBatches: Counter
  package let settlementSeconds: Histogram
  package let superfluous: Counter
  package let leasesExpired: Counter
  package let preemptions: Counter
  package let promoted: Counter
  package let notStartedInTime: Counter
  package let restored: Counter
  package let released: Counter
  package let forgotten: Counter
  package let generationsLost: Counter
  package let scheduleLateness: Histogram

  package init(_ metrics: Metrics = Metrics()) {
    self.metrics = metrics
    tiersSeen = Mutex([])
    accepted = metrics.counter("strata_jobs_accepted_total", help: "Jobs accepted: committed with their holds.")
    repeated = metrics.counter(
      "strata_jobs_repeated_total", help: "Submissions that found their job by its Idempotency-Key.")
    admissionSeconds = metrics.histogram(
      "strata_admission_seconds", help: "From a checked submission to its verdict and its place in the queue.")
    settlementBatches = metrics.counter("strata_settlement_batches_total", help: "Transactions of settlement.")
    settlementSeconds = metrics.histogram(
      "strata_settlement_seconds", help: "From reading a batch of outcomes to its acknowledgement.")
    superfluous = metrics.counter(
      "strata_attempts_superfluous_total",
      help: "Outcomes of attempts made after their job had ended: work for nothing.")
    leasesExpired = metrics.counter("strata_leases_expired_total", help: "Leases of silent workers that were ended.")
    notStartedInTime = metrics.counter(
      "strata_jobs_not_started_in_time_total", help: "Jobs finished since no attempt had begun by their time.")
    preemptions = metrics.counter(
      "strata_jobs_preempted_total", help: "Attempts ended so that a job of a higher class had its room.")
    promoted = metrics.counter(
      "strata_jobs_promoted_total", help: "Jobs made ready when their time had come: scheduled ones and retries.")
    released = metrics.counter(
      "strata_jobs_released_total", help: "Jobs that waited for others and were made ready when those had ended.")
    restored = metrics.counter("strata_jobs_restored_total", help: "Jobs put back into the queue by the reconciler.")
    forgotten = metrics.counter(
      "strata_jobs_forgotten_total", help: "Finished or unknown jobs taken out of the queue by the reconciler.")
    generationsLost = metrics.counter(
      "strata_queue_generations_lost_total", help: "Times the queue had lost its past and was rebuilt.")
    scheduleLateness = metrics.histogram(
      "strata_schedule_lateness_seconds", help: "From the time that a schedule's run was due to the making of its job.")
    for outcome in ScheduleOutcome.names { _ = scheduledCounter(outcome) }
    for place in UnreadableEntry.Place.allCases { _ = unreadableCounter(place) }
  }

  package func refused(_ code: StrataError.Code) {
    metrics.counter(
      "strata_jobs_refused_total", help: "Submissions refused, by the error's code.", labels: ["reason": code.rawValue]
    ).increment()
  }

  package func finished(_ job: FinishedJob) {
    metrics.counter(
      "strata_jobs_finished_total", help: "Jobs settled, by final state and the name they were sold under.",
      labels: ["state": job.state.rawValue, "capability": job.soldAs]
    ).increment()
  }

  package func settled(_ verdict: SettlementVerdict) {
    metrics.counter(
      "strata_settlement_outcomes_total", help: "Outcomes read by the settler, by what became of them.",
      labels: ["verdict": verdict.name]
    ).increment()
    if case .settled(let job) = verdict { finished(job) }
    if verdict == .superfluous { superfluous.increment() }
  }

  package func unreadable(_ place: UnreadableEntry.Place) { unreadableCounter(place).increment() }

  private func unreadableCounter(_ place: UnreadableEntry.Place) -> Counter {
    metrics.counter(
      "strata_queue_unreadable_total", help: "Entries of the queue that could not be read and were moved aside.",
      labels: ["in": place.rawValue])
  }

  package func scheduled(_ outcome: ScheduleOutcome) { scheduledCounter(outcome.name).increment() }

  private func scheduledCounter(_ outcome: String) -> Counter {
    metrics.counter(
      "strata_schedule_runs_total", help: "Runs of schedules that were due, by what became of them.",
      labels: ["outcome": outcome])
  }

  package func reconciled(_ reason: String) {
    metrics.counter(
      "strata_reconciliations_total", help: "Comparisons of queue and ledger, by their reasons.",
      labels: ["reason": reason]
    ).increment()
  }

  // MARK: Gauges, set when somebody reads them

  /// Notes how things are with the queue now.
  ///
  /// - Parameters:
  ///   - census: nil where the queue cannot be asked: the last values stay.
  ///   - lag: the age of the oldest unsettled outcome; zero where there is none.
  ///   - tiers: shown with zeros while nothing is in them.
  package func observe(_ census: QueueCensus?, lag: Duration?, tiers known: [TierName] = []) {
    gauge("strata_queue_reachable", "1 if the queue answers and is complete, else 0.").set(census == nil ? 0 : 1)
    guard let census else { return }
    let tiers = tiersSeen.withLock { seen in
      seen.formUnion(known)
      seen.formUnion(census.tiers.keys)
      return seen
    }
    for tier in tiers {
      let count = census.tiers[tier] ?? .init()
      gauge("strata_queue_ready_jobs", "Jobs that wait, by tier.", tier).set(Double(count.ready))
      gauge("strata_queue_leased_jobs", "Jobs that run, by tier.", tier).set(Double(count.leased))
    }
    gauge("strata_queue_delayed_jobs", "Jobs that wait for their time.").set(Double(census.delayed))
    gauge("strata_workers", "Workers that the queue knows.").set(Double(census.workers.count))
    gauge("strata_queue_unreadable_entries", "Entries that lie aside because they could not be read.")
      .set(Double(census.unreadable))
    gauge("strata_settlement_pending_outcomes", "Outcomes not yet settled.").set(Double(census.outcomesPending))
    if let lag {
      gauge("strata_settlement_lag_seconds", "Age of the oldest unsettled outcome; 0 where there is none.")
        .set(max(0, lag.seconds))
    }
  }

  /// Notes how full the queue is, as far as it has been looked at.
  package func observe(_ door: AdmissionDoor) {
    gauge("strata_admission_open", "1 while jobs are accepted, 0 while the queue is too full.")
      .set(door.closure == nil ? 1 : 0)
    guard let load = door.load else { return }
    gauge("strata_queue_jobs", "Jobs that the queue holds: waiting, delayed and running.").set(Double(load.jobs))
    gauge("strata_queue_memory_used_bytes", "Memory that the queue's server uses of what it may.")
      .set(Double(load.memoryUsedBytes))
    if let most = door.bounds.memoryBytes(load) {
      gauge("strata_queue_memory_max_bytes", "Memory that the queue's server may use.").set(Double(most))
    }
  }

  /// Notes what stands still.
  package func observe(_ causes: [Standstill.Cause]) {
    for cause in Standstill.Cause.allCases {
      metrics.gauge(
        "strata_standstill", help: "1 while something that could move stands still, by what would move it.",
        labels: ["cause": cause.rawValue]
      ).set(causes.contains(cause) ? 1 : 0)
    }
  }

  private func gauge(_ name: String, _ help: String, _ tier: TierName? = nil) -> Gauge {
    metrics.gauge(name, help: help, labels: tier.map { ["tier": $0.rawValue] } ?? [:])
  }
}

extension ScheduleOutcome {
  /// All that `name` can be.
  fileprivate static let names = ["made", "skipped", "refused"]

  /// Its name among the labels.
  fileprivate var name: String {
    switch self {
    case .made: "made"
    case .skipped: "skipped"
    case .refused: "refused"
    }
  }
}

extension SettlementVerdict {
  /// Its name among the labels.
  fileprivate var name: String {
    switch self {
    case .settled: "settled"
    case .recorded: "recorded"
    case .alreadySettled: "already_settled"
    case .superfluous: "superfluous"
    case .unknownJob: "unknown_job"
    case .refused: "refused"
    }
  }
}
