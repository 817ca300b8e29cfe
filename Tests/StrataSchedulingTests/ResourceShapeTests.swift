import Foundation
import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct ResourceShapeTests {
  private static func shape(_ cpu: Int64, _ memory: Int64, _ gpu: Int64 = 0, largest: ResourceAmounts? = nil) throws
    -> ResourceAmounts
  {
    try ResourceShape(
      covering: ResourceAmounts(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu), largest: largest
    ).amounts
  }

  @Test func theSizesThatPeopleAskForAreExact() throws {
    for cores: Int64 in [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128] {
      let exact = ResourceAmounts(cpuMillicores: cores * 1_000, memoryBytes: cores << 30, gpuThousandths: cores * 1_000)
      #expect(try ResourceShape(covering: exact).amounts == exact)
    }
    #expect(try Self.shape(250, 256 << 20, 125).gpuThousandths == 125)
  }

  @Test func theGridIsTheOneDocumented() {
    #expect(ResourceShape.steps(of: .cpu).prefix(9) == [63, 94, 125, 188, 250, 375, 500, 750, 1_000])
    #expect(ResourceShape.steps(of: .cpu).last == 1_024_000)
    #expect(ResourceShape.steps(of: .memory).first == 64 << 20)
    #expect(ResourceShape.steps(of: .memory).last == 16 << 40)
    #expect(ResourceShape.steps(of: .gpu).prefix(10) == [0, 125, 188, 250, 375, 500, 750, 1_000, 2_000, 3_000])
    #expect(ResourceDimension.allCases.map { ResourceShape.steps(of: $0).count } == [29, 37, 27])
  }

  @Test func nothingIsRoundedDownAndNothingGrowsByHalf() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<20_000 {
      for dimension in ResourceDimension.allCases {
        let steps = ResourceShape.steps(of: dimension)
        var request = ResourceAmounts()
        request[dimension] = Int64(pow(Double(steps[steps.count - 1]), .random(in: 0...1, using: &random)))
        let asked = request[dimension]
        let given = try ResourceShape(covering: request).amounts[dimension]
        // Rounding to whole thousandths adds at most one of them; between one GPU and two there is no step.
        let bound = dimension == .gpu && (1_000..<2_000).contains(asked) ? asked * 2 : asked * 3 / 2 + 1
        #expect(
          given >= asked && (given <= bound || given == steps.first { $0 > 0 }),
          "\(dimension): \(asked) became \(given), STRATA_SEED=\(testSeed)")
      }
    }
  }

  @Test func theStatedAverageHolds() throws {
    let count = 4_096
    let sum = try (0..<count).reduce(0.0) { sum, index in
      // Evenly spread on a logarithmic scale over 8…16 GiB: the n-th of 4,096 steps of an octave.
      let asked = 8_589_934_592 * pow(2, Double(index) / Double(count))
      return sum + Double(try Self.shape(1_000, Int64(asked)).memoryBytes) / asked
    }
    #expect(abs(sum / Double(count) - 1.202) < 0.002)
  }

  @Test func aStepStopsAtTheLargestWorker() throws {
    let largest = ResourceAmounts(cpuMillicores: 20_000, memoryBytes: 100 << 30, gpuThousandths: 5_000)
    #expect(try Self.shape(18_000, 97 << 30, 5_000, largest: largest) == largest)
    #expect(try Self.shape(13_000, 1 << 30, 0, largest: largest).cpuMillicores == 16_000)
    // What is larger than the largest worker stays so, to be refused.
    #expect(try Self.shape(21_000, 1 << 30, 0, largest: largest).cpuMillicores == 24_000)
    #expect(try Self.shape(1_000, 1 << 30, 0, largest: largest).gpuThousandths == 0)
  }

  @Test func whatHasNoShapeIsRefused() {
    #expect(throws: ResourceShapeError.negative(.memory, -1)) { try Self.shape(1, -1) }
    #expect(throws: ResourceShapeError.tooLarge(.cpu, asked: .max, greatest: 1_024_000)) { try Self.shape(.max, 1) }
    #expect(
      "\(ResourceShapeError.tooLarge(.gpu, asked: 2_000_000, greatest: 1_024_000))"
        == "2000 GPUs is too much; at most 1024 GPUs can be had")
  }

  @Test func theDominantResourceIsTheWeight() {
    func rate(_ cpu: Int64, _ memory: Int64, _ gpu: Int64) -> Int64 {
      ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu).weightMillicores
    }
    #expect(rate(3_000, 4 << 30, 0) == 3_000)
    #expect(rate(1_000, 64 << 30, 1_000) == 16_000)
    #expect(rate(1_000, 1 << 30, 500) == 4_000)
    #expect(rate(0, 1, 0) == 1)
    #expect(rate(.max, .max, .max) == .max)
    #expect(rate(0, 0, 0) == 1)
  }

  @Test func aRefusalNamesTheNearestOfferAndWhatItLacks() throws {
    let offers = try [
      ("cpu", 16_000, 64 << 30, 0), ("gpu", 8_000, 32 << 30, 1_000), ("gpu-cluster", 32_000, 16 << 30, 4_000),
    ].map { name, cpu, memory, gpu in
      OfferedCapacity(
        tier: try #require(TierName(rawValue: name)),
        amounts: ResourceAmounts(cpuMillicores: Int64(cpu), memoryBytes: Int64(memory), gpuThousandths: Int64(gpu)))
    }
    func nearest(_ cpu: Int64, _ memory: Int64, _ gpu: Int64) -> NearestCapacity? {
      ResourceAmounts(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu).nearest(of: offers)
    }
    #expect(nearest(16_000, 64 << 30, 0) == nil)
    // 'cpu' has more of the rest, but no GPU at all.
    let mixed = try #require(nearest(10_000, 32 << 30, 1_000))
    #expect(mixed.offer.tier == .gpu && mixed.lacking == [.cpu])
    #expect(
      "\(mixed)"
        == "no tier has a worker large enough: the nearest is 'gpu', and the job asks for 10 cores where it has 8 cores"
    )
    let wide = try #require(nearest(40_000, 16 << 30, 8_000))
    #expect(wide.offer.tier.rawValue == "gpu-cluster" && wide.lacking == [.cpu, .gpu])
    #expect(ResourceAmounts(cpuMillicores: 1).nearest(of: []) == nil)
  }

  @Test func nearestIsNeverAnOfferThatAnotherOneBeats() {
    var random = SeededGenerator(seed: testSeed)
    func amounts() -> ResourceAmounts {
      ResourceAmounts(
        cpuMillicores: .random(in: 0...8, using: &random), memoryBytes: .random(in: 0...8, using: &random),
        gpuThousandths: .random(in: 0...2, using: &random))
    }
    for _ in 0..<5_000 {
      let request = amounts()
      let offers = (0..<4).map { _ in OfferedCapacity(tier: .cpu, amounts: amounts()) }
      let fits = offers.contains { request.fits(within: $0.amounts) }
      let nearest = request.nearest(of: offers)
      #expect((nearest == nil) == fits, "STRATA_SEED=\(testSeed)")
      guard let nearest else { continue }
      #expect(nearest.lacking == request.lacking(in: nearest.offer.amounts))
      for other in offers where nearest.offer.amounts.fits(within: other.amounts) {
        #expect(request.lacking(in: other.amounts).count >= nearest.lacking.count, "STRATA_SEED=\(testSeed)")
      }
    }
  }
}
