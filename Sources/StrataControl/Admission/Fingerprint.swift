import StrataArtifacts
import StrataCore

/// A digest of what a client asked for, so that an idempotency key that comes back with something else is noticed.
enum Fingerprint {
  static func of(
    _ order: WorkOrder, soldAs: String, tier: TierName, priority: JobPriority, start: StartTime?,
    startBy: StartTime?, structure: JobStructure
  ) -> [UInt8] {
    // The identifier is new with every request and is left out: the fixed one stands for it.
    let fixed = order.renamed(JobID(high: 0, low: 0))
    // Times that were not asked for add nothing, nor does standing alone: digests of before jobs could have either
    // stay as they are.
    let text =
      fixed.encodedInOrder + Array("\n\(soldAs)\n\(tier)\n\(priority.rawValue)".utf8)
      + Array((start.map { "\n\($0.fingerprint)" } ?? "").utf8)
      + Array((startBy.map { "\nby \($0.fingerprint)" } ?? "").utf8)
      + (structure.isPlain ? [] : [0x0A] + structure.encodedInOrder)
    return ArtifactDigest(hashing: text).bytes
  }
}
