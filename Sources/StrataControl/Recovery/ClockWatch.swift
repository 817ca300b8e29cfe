import StrataCore
import StrataQueue

/// Sees when the wall clock of the queue's server is set, by a clock that only counts on.
///
/// A machine that was suspended has lost the same time by both clocks: that is no step, but a gap.
struct ClockWatch {
  /// Steps that are smaller are passed over, as are looks that took longer.
  static let tolerance = Duration.seconds(1)

  private struct Look {
    let server: Timestamp
    let at: ContinuousClock.Instant
  }

  private var last: Look?

  /// Looks at the clock.
  ///
  /// - Returns: by how much it was set since the look before, forward or back; zero where it was not, as far as can be told.
  mutating func look(at queue: any JobQueue) async throws(QueueError) -> Duration {
    let before = ContinuousClock.now
    let server = try await queue.time()
    let after = ContinuousClock.now
    guard after - before <= Self.tolerance else { return .zero }
    let look = Look(server: server, at: after)
    defer { last = look }
    guard let last else { return .zero }
    let step = (look.server - last.server) - (look.at - last.at)
    return abs(step.nanoseconds) > 2 * Self.tolerance.nanoseconds ? step : .zero
  }

  /// What was seen last is forgotten.
  mutating func forget() { last = nil }
}
