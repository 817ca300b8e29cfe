package import StrataCore
package import StrataQueue
package import StrataScheduling
import Synchronization

/// What attempts of each tier took lately. Pure: who notes says what time it is.
package struct ServiceWindow: Sendable {
  package typealias Instant = ContinuousClock.Instant

  /// What is kept of a part of the window.
  private struct Part: Sendable {
    let start: Instant
    var ended = 0
    var seconds = 0.0
    var squares = 0.0
    /// For how long slots were busy, all together, as far as it was looked at.
    var busySeconds = 0.0
  }

  /// How far back it reaches, and in how many parts it forgets.
  static let (length, partCount) = (Duration.seconds(600), 10)

  private var parts: [TierName: [Part]] = [:]

  package init() {}

  /// Notes an attempt that took so long.
  package mutating func noteEnd(of duration: Duration, on tier: TierName, at now: Instant) {
    let seconds = max(0, duration.seconds)
    change(tier, now) { part in
      part.ended += 1
      part.seconds += seconds
      part.squares += seconds * seconds
    }
  }

  /// Notes how many attempts ran during the time until now.
  package mutating func noteRunning(_ count: Int, on tier: TierName, for duration: Duration, at now: Instant) {
    change(tier, now) { $0.busySeconds += Double(count) * duration.seconds }
  }

  private mutating func change(_ tier: TierName, _ now: Instant, _ body: (inout Part) -> Void) {
    var kept = (parts[tier] ?? []).filter { now - $0.start < Self.length }
    if kept.last.map({ now - $0.start >= Self.length / Self.partCount }) ?? true { kept.append(Part(start: now)) }
    body(&kept[kept.count - 1])
    parts[tier] = kept
  }

  package func history(of tier: TierName, at now: Instant) -> ServiceHistory {
    let known = (parts[tier] ?? []).filter { now - $0.start < Self.length }
    let ended = known.reduce(0) { $0 + $1.ended }
    let seconds = known.reduce(0) { $0 + $1.seconds }
    // Attempts that have not ended count too; where ends are so quick that no look sees them, they count alone.
    let busy = max(seconds, known.reduce(0) { $0 + $1.busySeconds })
    guard ended >= ServiceHistory.believedFrom, seconds > 0 else {
      return ServiceHistory(completed: ended, busy: .seconds(busy))
    }
    let mean = seconds / Double(ended)
    let squares = known.reduce(0) { $0 + $1.squares } / Double(ended)
    return ServiceHistory(
      completed: ended, busy: .seconds(busy), squaredVariation: max(0, squares / (mean * mean) - 1))
  }
}

/// The window of a controller: the settler notes the ends that it reads, and whoever looks at the queue what runs.
package final class ServiceRecord: Sendable {
  private struct State {
    var window = ServiceWindow()
    var lastLook: ContinuousClock.Instant?
  }

  /// Between two looks that are longer apart nobody knows what ran.
  private static let gapMax = Duration.seconds(60)

  private let state = Mutex(State())

  package init() {}

  package func noteEnd(of duration: Duration, on tier: TierName) {
    state.withLock { $0.window.noteEnd(of: duration, on: tier, at: .now) }
  }

  package func noteLook(_ room: QueueRoom) {
    let now = ContinuousClock.now
    let running = room.lanes.reduce(into: [TierName: Int]()) { $0[$1.key.tier, default: 0] += $1.value.leased }
    state.withLock { state in
      defer { state.lastLook = now }
      guard let last = state.lastLook, now - last <= Self.gapMax else { return }
      for (tier, count) in running { state.window.noteRunning(count, on: tier, for: now - last, at: now) }
    }
  }

  package func history(of tier: TierName) -> ServiceHistory { state.withLock { $0.window.history(of: tier, at: .now) } }
}
