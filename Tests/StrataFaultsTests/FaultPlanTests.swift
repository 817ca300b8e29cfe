import Foundation
import StrataCore
import StrataFaults
import Testing

@Suite struct FaultPlanTests {
  @Test func aSeedMakesOnePlan() {
    for seed in 0..<50 as Range<UInt64> { #expect(FaultPlan(seed: seed) == FaultPlan(seed: seed)) }
    #expect(Set((0..<50 as Range<UInt64>).map { FaultPlan(seed: $0).strikes }).count > 45)
  }

  @Test func aPlanIsReadBackAsItWasWritten() throws {
    for seed in 0..<50 as Range<UInt64> {
      let plan = FaultPlan(seed: seed)
      #expect(try JSONDecoder().decode(FaultPlan.self, from: JSONEncoder().encode(plan)) == plan)
    }
  }

  /// What is never planned is never tried.
  @Test func everyFaultAndEveryActionComesUp() {
    let plans = (0..<400 as Range<UInt64>).map { FaultPlan(seed: $0) }
    #expect(Set(plans.flatMap { $0.strikes.map(\.fault) }) == Set(Fault.allCases))
    let words = Set(plans.flatMap { $0.requests.map { "\($0.action)".prefix { $0 != "(" } } })
    #expect(words == ["submit", "submitMany", "submitArray", "cancel", "reprioritise", "limit"])
    let works = plans.flatMap { plan in
      plan.requests.compactMap { if case .submit(let work) = $0.action { work } else { nil } }
    }
    #expect(works.contains { $0.failures > 0 } && works.contains { $0.delaySeconds != nil })
    #expect(works.contains { !$0.after.isEmpty } && works.contains { $0.uniqueKey != nil })
    #expect(works.contains { $0.startWithinSeconds != nil } && works.contains(where: \.isPreemptible))
    let places = Set(plans.flatMap { $0.strikes.compactMap { $0.place?.split(separator: ":").first } })
    #expect(places.isSuperset(of: ["controller@before-queue", "controller@after-ledger", "controller@commit-enqueue"]))
  }

  @Test func onlyTheFaultsAskedForStrike() {
    for seed in 0..<50 as Range<UInt64> {
      let plan = FaultPlan(seed: seed, of: [.redisKilled, .workerFrozen])
      #expect(Set(plan.strikes.map(\.fault)).isSubset(of: [.redisKilled, .workerFrozen]))
      #expect(FaultPlan(seed: seed, of: []).strikes.isEmpty)
    }
  }

  /// They take longer to start: only some plans pay for them, and nothing strikes there that cannot.
  @Test func onePlanInSixIsOfReplicatedServers() {
    let plans = (0..<600 as Range<UInt64>).map { FaultPlan(seed: $0) }
    let replicated = plans.filter(\.isReplicated)
    #expect((60...140).contains(replicated.count), "\(replicated.count)")
    #expect(!replicated.flatMap(\.strikes).contains { !$0.fault.strikesReplicas })
    #expect(!Fault.allCases.contains { $0.needsReplicas && !$0.strikesReplicas })
    let asked = (0..<20 as Range<UInt64>).map { FaultPlan(seed: $0, of: [.redisFailedOver]) }
    #expect(!asked.contains { !$0.isReplicated })
  }

  @Test func requestsNameEarlierOnes() {
    for seed in 0..<100 as Range<UInt64> {
      for request in FaultPlan(seed: seed).requests {
        switch request.action {
        case .submit(let work): #expect(work.after.allSatisfy { $0 < request.number })
        case .cancel(let other), .reprioritise(let other, _): #expect(other < request.number)
        default: break
        }
      }
    }
  }

  @Test func shrinkingLeavesWhatItTakes() async throws {
    let plan = try #require(largePlan)
    let needed = [plan.strikes[3], plan.strikes[11]]
    let request = plan.requests[5]
    var asked = 0
    let small = await plan.shrunk { plan in
      asked += 1
      return needed.allSatisfy(plan.strikes.contains) && plan.requests.contains(request)
    }
    #expect(small.strikes == needed && small.requests == [request])
    #expect(asked < 200)
  }

  @Test func shrinkingEndsWithWhatItHasFound() async throws {
    let plan = try #require(largePlan)
    let same = await plan.shrunk { _ in throw CancellationError() }
    #expect(same == plan)
    var asked = 0
    let smaller = await plan.shrunk { plan in
      asked += 1
      if asked > 3 { throw CancellationError() }
      return asked == 2
    }
    #expect(smaller.strikes.count < plan.strikes.count && smaller.requests == plan.requests)
  }

  /// Enough to look at.
  private var largePlan: FaultPlan? {
    var bounds = FaultPlan.Bounds()
    (bounds.strikesMax, bounds.requestsMax) = (40, 40)
    return (0..<50 as Range<UInt64>).lazy.map { FaultPlan(seed: $0, within: bounds) }
      .first { $0.strikes.count > 20 && $0.requests.count > 20 }
  }
}
