import FoundationEssentials
import StrataCore

/// A job as a schedule keeps it: the names are those of a submission's body.
private struct DraftDocument: Codable {
  let capability: String
  let params: JSONValue
  let inputs: [JobInput]
  let priority: Int
  let tier: TierName?
  let cpuMillicores: Int64?
  let memoryBytes: Int64?
  let gpuThousandths: Int64?
  let timeoutSeconds: Int64?
  let startWithinSeconds: Int64?
  let preemption: PreemptionTerms?
  let maxMicrocredits: Int64?
  let unitsMax: Int64?
  let unique: UniqueKey?
  let alternatives: [JobDraft.Alternative]?
  let metadata: JobMetadata?
  let retry: RetryOverride?

  enum CodingKeys: String, CodingKey {
    case capability, params, inputs, priority, tier, unique, preemption, alternatives, metadata, retry
    case cpuMillicores = "cpu_millicores"
    case memoryBytes = "memory_bytes"
    case gpuThousandths = "gpu_thousandths"
    case timeoutSeconds = "timeout_seconds"
    case startWithinSeconds = "start_within_seconds"
    case maxMicrocredits = "max_microcredits"
    case unitsMax = "units_max"
  }
}

extension JobDraft {
  /// As a schedule keeps it: equal drafts have equal texts.
  var definitionJSON: String {
    let params = try? JSONDecoder().decode(JSONValue.self, from: Data(parametersJSON.utf8))
    let document = DraftDocument(
      capability: capability, params: params ?? .object([:]), inputs: inputs, priority: priority.rawValue, tier: tier,
      cpuMillicores: cpuMillicores, memoryBytes: memoryBytes, gpuThousandths: gpuThousandths,
      timeoutSeconds: timeoutSeconds, startWithinSeconds: startBy?.secondsAfter, preemption: preemption,
      maxMicrocredits: maxCharge?.micros, unitsMax: unitsMax, unique: structure.unique,
      alternatives: alternatives.isEmpty ? nil : alternatives, metadata: metadata.isEmpty ? nil : metadata,
      retry: retry)
    return String(decoding: document.encodedInOrder, as: UTF8.self)
  }

  /// - Throws: `invalidBody` for what this program did not write.
  init(definitionJSON: String) throws(StrataError) {
    let document: DraftDocument
    do {
      document = try JSONDecoder().decode(DraftDocument.self, from: Data(definitionJSON.utf8))
    } catch {
      throw StrataError(
        .invalidBody, "the job of the schedule cannot be read by this version of Strata",
        remedy: "give the schedule its job anew", cause: error)
    }
    self.init(
      capability: document.capability, parametersJSON: document.params.description, inputs: document.inputs,
      priority: JobPriority(rawValue: document.priority) ?? .standard, tier: document.tier,
      cpuMillicores: document.cpuMillicores, memoryBytes: document.memoryBytes,
      gpuThousandths: document.gpuThousandths, timeoutSeconds: document.timeoutSeconds,
      maxCharge: document.maxMicrocredits.map { MicroCredits(micros: $0) },
      startBy: document.startWithinSeconds.map { .after(.seconds($0)) }, preemption: document.preemption,
      structure: JobStructure(unique: document.unique))
    alternatives = document.alternatives ?? []
    metadata = document.metadata ?? JobMetadata()
    retry = document.retry
    unitsMax = document.unitsMax
  }
}
