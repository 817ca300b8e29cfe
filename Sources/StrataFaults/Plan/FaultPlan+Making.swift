import StrataControl
import StrataCore
import StrataRuntime

extension FaultPlan {
  /// How much a plan of a seed has at most, and how long it is.
  public struct Bounds: Hashable, Sendable {
    public var milliseconds = 20_000
    public var requestsMax = 120
    public var strikesMax = 8
    public init() {}
  }

  /// A plan of this seed. Of the kinds of faults and of the features of the queue only some are in it, with odds that
  /// are far apart: where all come in equal parts, none of them ever comes often enough to meet itself (A. Groce et al.,
  /// Swarm testing, ISSTA 2012).
  ///
  /// - Parameter faults: which kinds there may be.
  public init(seed: UInt64, within bounds: Bounds = Bounds(), of faults: Set<Fault> = Set(Fault.allCases)) {
    var maker = PlanMaker(seed: seed, bounds: bounds, faults: Fault.allCases.filter(faults.contains))
    let requests = maker.makeRequests()
    self.init(seed: seed, milliseconds: bounds.milliseconds, requests: requests, strikes: maker.makeStrikes())
  }
}

private struct PlanMaker {
  private enum Feature: CaseIterable {
    case noops, many, arrays, cancels, priorities, failures, delays, startBy, dependencies, uniqueKeys, limits
    case preemptible
  }

  private var random: SeededGenerator
  private let bounds: FaultPlan.Bounds
  private let features: Set<Feature>
  private let faults: [(fault: Fault, weight: Int)]

  init(seed: UInt64, bounds: FaultPlan.Bounds, faults all: [Fault]) {
    var random = SeededGenerator(seed: seed)
    features = Set(Feature.allCases.filter { _ in Bool.random(using: &random) })
    faults = Self.choose(of: all, &random).map { ($0, 1 << Int.random(in: 0...4, using: &random)) }
    self.random = random
    self.bounds = bounds
  }

  /// Some of the kinds that there may be, all of which strike servers of one kind: one plan in six is of replicated ones,
  /// which take longer to start, and each where nothing else was asked for.
  private static func choose(of all: [Fault], _ random: inout SeededGenerator) -> [Fault] {
    let failovers = all.filter(\.needsReplicas)
    let isReplicated =
      Int.random(in: 0..<6, using: &random) == 0 && !failovers.isEmpty || all.allSatisfy(\.strikesReplicas)
    let possible = all.filter { isReplicated ? $0.strikesReplicas : !$0.needsReplicas }
    // Where only those strike that nobody may notice, it is seen whether anybody does.
    if Int.random(in: 0..<8, using: &random) == 0, possible.contains(where: \.isGraceful) {
      return possible.filter(\.isGraceful)
    }
    var chosen = possible.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
    if isReplicated, !chosen.contains(where: \.needsReplicas), let one = failovers.randomElement(using: &random) {
      chosen.append(one)
    }
    if chosen.isEmpty, let one = possible.randomElement(using: &random) { chosen = [one] }
    return chosen
  }

  private mutating func pick(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
  private mutating func isOne(in count: Int) -> Bool { pick(1...count) == 1 }

  // MARK: Requests

  mutating func makeRequests() -> [Request] {
    let count = pick(10...bounds.requestsMax)
    let times = (0..<count).map { _ in pick(0...bounds.milliseconds) }.sorted()
    var requests: [Request] = []
    for (number, time) in times.enumerated() {
      requests.append(
        Request(number: number, atMilliseconds: time, controller: pick(0...1), action: makeAction(after: requests)))
    }
    return requests
  }

  private mutating func makeAction(after earlier: [Request]) -> Request.Action {
    let submitted = earlier.filter { if case .submit = $0.action { true } else { false } }.map(\.number)
    if features.contains(.cancels), isOne(in: 8), let one = submitted.randomElement(using: &random) {
      return .cancel(one)
    }
    if features.contains(.priorities), isOne(in: 10), let one = submitted.randomElement(using: &random) {
      return .reprioritise(one, priority: pick(0...100))
    }
    if features.contains(.limits), isOne(in: 15) { return .limit(running: isOne(in: 2) ? nil : pick(1...3)) }
    if features.contains(.many), isOne(in: 8) {
      return .submitMany((0..<pick(2...20)).map { _ in makeWork(after: submitted) })
    }
    if features.contains(.arrays), isOne(in: 12) {
      var work = Work(milliseconds: pick(0...100))
      work.priority = features.contains(.priorities) ? pick(0...100) : nil
      return .submitArray(work, tasks: pick(1...30))
    }
    return .submit(makeWork(after: submitted))
  }

  private mutating func makeWork(after submitted: [Int]) -> Work {
    var work = Work(milliseconds: isOne(in: 10) ? pick(1_000...8_000) : pick(0...400))
    work.isNoop = features.contains(.noops) && isOne(in: 2)
    if features.contains(.failures), !work.isNoop, isOne(in: 4) {
      work.failures = pick(1...4)
      work.attempts = pick(1...6)
    }
    if features.contains(.priorities) { work.priority = pick(0...100) }
    if features.contains(.delays), isOne(in: 4) { work.delaySeconds = pick(1...6) }
    if features.contains(.startBy), isOne(in: 6) { work.startWithinSeconds = (work.delaySeconds ?? 0) + pick(1...20) }
    if features.contains(.dependencies), isOne(in: 4) {
      work.after = Array(Set((0..<pick(1...3)).compactMap { _ in submitted.suffix(20).randomElement(using: &random) }))
        .sorted()
      work.runsInAnyCase = isOne(in: 3)
    }
    if features.contains(.uniqueKeys), isOne(in: 5) { work.uniqueKey = "key-\(pick(1...3))" }
    work.isPreemptible = features.contains(.preemptible) && !work.isNoop && isOne(in: 3)
    return work
  }

  // MARK: Strikes

  /// The first that is drawn of a plan of replicated servers needs them: without one they would not be replicated.
  mutating func makeStrikes() -> [Strike] {
    guard !faults.isEmpty else { return [] }
    let failovers = faults.filter(\.fault.needsReplicas)
    return (0..<pick(1...bounds.strikesMax))
      .map { $0 == 0 && !failovers.isEmpty ? makeStrike(of: failovers) : makeStrike(of: faults) }
      .sorted { $0.atMilliseconds < $1.atMilliseconds }
  }

  private mutating func makeStrike(of faults: [(fault: Fault, weight: Int)]) -> Strike {
    var rest = pick(1...faults.reduce(0) { $0 + $1.weight })
    let fault =
      faults.first {
        rest -= $0.weight; return rest <= 0
      }?.fault ?? faults[0].fault
    var strike = Strike(atMilliseconds: pick(0...bounds.milliseconds), fault: fault, choice: pick(0...1_000))
    // Most are short, some longer than any lease, so that frozen workers lose theirs: up to 12.8 s.
    if fault.lasts { strike.forMilliseconds = 50 << pick(0...8) }
    if fault == .controllerCrashed, let place = Self.crashPlaces.randomElement(using: &random) {
      strike.place = "controller@\(place):\(pick(1...60))"
    }
    return strike
  }

  /// Before and after each exchange with a server, and between two acts whose order matters.
  private static let crashPlaces =
    CrashTrigger.Server.allCases.flatMap { [CrashTrigger.place(before: $0), CrashTrigger.place(after: $0)] }
    + CrashPoint.allCases.map(\.rawValue)
}
