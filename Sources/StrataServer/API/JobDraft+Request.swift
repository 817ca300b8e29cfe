import StrataAPI
import StrataControl
import StrataCore

extension JobDraft {
  /// What a client's body asks for, checked as far as that can be done without knowing what there is.
  init(_ asked: JobRequest, key: String?) throws(HTTPRefusal) {
    if let priority = asked.priority, JobPriority(rawValue: priority) == nil {
      throw .invalidBody("'priority' is \(priority); keep it from 0 to 100")
    }
    for tier in [asked.tier] + (asked.alternatives ?? []).map(\.tier) {
      guard let tier, TierName(rawValue: tier) == nil else { continue }
      throw .invalidBody("'\(tier)' cannot be a tier's name (a–z, 0–9 and -, at most 32)")
    }
    for case .artifact(let input) in asked.inputs ?? [] where !ArtifactRoutes.isPlainName(input.name) {
      throw HTTPRefusal(
        .unprocessableContent, "invalid_name", "the input's name '\(input.name)' is not a plain file name")
    }
    self.init(
      capability: asked.capability, parametersJSON: JSONValue.object(asked.params ?? [:]).description,
      inputs: asked.inputs ?? [], priority: asked.priority.flatMap(JobPriority.init) ?? .standard,
      tier: asked.tier.flatMap(TierName.init), cpuMillicores: asked.resources?.cpuMillicores,
      memoryBytes: asked.resources?.memoryBytes, gpuThousandths: asked.resources?.gpuThousandths,
      timeoutSeconds: asked.timeoutSeconds, maxCharge: try ChargeBound.read(asked), start: try StartTime(asked),
      startBy: try StartTime(startBy: asked), preemption: try PreemptionTerms(asked), idempotencyKey: key,
      structure: try JobStructure(asked), array: try asked.array.map(ArrayDraft.init))
    alternatives = (asked.alternatives ?? []).map { Alternative($0) }
    metadata = JobMetadata(name: asked.name, labels: asked.labels ?? [:])
    retry = asked.retry?.unlessEmpty
    unitsMax = asked.unitsMax
  }
}

extension JobDraft.Alternative {
  fileprivate init(_ asked: JobRequest.Alternative) {
    self.init(
      tier: asked.tier.flatMap(TierName.init), cpuMillicores: asked.resources?.cpuMillicores,
      memoryBytes: asked.resources?.memoryBytes, gpuThousandths: asked.resources?.gpuThousandths)
  }
}

extension ArrayDraft {
  fileprivate init(_ asked: ArrayRequest) throws(HTTPRefusal) {
    do throws(StrataError) {
      switch (asked.tasks, asked.range) {
      case (let count?, nil): self.init(try TaskIndexes(count: count), runningMax: asked.maxRunning)
      case (nil, let text?): self.init(try TaskIndexes(text: text), runningMax: asked.maxRunning)
      default:
        throw StrataError(.invalidInput, "an 'array' has either 'tasks' or a 'range'", remedy: "give one of the two")
      }
    } catch {
      throw .invalidBody(error.description)
    }
  }
}

extension PreemptionTerms {
  /// - Returns: nil for a job that may not be preempted.
  fileprivate init?(_ asked: JobRequest) throws(HTTPRefusal) {
    guard asked.preemptible == true else {
      if asked.graceSeconds == nil, asked.checkpointSignal == nil { return nil }
      throw .invalidBody("'grace_seconds' and 'checkpoint_signal' belong to a job that is 'preemptible'")
    }
    self.init(
      graceSeconds: asked.graceSeconds ?? Self.graceSecondsStandard, signal: asked.checkpointSignal ?? .terminate)
  }
}

extension JobStructure {
  fileprivate init(_ asked: JobRequest) throws(HTTPRefusal) {
    let takesResults = asked.inputs?.contains { $0.result != nil } == true
    if asked.onDependencyFailure != nil, asked.after?.isEmpty != false, !takesResults {
      throw .invalidBody(
        "'on_dependency_failure' says what becomes of a job with 'after' or results of others as inputs")
    }
    if asked.uniqueKey == nil, asked.uniqueSeconds != nil || asked.onDuplicate != nil {
      throw .invalidBody("'unique_seconds' and 'on_duplicate' belong to a 'unique_key'")
    }
    let unique = asked.uniqueKey.map {
      UniqueKey($0, seconds: asked.uniqueSeconds, onConflict: asked.onDuplicate ?? .existing)
    }
    self.init(
      after: asked.after ?? [], dependencyPolicy: asked.onDependencyFailure ?? .fail, batch: asked.batch,
      unique: unique)
  }
}

extension HTTPRefusal {
  static func invalidBody(_ detail: String) -> HTTPRefusal {
    HTTPRefusal(.unprocessableContent, "invalid_body", detail)
  }
}

extension HTTPRequest {
  /// - Throws: 400 for a key that is none.
  func idempotencyKey() throws(HTTPRefusal) -> String? {
    guard let key = self.headers["idempotency-key"] else { return nil }
    guard (1...255).contains(key.utf8.count) else {
      throw HTTPRefusal(.badRequest, "invalid_idempotency_key", "an Idempotency-Key has 1 to 255 bytes")
    }
    return key
  }
}

extension JobAccepted {
  init(_ job: AdmittedJob) {
    self.init(
      id: job.id, state: job.state, heldMicrocredits: job.state.isFinal || job.tasks != nil ? 0 : job.held.micros,
      estimate: .init(chargeMaxMicrocredits: job.held.times(job.tasks ?? 1).micros), isRepeat: job.isRepeat,
      tasks: job.tasks, warnings: .unlessNone(job.warnings))
  }
}

extension [SubmissionWarningView] {
  static func unlessNone(_ warnings: [SubmissionWarning]) -> Self? {
    warnings.isEmpty ? nil : warnings.map { SubmissionWarningView(code: $0.code.rawValue, detail: $0.message) }
  }
}
