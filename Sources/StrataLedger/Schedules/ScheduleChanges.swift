import Glibc
public import StrataCore
import StrataRuntime

extension Ledger {
  /// Yields whenever schedules were made or changed, by whichever process, and whenever it begins to listen, for what was
  /// told before is lost. Several changes may be told as one.
  ///
  /// It keeps a connection of its own for as long as somebody iterates; outages are waited out.
  ///
  /// - Throws: `StrataError` where the system gives no thread.
  public func scheduleChanges() throws(StrataError) -> AsyncStream<Void> {
    try changes(on: "strata_schedules")
  }

  /// Yields whenever arrays were submitted, by whichever process; else as `scheduleChanges`.
  public func arrayChanges() throws(StrataError) -> AsyncStream<Void> { try changes(on: "strata_arrays") }

  private func changes(on channel: String) throws(StrataError) -> AsyncStream<Void> {
    let alarm = try Alarm()
    let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    continuation.onTermination = { _ in alarm.ring() }
    let configuration = configuration
    try Thread.start(name: "ledger-changes") {
      ChangeListener(configuration: configuration, alarm: alarm, channel: channel).listen { continuation.yield() }
      continuation.finish()
    }
    return changes
  }
}

/// Listens on a connection of its own for what `notify_schedules.sql` and `notify_arrays.sql` tell.
private struct ChangeListener {
  /// How often it makes sure that the server is there.
  static let heartbeat = Duration.seconds(30)

  let configuration: PostgreSQLConfiguration
  let alarm: Alarm
  let channel: String

  /// Returns once the alarm has rung.
  func listen(_ onChange: () -> Void) {
    var pause = configuration.reconnectPause
    while true {
      do throws(PostgreSQLError) {
        let connection = try PostgreSQLConnection(configuration, alarm: alarm)
        try connection.script("LISTEN \(channel)")
        pause = configuration.reconnectPause
        onChange()
        while true {
          if try connection.isNotified(within: Self.heartbeat) {
            onChange()
          } else {
            _ = try connection.run([Query.leaderHeartbeat()])
          }
        }
      } catch {
        if error.kind == .closed || alarm.hasRung(within: pause) { return }
        pause = min(pause * 2, configuration.reconnectPauseMax)
      }
    }
  }
}

extension Alarm {
  /// Waits for it, at most so long.
  fileprivate func hasRung(within duration: Duration) -> Bool {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&waiting, 1, Int32(clamping: duration.milliseconds)) > 0
  }
}
