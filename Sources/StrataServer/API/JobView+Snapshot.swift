import FoundationEssentials
import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue

extension JobView {
  /// - Parameter isListed: whether what may be long is left out.
  init(_ snapshot: JobSnapshot, isListed: Bool = false) {
    let (record, order) = (snapshot.record, snapshot.record.order)
    let running = snapshot.lease
    var attempts = AttemptView.numbered(snapshot.attempts)
    // The log that the ledger keeps is the last attempt's.
    if let log = record.log, !attempts.isEmpty { attempts[attempts.count - 1].log = log }
    if let running {
      attempts.append(
        AttemptView(
          attempt: running.attempt, preemptedBy: running.preemptor?.rawValue, worker: running.worker,
          tier: running.tier, startedAt: running.startedAt.text))
    }
    let preemptions = snapshot.attempts.count { $0.ending == .preempted }
    self.init(
      id: record.id, state: snapshot.state, capability: record.soldAs, tenant: record.tenant, tier: record.tier,
      priority: record.priority.rawValue, params: isListed ? nil : JSONValue(text: order.parametersJSON),
      inputs: isListed || record.inputs.isEmpty ? nil : record.inputs, resources: order.resources,
      alternatives: order.alternatives,
      timeoutSeconds: order.timeoutSeconds, attemptsMax: record.attemptsMax, attempts: attempts,
      progress: running.flatMap(JobView.Progress.init),
      isCancelRequested: running?.isCancelRequested == true ? true : nil, createdAt: record.createdAt.text,
      runAt: record.runAt?.text, startBy: record.startBy?.text,
      preemption: record.order.preemption, preemptions: preemptions > 0 ? preemptions : nil,
      startedAt: attempts.first?.startedAt, finishedAt: record.finishedAt?.text,
      heldMicrocredits: snapshot.state.isFinal ? 0 : record.held.micros,
      chargeMaxMicrocredits: record.held.micros, costMicroeuro: record.cost?.micros ?? 0,
      chargedMicrocredits: record.charged?.micros ?? 0, results: record.results,
      summary: record.summaryJSON.flatMap(JSONValue.init(text:)),
      error: record.error, jobsAhead: snapshot.jobsAhead,
      scheduledFor: snapshot.scheduledFor?.text,
      after: record.structure.after.isEmpty ? nil : record.structure.after,
      onDependencyFailure: record.structure.after.isEmpty ? nil : record.structure.dependencyPolicy,
      waitsFor: record.state == .blocked ? record.blockers : nil, batch: record.structure.batch,
      uniqueKey: record.structure.unique?.key, retryOf: record.structure.retryOf, retriedBy: record.retriedBy,
      schedule: record.occurrence.map {
        ScheduledRunView(id: $0.schedule, name: record.scheduleName, instant: $0.instant?.text)
      }, task: record.order.task.map { JobView.TaskView(array: $0.array, index: $0.index) },
      name: record.metadata.name, labels: record.metadata.labels.isEmpty ? nil : record.metadata.labels,
      retry: isListed ? nil : order.retry, unitsMax: order.unitsMax)
  }
}

extension JSONValue {
  /// What a JSON text says; nil for what is none.
  fileprivate init?(text: String) {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return nil }
    self = value
  }
}

extension JobView.Progress {
  /// Nil until the worker has said something.
  fileprivate init?(_ lease: LeaseStatus) {
    guard lease.fraction != nil || lease.stage != nil else { return nil }
    self.init(fraction: lease.fraction, stage: lease.stage)
  }
}

extension AttemptView {
  /// An attempt that was handed back, or preempted, does not count: the next one has its number again.
  static func numbered(_ attempts: [StoredAttempt]) -> [AttemptView] {
    var number = 1
    return attempts.map { attempt in
      defer { if ![.released, .preempted].contains(attempt.ending) { number += 1 } }
      return AttemptView(attempt, number: number)
    }
  }

  init(_ attempt: StoredAttempt, number: Int) {
    self.init(
      attempt: number, ending: attempt.ending, preemptedBy: attempt.preemptor?.rawValue, worker: attempt.worker,
      tier: attempt.tier, startedAt: attempt.startedAt?.text, endedAt: attempt.endedAt.text, usage: attempt.usage,
      costMicroeuro: attempt.cost.micros,
      error: attempt.error)
  }
}
