import StrataArtifacts
package import StrataCore
package import StrataLedger
import StrataQueue

/// Turns a draft into a submission, or says why no worker could ever run it. Pure: everything it needs is given.
package struct DraftCheck: Sendable {
  private let catalogue: any CapabilityCatalogue
  private let payloadBytesMax: Int
  private let timeoutSecondsMax: Int64
  private let alternativesMax: Int

  /// - Parameters:
  ///   - payloadBytesMax: what the queue takes for one job.
  ///   - timeoutSecondsMax: the longest that one attempt may be given; a week.
  ///   - alternativesMax: what the queue takes for one job.
  package init(
    catalogue: any CapabilityCatalogue, payloadBytesMax: Int = QueueLimits().payloadBytesMax,
    timeoutSecondsMax: Int64 = 604_800, alternativesMax: Int = QueueLimits().alternativesMax
  ) {
    self.catalogue = catalogue
    self.payloadBytesMax = payloadBytesMax
    self.timeoutSecondsMax = timeoutSecondsMax
    self.alternativesMax = alternativesMax
  }

  /// - Parameter tiers: what is known of them.
  /// - Throws: why it cannot be run as it is; `unsatisfiable` where no worker that is known could.
  package func submission(
    for draft: JobDraft, tenant: TenantID, job: JobID, now: Timestamp, tiers: [TierName: TierDefinition]
  ) throws(StrataError) -> JobSubmission {
    guard draft.array == nil else {
      throw StrataError(
        .invalidBody, "an 'array' is submitted by itself, not as one of many and not by a schedule",
        remedy: "submit it alone")
    }
    let (capability, _) = try catalogue.resolve(draft.capability)
    let parameters = try catalogue.check(
      draft.parametersJSON, inputs: inputCount(draft.inputs, capability.inputs), of: draft.capability)
    try requireDistinctNames(draft.inputs)
    var structure = draft.structure
    structure.after += Set(draft.inputs.compactMap(\.result?.job)).subtracting(structure.after).sorted()
    let tier = draft.tier ?? capability.tier
    let resources = ResourceRequest(
      cpuMillicores: draft.cpuMillicores ?? capability.resources.cpuMillicores,
      memoryBytes: draft.memoryBytes ?? capability.resources.memoryBytes,
      gpuThousandths: draft.gpuThousandths ?? capability.resources.gpuThousandths)
    let preferred = Placement(tier: tier, resources: resources)
    let alternatives = draft.alternatives.map { $0.placement(beside: preferred) }
    try requireFew(alternatives)
    try TierCheck(tiers: tiers).requireOne(of: [preferred] + alternatives)
    let timeout = draft.timeoutSeconds ?? capability.timeoutSeconds
    guard (1...max(timeoutSecondsMax, capability.timeoutSeconds)).contains(timeout) else {
      throw StrataError(
        .invalidBody, "a time limit of \(timeout) s cannot be had", remedy: "keep it from 1 to \(timeoutSecondsMax) s")
    }
    try requireFew(structure.after)
    try requireSensible(structure.unique)
    try requireSensible(draft.preemption)
    let runAt = try draft.start?.instant(from: now)?.storable
    let startBy = try startBy(draft, runAt: runAt, now: now)
    try draft.metadata.check()
    let retry = try retry(of: draft, capability)
    // A job that is done again has what it was held for, whatever is counted today.
    if let unitsMax = draft.unitsMax, draft.structure.retryOf == nil {
      try requireSensible(unitsMax: unitsMax, of: draft.capability)
    }
    var order = WorkOrder(
      job: job, tenant: tenant, capability: capability.name, version: capability.version, parametersJSON: parameters,
      inputs: draft.storedInputs, timeoutSeconds: timeout, resources: resources,
      retry: retry.decidesAsStandard ? nil : retry, task: draft.task, preemption: draft.preemption,
      alternatives: alternatives.isEmpty ? nil : alternatives,
      // However many will be measured, there is room to say it.
      unitsMax: capability.meter == nil ? nil : .max)
    try requireSmall(order)
    let awaited = try awaited(draft.inputs, order, capability.inputs)
    order.unitsMax = capability.meter.map { draft.unitsMax ?? $0.assumedMax }
    return JobSubmission(
      order: order, soldAs: draft.capability, tier: tier, priority: draft.priority,
      attemptsMax: draft.retry?.attemptsMax ?? capability.attemptsMax, idempotencyKey: draft.idempotencyKey,
      fingerprint: Fingerprint.of(order, draft, tier: tier),
      creditsMax: draft.maxCharge, createdAt: now, runAt: runAt, startBy: startBy, structure: structure,
      occurrence: draft.occurrence, metadata: draft.metadata, awaited: awaited)
  }

  /// How many inputs there will be at least: of those that others make only they can tell how many each comes to, but for none.
  private func inputCount(_ inputs: [JobInput], _ bounds: ClosedRange<Int>) -> Int {
    inputs.contains { $0.result != nil } ? max(inputs.count, bounds.lowerBound) : inputs.count
  }

  /// - Returns: nil where all inputs are there.
  /// - Throws: `invalidInput` where what is to be awaited would not fit beside the order.
  private func awaited(
    _ inputs: [JobInput], _ order: WorkOrder, _ count: ClosedRange<Int>
  ) throws(StrataError) -> AwaitedInputs? {
    guard let one = inputs.lazy.compactMap(\.result).first else { return nil }
    // An order is written otherwise once it has inputs, and longer: so it is measured with one.
    var whole = order
    whole.inputs = order.inputs + [ArtifactReference(name: "", digest: ArtifactDigest(hashing: []), sizeBytes: 0)]
    let left = payloadBytesMax - (whole.encoded.count - whole.inputs.encodedInOrder.count)
    let bytes = inputs.encodedInOrder.count
    guard bytes <= left else {
      throw StrataError(
        .invalidInput,
        "the inputs take \(bytes) bytes beside the parameters, those of job \(one.job) among them, and at most \(left) are left",
        remedy: "put large values into an input file, or name results with a pattern")
    }
    return AwaitedInputs(inputs, count: count, bytesMax: left)
  }

  private func retry(of draft: JobDraft, _ capability: Capability) throws(StrataError) -> RetryPolicy {
    guard let own = draft.retry else { return capability.retry }
    do { return try own.applied(to: capability.retry, attemptsMax: capability.attemptsMax) } catch {
      throw StrataError(.invalidBody, "'retry': \(error)")
    }
  }

  private func startBy(_ draft: JobDraft, runAt: Timestamp?, now: Timestamp) throws(StrataError) -> Timestamp? {
    guard let asked = draft.startBy else { return nil }
    guard let startBy = try asked.instant(from: now)?.storable, startBy > runAt ?? now else {
      throw StrataError(
        .invalidBody, "the time by which the job has to have started is \(runAt == nil ? "past" : "before it may run")",
        remedy: "give a later one, or none")
    }
    return startBy
  }

  /// As far as their names are known.
  private func requireDistinctNames(_ inputs: [JobInput]) throws(StrataError) {
    var names: Set<String> = []
    for input in inputs {
      let name: String
      switch input {
      case .artifact(let artifact): name = artifact.name
      case .result(let result):
        try requireSensible(result)
        guard let own = result.name else { continue }
        name = own
      }
      try InputName.require(name)
      guard names.insert(name).inserted else {
        throw StrataError(.invalidInput, "two inputs have the same name", remedy: "rename one of them")
      }
    }
  }

  private func requireSensible(_ result: ResultReference) throws(StrataError) {
    do throws(StrataError) { try InputName.require(result.result, isReserved: false) } catch {
      throw StrataError(
        .invalidName, "no result can be called as an input says (\(error.message))",
        remedy: "give its name as the job that makes it shows it, or * for all")
    }
  }

  private func requireFew(_ alternatives: [Placement]) throws(StrataError) {
    guard alternatives.count <= alternativesMax else {
      throw StrataError(
        .invalidBody, "the job has \(alternatives.count) alternatives, at most \(alternativesMax) are taken",
        remedy: "leave out those that you would like least")
    }
  }

  private func requireFew(_ after: [JobID]) throws(StrataError) {
    guard after.count <= JobStructure.afterMax else {
      throw StrataError(
        .invalidInput,
        "the job is to run after \(after.count) others, those whose results it takes among them, at most \(JobStructure.afterMax) are taken",
        remedy: "let a job in between wait for a part of them")
    }
  }

  /// - Throws: `invalidBody` where nothing of a capability's work is counted, or no job can come to so few.
  func requireSensible(unitsMax: Int64, of name: String) throws(StrataError) {
    guard let meter = try catalogue.resolve(name).capability.meter else {
      throw StrataError(
        .invalidBody, "'units_max' is given, and nothing of the work of '\(name)' is counted", remedy: "leave it out")
    }
    guard unitsMax >= 0 else {
      throw StrataError(.invalidBody, "a job cannot come to \(unitsMax) \(meter.unit)", remedy: "give 0 or more")
    }
  }

  private func requireSensible(_ unique: UniqueKey?) throws(StrataError) {
    guard let unique else { return }
    guard (1...UniqueKey.bytesMax).contains(unique.key.utf8.count), !unique.key.utf8.contains(0) else {
      throw StrataError(.invalidInput, "a unique key has 1 to \(UniqueKey.bytesMax) bytes, none of them zero")
    }
    if let seconds = unique.seconds, !(1...UniqueKey.secondsMax).contains(seconds) {
      throw StrataError(
        .invalidInput, "a unique key cannot be held for \(seconds) s",
        remedy: "keep it from 1 to \(UniqueKey.secondsMax) s, or say nothing to hold it until the job has ended")
    }
  }

  private func requireSensible(_ preemption: PreemptionTerms?) throws(StrataError) {
    guard let grace = preemption?.graceSeconds, !(0...PreemptionTerms.graceSecondsMax).contains(grace) else { return }
    throw StrataError(
      .invalidBody, "a job that is preempted cannot have \(grace) s to save what it has",
      remedy: "keep it from 0 to \(PreemptionTerms.graceSecondsMax) s: whoever needs its room waits as long")
  }

  /// What the queue would not take must not be accepted: it could never run.
  func requireSmall(_ order: WorkOrder) throws(StrataError) {
    let size = order.encoded.count
    guard size <= payloadBytesMax else {
      throw StrataError(
        .invalidInput, "the parameters and the list of inputs take \(size) bytes, at most \(payloadBytesMax) are taken",
        remedy: "put large values into an input file")
    }
  }
}
