import StrataCore

/// What is in a history, drawn from its seed: how many take part, and which harm is done how often. Of the kinds of harm only some
/// are in each history, with odds that differ (swarm testing: A. Groce et al., ISSTA 2012).
package struct HistoryPlan: Hashable, Sendable {
  /// What is done to programs and servers, each at once.
  package enum Harm: String, Hashable, Sendable, CaseIterable {
    case workerKilled, workerFrozen, workerStopped, workerCutOff
    case controllerKilled, controllerFrozen, controllerCutOff
    case queueKilled, queueTruncated, queueReplaced, queueFlushed, queueClockSet
    case ledgerKilled
  }

  package let seed: UInt64
  package let jobs: Int
  package let workers: Int
  package let slotsMax: Int
  package let controllers: Int
  package let tenants: Int
  /// What the clients take for submitting all, about.
  package let submitting: Duration
  /// The longest that an attempt takes.
  package let lengthMax: Duration
  /// One attempt in so many fails; 0 for none.
  package let failure: Int
  /// One attempt in so many kills its worker; 0 for none.
  package let poison: Int
  /// One job in so many is cancelled; 0 for none.
  package let cancellation: Int
  /// One job in so many is to run after others; 0 for none.
  package let dependency: Int
  /// One job in so many is to run later; 0 for none.
  package let delay: Int
  package let harms: [Harm]
  /// Between two of them, on average.
  package let harmInterval: Duration
  let odds: Network.Odds

  package init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    self.seed = seed
    jobs = Int.random(in: 10...160, using: &random)
    workers = Int.random(in: 1...6, using: &random)
    slotsMax = Int.random(in: 1...4, using: &random)
    controllers = random.odds([1, 1, 2, 3])
    tenants = Int.random(in: 1...3, using: &random)
    submitting = .seconds(Int.random(in: 1...40, using: &random))
    lengthMax = .milliseconds(Int.random(in: 50...8_000, using: &random))
    failure = random.odds([0, 3, 10])
    poison = random.odds([0, 0, 20, 100])
    cancellation = random.odds([0, 4, 20])
    dependency = random.odds([0, 2, 8])
    delay = random.odds([0, 3, 10])
    harms = Harm.allCases.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
    harmInterval = .milliseconds([500, 2_000, 8_000, 20_000].randomElement(using: &random) ?? 8_000)
    // What is late explains much that is judged where nothing is.
    let isPunctual = Bool.random(using: &random)
    odds = Network.Odds(
      lostRequest: random.odds([0, 0, 20, 200]), lostAnswer: random.odds([0, 0, 20, 200]),
      straggler: isPunctual ? 0 : random.odds([0, 50, 500]), slow: isPunctual ? 0 : random.odds([0, 20, 200]))
  }
}

extension SeededGenerator {
  fileprivate mutating func odds(_ some: [Int]) -> Int { some.randomElement(using: &self) ?? 0 }
}

extension HistoryPlan: CustomStringConvertible {
  package var description: String {
    let harm = harms.isEmpty ? "no harm" : harms.map(\.rawValue).joined(separator: " ")
    return "\(jobs) jobs, \(workers) workers, \(controllers) controllers, \(tenants) tenants, \(harm) every "
      + "\(harmInterval), lost 1/\(odds.lostRequest) 1/\(odds.lostAnswer), late 1/\(odds.straggler), slow 1/\(odds.slow)"
  }
}
