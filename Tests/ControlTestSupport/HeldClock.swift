public import StrataCore
import Synchronization

/// A clock that stands still until it is moved.
public final class HeldClock: Sendable {
  private let instant: Mutex<Timestamp>

  /// - Parameter start: whole seconds, so that what a store cuts to microseconds compares equal.
  public init(start: Timestamp = Timestamp(milliseconds: Timestamp.now.milliseconds / 1_000 * 1_000)) {
    instant = Mutex(start)
  }

  public var now: Timestamp { instant.withLock { $0 } }
  public var clock: WallClock { WallClock { self.now } }
  public func advance(by duration: Duration) { instant.withLock { $0 = $0 + duration } }
}
