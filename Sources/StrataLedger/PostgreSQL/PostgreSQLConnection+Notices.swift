internal import CPostgreSQL
import StrataCore

extension PostgreSQLConnection {
  /// Waits until the server has told of something on a channel that this connection listens to, at most so long.
  ///
  /// - Returns: whether it has; all that it told meanwhile counts as one.
  /// - Throws: `.disconnected` as soon as the server goes away, `.closed` when the alarm rings.
  func isNotified(within duration: Duration) throws(PostgreSQLError) -> Bool {
    if takeNotices() { return true }
    try idle(for: duration)
    return takeNotices()
  }

  /// Whether there were any.
  private func takeNotices() -> Bool {
    var isAny = false
    while let notice = unsafe PQnotifies(handle) {
      isAny = true
      unsafe PQfreemem(notice)
    }
    return isAny
  }
}
