import Glibc
import StrataCore

/// The seed of a random test: from `STRATA_SEED`, to replay a failure, else a new one.
enum Seed {
  static func current() -> UInt64 {
    if let text = getenv("STRATA_SEED"), let seed = UInt64(String(cString: text)) { return seed }
    return .random(in: 0...UInt64(UInt32.max))
  }
}
