import StrataCore
import StrataLedger
import TestSupport
import Testing

/// What the ledger knows of tiers: sizes that were declared or seen, and rates.
@Suite struct TierTests {
  private static let day = Duration.seconds(86_400)
  private static let gpuRate = TierRate(
    tier: .gpu, cpuHour: MicroEuro(micros: 1), memoryGibibyteHour: MicroEuro(micros: 2),
    wallHour: MicroEuro(micros: 3))

  private func size(_ cores: Int64) -> ResourceRequest {
    ResourceRequest(cpuMillicores: cores * 1_000, memoryBytes: cores << 30, gpuThousandths: cores)
  }

  private func sightings(_ cores: Int64..., of tier: TierName = .gpu) -> [TierSighting] {
    cores.map { TierSighting(tier: tier, size: size($0)) }
  }

  private func tiers(_ bench: LedgerBench) async throws -> [TierName: StoredTier] {
    let tiers = try await bench.ledger.tiers(seenWithin: Self.day)
    return Dictionary(uniqueKeysWithValues: tiers.map { ($0.name, $0) })
  }

  private func cores(_ tier: StoredTier?) -> [Int64] {
    (tier?.seen ?? []).map { $0.size.cpuMillicores / 1_000 }.sorted()
  }

  @Test func aTierIsKnownByItsWorkersAndGetsStandardRates() async throws {
    let bench = try await LedgerBench()
    #expect(try await bench.ledger.note(sightings(4, 8, 4)) == [.gpu])
    let known = try await tiers(bench)
    #expect(known.count == 2 && known[.cpu]?.rate == LedgerBench.rate && cores(known[.cpu]) == [])
    let gpu = try #require(known[.gpu])
    #expect(gpu.rate == .standard(.gpu) && gpu.declared == nil && cores(gpu) == [4, 8])
    #expect(gpu.seen.allSatisfy { (.zero..<Self.day).contains($0.age) })
    // Again it changes nothing but the time.
    _ = try bench.sql("UPDATE tier_worker SET seen_at = seen_at - interval '2 hours'")
    #expect(try await bench.ledger.note(sightings(8)) == [])
    let ages = try await tiers(bench)[.gpu]?.seen.sorted { $0.age < $1.age } ?? []
    #expect(ages.map(\.size) == [size(8), size(4)] && ages.last.map { $0.age >= .seconds(7_200) } == true)
    #expect(try await bench.ledger.note([]) == [])
  }

  @Test func whatWasSeenTooLongAgoDoesNotCount() async throws {
    let bench = try await LedgerBench()
    try await bench.ledger.note(sightings(4, 8))
    _ = try bench.sql("UPDATE tier_worker SET seen_at = now() - interval '25 hours' WHERE cpu_millicores = 4000")
    #expect(cores(try await tiers(bench)[.gpu]) == [8])
    #expect(cores(try await bench.ledger.tiers(seenWithin: Self.day * 2).last) == [4, 8])
    try await bench.ledger.note(sightings(4))
    #expect(cores(try await tiers(bench)[.gpu]) == [4, 8])
  }

  @Test func onlySoManySizesAreKeptOfEachTier() async throws {
    var limits = LedgerLimits()
    limits.offersMax = 3
    let bench = try await LedgerBench(limits: limits)
    try await bench.ledger.note(sightings(1, 2, 3, 4, 5, of: .cpu))
    // Those of workers that live are all kept: else each look would forget some and note them again.
    #expect(cores(try await tiers(bench)[.cpu]) == [1, 2, 3, 4, 5])
    _ = try bench.sql(
      "UPDATE tier_worker SET seen_at = seen_at - interval '10 minutes' - cpu_millicores * interval '1 ms'")
    try await bench.ledger.note(sightings(4, 9, of: .cpu) + sightings(7))
    let kept = try await tiers(bench)
    #expect(cores(kept[.cpu]) == [1, 4, 9] && cores(kept[.gpu]) == [7])
  }

  @Test func ratesComeIntoForceOnlyWhereThereAreNone() async throws {
    let bench = try await LedgerBench()
    let dearer = TierRate(
      tier: .cpu, cpuHour: MicroEuro(micros: 99), memoryGibibyteHour: .zero, wallHour: .zero)
    #expect(try await bench.ledger.note([], rates: [dearer, Self.gpuRate]) == [.gpu])
    #expect(try await bench.ledger.rates() == [LedgerBench.rate, Self.gpuRate])
    #expect(try await tiers(bench)[.gpu]?.rate == Self.gpuRate)
  }

  @Test func anOperatorsChangesAreVersionsAndPartial() async throws {
    let bench = try await LedgerBench()
    try await bench.ledger.change(TierChange(wallHour: MicroEuro(micros: 5)), ofTier: .cpu)
    try await bench.ledger.change(TierChange(declared: .size(size(16)), wallHour: MicroEuro(micros: 5)), ofTier: .cpu)
    let cpu = try #require(try await tiers(bench)[.cpu])
    #expect(cpu.rate.wallHour == MicroEuro(micros: 5) && cpu.rate.cpuHour == LedgerBench.rate.cpuHour)
    #expect(cpu.declared == size(16))
    #expect(try bench.sql("SELECT max(version) FROM tier_rate WHERE tier = 'cpu'") == "2")
    // One that is not known is made, and a size that is not spoken of stays.
    try await bench.ledger.change(TierChange(declared: .size(size(2))), ofTier: .gpu)
    try await bench.ledger.change(TierChange(cpuHour: .zero), ofTier: .gpu)
    let gpu = try #require(try await tiers(bench)[.gpu])
    #expect(gpu.declared == size(2) && gpu.rate.cpuHour == .zero)
    #expect(gpu.rate.wallHour == TierRate.standard(.gpu).wallHour && gpu.seen.isEmpty)
    try await bench.ledger.change(TierChange(declared: .unsaid), ofTier: .gpu)
    #expect(try await tiers(bench)[.gpu]?.declared == nil)
  }

  @Test func aTierIsForgottenUnlessJobsOfItAreUnfinished() async throws {
    let bench = try await LedgerBench()
    try await bench.ledger.change(TierChange(declared: .size(size(2)), cpuHour: MicroEuro(micros: 7)), ofTier: .cpu)
    try await bench.ledger.note(sightings(4, of: .cpu))
    let job = Sample.submission(try await bench.tenant())
    _ = try await bench.ledger.admit([job])
    #expect(try await bench.ledger.forget(tier: .cpu) == 1)
    #expect(try await tiers(bench)[.cpu]?.declared == size(2))
    _ = try await bench.ledger.settled([Sample.outcome(job.job)])
    #expect(try await bench.ledger.forget(tier: .cpu) == 0)
    #expect(try await tiers(bench).isEmpty)
    await #expect(throws: LedgerError.notFound("tier 'cpu'")) { try await bench.ledger.forget(tier: .cpu) }
    // What it cost it costs again when it comes back.
    try await bench.ledger.note(sightings(1, of: .cpu), rates: [LedgerBench.rate])
    let again = try #require(try await tiers(bench)[.cpu])
    #expect(again.rate.cpuHour == MicroEuro(micros: 7) && again.declared == nil && cores(again) == [1])
  }

  @Test func whoNotesAndForgetsAtOnceStandsInNobodysWay() async throws {
    let bench = try await LedgerBench()
    let other = try bench.another()
    try await withThrowingTaskGroup { group in
      for round in 0..<20 {
        group.addTask { _ = try await bench.ledger.note(sightings(Int64(round % 4 + 1))) }
        group.addTask { try await other.change(TierChange(wallHour: MicroEuro(micros: Int64(round))), ofTier: .gpu) }
        group.addTask { _ = try? await other.forget(tier: .gpu) }
      }
      try await group.waitForAll()
    }
    let gaps = try bench.sql("SELECT max(version) - count(*) FROM tier_rate WHERE tier = 'gpu'")
    #expect(gaps == "0")
  }
}
