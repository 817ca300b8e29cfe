import StrataControl
import StrataCore
import Testing

/// What jobs may ask for of tiers, and in which lane they wait. No I/O.
@Suite struct TierCheckTests {
  private static func size(_ cores: Int64, _ gibibytes: Int64, gpu: Int64 = 0) -> ResourceRequest {
    ResourceRequest(cpuMillicores: cores * 1_000, memoryBytes: gibibytes << 30, gpuThousandths: gpu * 1_000)
  }

  private static func tier(
    _ name: TierName, declared: ResourceRequest? = nil, _ workers: ResourceRequest...
  ) -> TierDefinition {
    TierDefinition(rate: .standard(name), declared: declared, workers: workers)
  }

  private static func check(_ tiers: TierDefinition...) -> TierCheck {
    TierCheck(tiers: Dictionary(uniqueKeysWithValues: tiers.map { ($0.name, $0) }))
  }

  /// What a refusal says; empty where there is none.
  private static func refusal(_ request: ResourceRequest, on name: TierName, by check: TierCheck) -> String {
    do throws(StrataError) { try check.require(request, on: name) } catch {
      return "\(error.code.rawValue): \(error)"
    }
    return ""
  }

  private let some = Self.size(1, 1)

  @Test func offersAreTheDifferentSizesTheSmallestFirst() {
    let tier = Self.tier(.cpu, declared: Self.size(8, 8), Self.size(16, 4), Self.size(2, 2), Self.size(8, 8))
    #expect(tier.offers == [Self.size(2, 2), Self.size(8, 8), Self.size(16, 4)])
    #expect(tier.largestRequest == Self.size(16, 4))
    // A GPU weighs as much as 8 cores.
    #expect(Self.tier(.gpu, Self.size(1, 1, gpu: 1), Self.size(4, 4)).largestRequest == Self.size(1, 1, gpu: 1))
    #expect(Self.tier(.gpu).largestRequest == nil)
  }

  @Test func aRequestHasToFitOneOfferWhole() {
    let check = Self.check(Self.tier(.cpu, declared: Self.size(2, 64), Self.size(16, 8)))
    #expect(Self.refusal(Self.size(16, 8), on: .cpu, by: check) == "")
    #expect(Self.refusal(Self.size(2, 64), on: .cpu, by: check) == "")
    let both = Self.refusal(Self.size(16, 16), on: .cpu, by: check)
    #expect(both.hasPrefix("unsatisfiable: no worker of tier 'cpu' could ever run this"), "\(both)")
    // Half of the memory lacks there, seven eighths of the cores at the other.
    #expect(both.contains("16 GiB of memory, and the nearest worker has 8 GiB of memory"), "\(both)")
    #expect(both.hasSuffix("ask for at most 8 GiB of memory"), "\(both)")
  }

  @Test func whatAnotherTierHasIsNamed() {
    let check = Self.check(Self.tier(.cpu, Self.size(4, 8)), Self.tier(.gpu, Self.size(8, 32, gpu: 1)))
    let elsewhere = Self.refusal(Self.size(8, 8), on: .cpu, by: check)
    #expect(elsewhere.contains("and the largest worker has 4 cores; tier 'gpu' could"), "\(elsewhere)")
    let nowhere = Self.refusal(Self.size(8, 8, gpu: 2), on: .gpu, by: check)
    #expect(nowhere.hasSuffix("ask for at most 1 GPU, and a worker of tier 'gpu' could run it"), "\(nowhere)")
  }

  @Test func anUnknownTierIsRefusedWithWhatIsMeantAndHowOneComesToBe() throws {
    let check = Self.check(Self.tier(.cpu, some), Self.tier(.gpu, some))
    let near = Self.refusal(some, on: try #require(TierName(rawValue: "gpuu")), by: check)
    #expect(near.hasPrefix("unsatisfiable: there is no tier 'gpuu'; did you mean 'gpu'?"), "\(near)")
    #expect(near.contains("--tier gpuu") && near.contains("strata tiers set gpuu"), "\(near)")
    let far = Self.refusal(some, on: try #require(TierName(rawValue: "metal")), by: check)
    #expect(far.contains("the tiers are: cpu, gpu") && !far.contains("did you mean"), "\(far)")
    // The only one there is may look alike, and is not meant.
    let only = Self.refusal(some, on: .gpu, by: Self.check(Self.tier(.cpu, some)))
    #expect(only.contains("the tiers are: cpu;") && !only.contains("did you mean"), "\(only)")
    #expect(Self.refusal(some, on: .cpu, by: Self.check()).contains("there are no tiers yet"))
  }

  @Test func aTierWithoutAnyOfferTakesNoJobs() {
    let check = Self.check(Self.tier(.cpu, some), Self.tier(.gpu))
    let none = Self.refusal(some, on: .gpu, by: check)
    #expect(none.hasPrefix("unsatisfiable: tier 'gpu' takes no jobs"), "\(none)")
    #expect(none.contains("start a worker with --tier gpu"), "\(none)")
    #expect(Self.refusal(Self.size(0, 1), on: .cpu, by: check).hasPrefix("invalid_body"))
  }

  // MARK: Lanes

  @Test func shapesGoNoFurtherThanTheSmallestOfferThatTheRequestFits() {
    let tier = Self.tier(.cpu, declared: Self.size(20, 40), Self.size(5, 8))
    func shape(_ request: ResourceRequest) -> ResourceRequest { LaneRule.shape(of: request, on: tier) }
    // 4.5 cores become 6 where nothing bounds them.
    let request = ResourceRequest(cpuMillicores: 4_500, memoryBytes: 5 << 30)
    #expect(LaneRule.shape(of: request, on: nil) == Self.size(6, 6))
    #expect(shape(request) == Self.size(5, 6))
    // What the smaller one has no room for goes as far as the next.
    #expect(shape(Self.size(17, 5)) == Self.size(20, 6))
    #expect(shape(Self.size(4, 9)) == Self.size(4, 12))
    // What nobody has any more is left to its steps.
    #expect(shape(Self.size(30, 1)) == Self.size(32, 1))
  }

  @Test func everyOfferThatIsLargerThroughoutHasRoomForTheShape() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let small = ResourceRequest(
        cpuMillicores: .random(in: 1_000...64_000, using: &random),
        memoryBytes: .random(in: (1 << 30)...(64 << 30), using: &random))
      let large = ResourceRequest(
        cpuMillicores: small.cpuMillicores + .random(in: 0...9_000, using: &random),
        memoryBytes: small.memoryBytes + .random(in: 0...(9 << 30), using: &random))
      let request = ResourceRequest(
        cpuMillicores: .random(in: 1...small.cpuMillicores, using: &random),
        memoryBytes: .random(in: 1...small.memoryBytes, using: &random))
      let shape = LaneRule.shape(of: request, on: Self.tier(.cpu, large, small))
      #expect(request.fits(in: shape) && shape.fits(in: small) && shape.fits(in: large), "\(request) \(small)")
    }
  }
}
