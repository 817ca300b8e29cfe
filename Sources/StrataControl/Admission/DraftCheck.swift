package import StrataCore
package import StrataLedger
import StrataQueue
import StrataScheduling

/// Turns a draft into a submission, or says why no worker could ever run it. Pure: everything it needs is given.
package struct DraftCheck: Sendable {
  private let catalogue: any CapabilityCatalogue
  private let tiers: [TierName: TierDefinition]
  private let payloadBytesMax: Int
  private let timeoutSecondsMax: Int64

  /// - Parameters:
  ///   - payloadBytesMax: what the queue takes for one job.
  ///   - timeoutSecondsMax: the longest that one attempt may be given; a week.
  package init(
    catalogue: any CapabilityCatalogue, tiers: [TierDefinition],
    payloadBytesMax: Int = QueueLimits().payloadBytesMax, timeoutSecondsMax: Int64 = 604_800
  ) {
    self.catalogue = catalogue
    self.tiers = Dictionary(tiers.map { ($0.name, $0) }) { _, last in last }
    self.payloadBytesMax = payloadBytesMax
    self.timeoutSecondsMax = timeoutSecondsMax
  }

  package func submission(for draft: JobDraft, tenant: TenantID, job: JobID, now: Timestamp) throws(StrataError)
    -> JobSubmission
  {
    guard draft.array == nil else {
      throw StrataError(
        .invalidBody, "an 'array' is submitted by itself, not as one of many and not by a schedule",
        remedy: "submit it alone")
    }
    let (capability, _) = try catalogue.resolve(draft.capability)
    let parameters = try catalogue.check(draft.parametersJSON, inputs: draft.inputs.count, of: draft.capability)
    for input in draft.inputs { try InputName.require(input.name) }
    try requireDistinctNames(draft.inputs)
    let tier = draft.tier ?? capability.tier
    let resources = ResourceRequest(
      cpuMillicores: draft.cpuMillicores ?? capability.resources.cpuMillicores,
      memoryBytes: draft.memoryBytes ?? capability.resources.memoryBytes,
      gpuThousandths: draft.gpuThousandths ?? capability.resources.gpuThousandths)
    try requireSatisfiable(resources, on: tier)
    let timeout = draft.timeoutSeconds ?? capability.timeoutSeconds
    guard (1...max(timeoutSecondsMax, capability.timeoutSeconds)).contains(timeout) else {
      throw StrataError(
        .invalidBody, "a time limit of \(timeout) s cannot be had", remedy: "keep it from 1 to \(timeoutSecondsMax) s")
    }
    try requireFew(draft.structure.after)
    try requireSensible(draft.structure.unique)
    try requireSensible(draft.preemption)
    let runAt = try draft.start?.instant(from: now)?.storable
    let startBy = try startBy(draft, runAt: runAt, now: now)
    let retry = draft.retry ?? capability.retry
    let order = WorkOrder(
      job: job, tenant: tenant, capability: capability.name, version: capability.version, parametersJSON: parameters,
      inputs: draft.inputs, timeoutSeconds: timeout, resources: resources,
      retry: retry == .standard ? nil : retry, task: draft.task, preemption: draft.preemption)
    try requireSmall(order)
    return JobSubmission(
      order: order, soldAs: draft.capability, tier: tier, priority: draft.priority,
      attemptsMax: draft.attemptsMax ?? capability.attemptsMax, idempotencyKey: draft.idempotencyKey,
      fingerprint: Fingerprint.of(
        order, soldAs: draft.capability, tier: tier, priority: draft.priority, start: draft.start,
        startBy: draft.startBy, structure: draft.structure),
      creditsMax: draft.maxCharge, createdAt: now, runAt: runAt, startBy: startBy, structure: draft.structure,
      occurrence: draft.occurrence)
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

  private func requireDistinctNames(_ inputs: [ArtifactReference]) throws(StrataError) {
    guard Set(inputs.map(\.name)).count == inputs.count else {
      throw StrataError(.invalidInput, "two inputs have the same name", remedy: "rename one of them")
    }
  }

  private func requireFew(_ after: [JobID]) throws(StrataError) {
    guard after.count <= JobStructure.afterMax else {
      throw StrataError(
        .invalidInput, "the job is to run after \(after.count) others, at most \(JobStructure.afterMax) are taken",
        remedy: "let a job in between wait for a part of them")
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

  private func requireSatisfiable(_ request: ResourceRequest, on name: TierName) throws(StrataError) {
    guard let tier = tiers[name] else {
      let known = tiers.keys.map(\.rawValue).sorted().joined(separator: ", ")
      throw StrataError(.unsatisfiable, "there is no tier '\(name)'", remedy: "the tiers are: \(known)")
    }
    guard request.cpuMillicores > 0, request.memoryBytes > 0, request.gpuThousandths >= 0 else {
      throw StrataError(.invalidBody, "a job needs some CPU and some memory", remedy: "ask for more than zero")
    }
    guard let gap = ResourceAmounts(request).nearest(of: [tier.offer]) else { return }
    let lacking = gap.lacking.map {
      "\($0.text(of: gap.asked[$0])), and the largest worker has \($0.text(of: gap.offer.amounts[$0]))"
    }
    throw StrataError(
      .unsatisfiable,
      "no worker of tier '\(name)' could ever run this: it asks for \(lacking.joined(separator: ", and for "))",
      remedy: remedy(for: request))
  }

  /// Which other tier could run it; else the one that comes nearest.
  private func remedy(for request: ResourceRequest) -> String {
    let offers = tiers.values.map(\.offer).sorted { $0.tier.rawValue < $1.tier.rawValue }
    let asked = ResourceAmounts(request)
    if let other = offers.first(where: { asked.fits(within: $0.amounts) }) { return "tier '\(other.tier)' could" }
    guard let nearest = asked.nearest(of: offers) else { return "ask for less" }
    let parts = nearest.lacking.map { dimension in
      let amount = nearest.offer.amounts[dimension]
      return amount == 0
        ? "no \(dimension == .gpu ? "GPU" : dimension.rawValue)" : "at most \(dimension.text(of: amount))"
    }
    return "ask for \(parts.joined(separator: " and "))"
      + (offers.count > 1 ? ", which tier '\(nearest.offer.tier)' has" : "")
  }
}

extension TierDefinition {
  fileprivate var offer: OfferedCapacity {
    OfferedCapacity(tier: name, amounts: ResourceAmounts(largestRequest))
  }
}
