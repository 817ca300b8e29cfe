import StrataCore
import StrataLedger
import StrataRuntime
import Testing

/// Where PostgreSQL is another machine, round trips are what an operation takes: they are counted here, and not to grow.
@Suite struct RoundTripTests {
  /// The round trips of `body`.
  private func count(in bench: LedgerBench, _ body: () async throws -> Void) async throws -> UInt64 {
    let before = bench.roundTrips.value
    try await body()
    return bench.roundTrips.value - before
  }

  @Test(arguments: [1, 500]) func aBatchIsAcceptedAndSettledInAsManyHoweverManyItHas(jobs: Int) async throws {
    let bench = try await LedgerBench()
    let tenants = [try await bench.tenant("a", credits: 10_000), try await bench.tenant("b", credits: 10_000)]
    let batch = (0..<jobs).map { Sample.submission(tenants[$0 % 2], key: "key-\($0)") }
    let accepting = try await count(in: bench) {
      let verdicts = try await bench.ledger.admit(batch)
      #expect(verdicts.allSatisfy { $0.acceptedJob != nil })
    }
    #expect(accepting <= 2, "accepting \(jobs) took \(accepting)")
    let settling = try await count(in: bench) {
      let settled = try await bench.ledger.settled(batch.map { Sample.outcome($0.job) })
      #expect(settled.allSatisfy { $0.finishedJob != nil })
    }
    #expect(settling <= 2, "settling \(jobs) took \(settling)")
  }
}
