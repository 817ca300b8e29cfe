import StrataRuntime

/// The seed of a random test: from `STRATA_SEED` to replay one, else fresh.
enum Seed {
  static var current: UInt64 {
    Environment.current["STRATA_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)
  }
}
