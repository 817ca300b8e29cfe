import Glibc

/// The seed of this run's random tests: `STRATA_SEED`, to replay a failure, else a new one. A test that fails says it.
public let testSeed: UInt64 =
  getenv("STRATA_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0...UInt64(UInt32.max))
