import StrataCore
import StrataRuntime

/// One history, from its seed to what is to be said of it.
package enum History {
  package struct Report: Hashable, Sendable {
    package let plan: HistoryPlan
    package let violations: [Violation]
    /// What tasks did from one wait to the next.
    package let turns: UInt64
    /// Requests and answers that arrived, waits that were over, harm that was done.
    package let events: UInt64
    /// A digest of all of that: two histories with the same one are the same.
    package let trace: UInt64
    /// How much time passed in it.
    package let elapsed: Duration
  }

  /// What no history takes: then something of it goes on for ever.
  private static let elapsedMax = Duration.seconds(86_400)

  /// Plays it on the thread of the caller.
  ///
  /// - Parameter mutation: the rule to be broken; nil for none.
  package static func play(_ plan: HistoryPlan, breaking mutation: Mutation? = nil) -> Report {
    let engine = Engine(seed: plan.seed)
    let world = World(plan, engine, mutation)
    Task(executorPreference: engine) { await world.play() }
    if !engine.run(upTo: elapsedMax) { world.judge.note(.simulation, "something goes on for ever") }
    let counts = engine.counts
    return Report(
      plan: plan, violations: world.judge.violations, turns: counts.turns, events: counts.events, trace: engine.trace,
      elapsed: engine.elapsed)
  }
}
