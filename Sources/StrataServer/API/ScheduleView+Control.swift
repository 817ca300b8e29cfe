import FoundationEssentials
import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataScheduling

extension ScheduleView {
  init(_ snapshot: ControlPlane.ScheduleSnapshot) {
    let (stored, definition) = (snapshot.stored, snapshot.stored.definition)
    self.init(
      id: stored.id, name: definition.name, cron: definition.cron, timeZone: definition.timeZone,
      job: snapshot.draft.map { JobRequest($0.job) }, missed: MissedRunsRule(definition.missed),
      overlap: definition.overlap, isPaused: definition.isPaused, startsAt: definition.startsAt?.text,
      endsAt: definition.endsAt?.text, jitterSeconds: definition.jitterSeconds, createdAt: stored.createdAt.text,
      changedAt: stored.changedAt.text, nextAt: stored.progress.dueAt?.text,
      times: snapshot.times.map(ScheduleTimeView.init), runs: stored.runs, skips: stored.skips,
      refusals: stored.refusals,
      lastRun: stored.lastRun.map { Run(instant: $0.instant.text, at: $0.at.text, job: $0.job) },
      lastSkip: stored.lastSkip.map { Skip(instant: $0.instant.text, at: $0.at.text, reason: $0.reason.rawValue) },
      lastRefusal: stored.lastRefusal.map {
        Refusal(instant: $0.instant.text, at: $0.at.text, code: $0.error.code, detail: $0.error.message)
      }, chargeMaxMicrocredits: snapshot.terms?.charge?.micros, warnings: .unlessNone(snapshot.terms?.warnings ?? []),
      lastEnd: snapshot.health.last.map { End(job: $0.job, state: $0.state, at: $0.at.text, error: $0.error) },
      failuresInARow: snapshot.health.failuresInARow)
  }
}

extension ScheduleTimeView {
  init(_ time: ControlPlane.ScheduleTime) {
    self.init(instant: time.instant.text, at: time.runsAt.text, local: time.local)
  }
}

extension MissedRunsRule {
  fileprivate init(_ policy: MissedRunsPolicy) {
    switch policy {
    case .skip(let tolerance): self.init(policy: .skip, toleranceMilliseconds: tolerance.milliseconds)
    case .once: self.init(policy: .once)
    case .all(let limit): self.init(policy: .all, limit: limit)
    }
  }
}

extension JobRequest {
  /// What asks for the same job. What was left to the capability is left to it here.
  init(_ draft: JobDraft) {
    let params = try? JSONDecoder().decode([String: JSONValue].self, from: Data(draft.parametersJSON.utf8))
    let unique = draft.structure.unique
    self.init(
      capability: draft.capability, params: params, inputs: draft.inputs.isEmpty ? nil : draft.inputs,
      priority: draft.priority.rawValue, tier: draft.tier?.rawValue,
      resources: ResourceOverride(
        cpuMillicores: draft.cpuMillicores, memoryBytes: draft.memoryBytes, gpuThousandths: draft.gpuThousandths
      ).unlessEmpty,
      timeoutSeconds: draft.timeoutSeconds, startWithinSeconds: draft.startBy?.secondsAfter,
      preemptible: draft.preemption.map { _ in true }, graceSeconds: draft.preemption?.graceSeconds,
      checkpointSignal: draft.preemption?.signal, maxMicrocredits: draft.maxCharge?.micros, uniqueKey: unique?.key,
      uniqueSeconds: unique?.seconds, onDuplicate: unique?.onConflict,
      alternatives: draft.alternatives.isEmpty ? nil : draft.alternatives.map { Alternative($0) },
      name: draft.metadata.name, labels: draft.metadata.labels.isEmpty ? nil : draft.metadata.labels,
      retry: draft.retry, unitsMax: draft.unitsMax)
  }
}

extension JobRequest.Alternative {
  fileprivate init(_ draft: JobDraft.Alternative) {
    self.init(
      tier: draft.tier?.rawValue,
      resources: JobRequest.ResourceOverride(
        cpuMillicores: draft.cpuMillicores, memoryBytes: draft.memoryBytes, gpuThousandths: draft.gpuThousandths
      ).unlessEmpty)
  }
}
