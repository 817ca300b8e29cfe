/// How long a connection waits before it gives up.
public struct RedisTimeouts: Hashable, Sendable {
  /// For a connection to stand, the log-in included.
  public var connect = Duration.seconds(5)
  /// For an answer, beyond what the command itself may wait. A script over a full batch takes milliseconds; a server
  /// silent for this long is taken as gone.
  public var command = Duration.seconds(10)
  /// For one sentinel to tell where the master is; then the next one is asked.
  public var sentinel = Duration.seconds(1)
  /// How often the sentinels are asked whether the master is still where the connections lead.
  public var masterLook = Duration.seconds(1)
  /// The first pause after a connection broke or could not be made; it doubles with each failure.
  public var backoffMin = Duration.milliseconds(20)
  public var backoffMax = Duration.seconds(1)

  public init() {}

  /// The pause after `failures` failures in a row.
  func backoff(afterFailures failures: Int) -> Duration {
    min(backoffMax, backoffMin * (1 << min(failures, 16)))
  }
}
