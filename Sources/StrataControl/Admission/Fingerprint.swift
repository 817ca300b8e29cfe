import StrataArtifacts
import StrataCore

/// A digest of what a client asked for, so that an idempotency key that comes back with something else is noticed.
enum Fingerprint {
  static func of(
    _ order: WorkOrder, soldAs: String, tier: TierName, priority: JobPriority, structure: JobStructure
  ) -> [UInt8] {
    // The identifier is new with every request and is left out: the fixed one stands for it.
    let fixed = order.renamed(JobID(high: 0, low: 0))
    let text = fixed.encodedInOrder + Array("\n\(soldAs)\n\(tier)\n\(priority.rawValue)".utf8)
    // A job that stands alone has the digest that it had before jobs could stand otherwise.
    return ArtifactDigest(hashing: structure.isPlain ? text : text + [0x0A] + structure.encodedInOrder).bytes
  }
}
