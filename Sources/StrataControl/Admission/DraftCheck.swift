package import StrataCore
package import StrataLedger
import StrataQueue

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
    let (capability, _) = try catalogue.resolve(draft.capability)
    let parameters = try catalogue.check(draft.parametersJSON, inputs: draft.inputs.count, for: capability)
    for input in draft.inputs { try InputName.require(input.name) }
    try requireDistinctNames(draft.inputs)
    let tier = draft.tier ?? capability.tier
    let resources = ResourceRequest(
      cpuMillicores: draft.cpuMillicores ?? capability.resources.cpuMillicores,
      memoryBytes: draft.memoryBytes ?? capability.resources.memoryBytes)
    try requireSatisfiable(resources, on: tier)
    let timeout = draft.timeoutSeconds ?? capability.timeoutSeconds
    guard (1...max(timeoutSecondsMax, capability.timeoutSeconds)).contains(timeout) else {
      throw StrataError(
        .invalidInput, "a time limit of \(timeout) s cannot be had", remedy: "keep it from 1 to \(timeoutSecondsMax) s")
    }
    try requireFew(draft.structure.after)
    try requireSensible(draft.structure.unique)
    let order = WorkOrder(
      job: job, tenant: tenant, capability: capability.name, version: capability.version, parametersJSON: parameters,
      inputs: draft.inputs, timeoutSeconds: timeout, resources: resources)
    try requireSmall(order)
    return JobSubmission(
      order: order, soldAs: draft.capability, tier: tier, priority: draft.priority,
      attemptsMax: capability.attemptsMax, idempotencyKey: draft.idempotencyKey,
      fingerprint: Fingerprint.of(
        order, soldAs: draft.capability, tier: tier, priority: draft.priority, structure: draft.structure),
      creditsMax: draft.maxCharge, createdAt: now, structure: draft.structure)
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

  /// What the queue would not take must not be accepted: it could never run.
  private func requireSmall(_ order: WorkOrder) throws(StrataError) {
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
    guard request.cpuMillicores > 0, request.memoryBytes > 0 else {
      throw StrataError(.invalidInput, "a job needs some CPU and some memory", remedy: "ask for more than zero")
    }
    let largest = tier.largestRequest
    guard request.cpuMillicores <= largest.cpuMillicores, request.memoryBytes <= largest.memoryBytes else {
      throw StrataError(
        .unsatisfiable,
        "no worker of tier '\(name)' could ever run this: it asks for \(Self.words(request))",
        remedy: "the largest worker has \(Self.words(largest))")
    }
  }

  private static func words(_ request: ResourceRequest) -> String {
    "\(Double(request.cpuMillicores) / 1_000) cores and \(((request.memoryBytes - 1) >> 20) + 1) MiB"
  }
}
