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

  private struct Look {
    let server: Timestamp
    let at: Timekeeper.Instant
  }

  private let time: Timekeeper
  private var last: Look?
  /// What was seen and not put right yet.
  package private(set) var pending = Duration.zero

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
      if latest - server > Self.stepMax { pending += server - latest }
      return true
    }
    let step = (look.server - last.server) - (look.at - last.at)
    if abs(step.nanoseconds) > Self.stepMax.nanoseconds { pending += step }
    return true
  }

  /// The next look is the first one.
  package mutating func forget() { last = nil }

  /// What was pending is put right.
  package mutating func settle() { pending = .zero }
}
