import StrataCore
package import StrataQueue
package import StrataRuntime

/// Sees when the wall clock of the queue's server is set, by a clock that only counts on.
///
/// Whoever begins to look sees that it was set back by what was noted before.
///
/// A machine that was suspended has lost the same time by both clocks: that is no step, but a gap.
package struct ClockWatch {
  /// A look that took longer tells nothing.
  static let patience = Duration.seconds(1)
  /// Steps up to this are passed over: what two looks may be mistaken by, and what the first token after a start of the server
  /// is ahead of its clock.
  static let stepMax = Duration.seconds(2)
  /// How long ago a step is taken to have been at most that was before the first look: so long nobody may have led.
  package static let unseenMax = Duration.seconds(60)

  private struct Look {
    let server: Timestamp
    let at: Timekeeper.Instant
  }

  private let time: Timekeeper
  private var last: Look?
  /// What was seen and not put right yet.
  package private(set) var pending = Duration.zero
  /// The last look before what is pending.
  private var unseenSince: Timekeeper.Instant?

  /// How long ago the first step of what is pending was at most.
  package var pendingFor: Duration { (unseenSince.map { time.now - $0 } ?? .zero) + Self.stepMax }

  package init(time: Timekeeper = .system) { self.time = time }

  /// Looks at the clock, and adds to `pending` by how much it was set since the look before, forward or back.
  ///
  /// - Returns: whether that could be told. Of a server that took its time to answer it cannot.
  package mutating func look(at queue: any JobQueue) async throws(QueueError) -> Bool {
    let before = time.now
    let (server, latest) = try await queue.time()
    let after = time.now
    guard after - before <= Self.patience else { return false }
    let look = Look(server: server, at: after)
    defer { last = look }
    guard let last else {
      // Who looked before saw a later time.
      if latest - server > Self.stepMax { note(server - latest, after: after - Self.unseenMax) }
      return true
    }
    let step = (look.server - last.server) - (look.at - last.at)
    if abs(step.nanoseconds) > Self.stepMax.nanoseconds { note(step, after: last.at) }
    return true
  }

  private mutating func note(_ step: Duration, after look: Timekeeper.Instant) {
    pending += step
    unseenSince = unseenSince.map { min($0, look) } ?? look
  }

  /// The next look is the first one.
  package mutating func forget() { last = nil }

  /// What was pending is put right.
  package mutating func settle() { (pending, unseenSince) = (.zero, nil) }
}
