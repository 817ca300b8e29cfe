import StrataArtifacts
import StrataCore

/// A digest of what a client asked for, so that an idempotency key that comes back with something else is noticed.
enum Fingerprint {
  /// - Parameter order: what `draft` comes to.
  static func of(_ order: WorkOrder, _ draft: JobDraft, tier: TierName) -> [UInt8] {
    // The identifier is new with every request and is left out: the fixed one stands for it.
    var fixed = order.renamed(JobID(high: 0, low: 0))
    // What is measured says nothing of what was asked for.
    fixed.unitsMax = draft.structure.retryOf == nil ? draft.unitsMax : nil
    // What was not asked for adds nothing, as the policy of a job that is done again, nor does standing alone: digests of
    // before jobs could have it stay as they are.
    let text =
      fixed.encodedInOrder + Array("\n\(draft.capability)\n\(tier)\n\(draft.priority.rawValue)".utf8)
      + Array((draft.start.map { "\n\($0.fingerprint)" } ?? "").utf8)
      + Array((draft.startBy.map { "\nby \($0.fingerprint)" } ?? "").utf8)
      + (draft.structure.isPlain ? [] : [0x0A] + draft.structure.encodedInOrder)
      + (draft.structure.retryOf == nil && draft.inputs.contains { $0.result != nil }
        ? [0x0A] + draft.inputs.encodedInOrder : [])
      + (draft.metadata.isEmpty ? [] : [0x0A] + draft.metadata.encodedInOrder)
      + (draft.retry.flatMap { draft.structure.retryOf == nil ? [0x0A] + $0.encodedInOrder : nil } ?? [])
    return ArtifactDigest(hashing: text).bytes
  }
}
