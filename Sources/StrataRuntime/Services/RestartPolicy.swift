/// When a process that ended by itself is started again, and when that is given up.
///
/// The wait doubles with every failure in a row, up to a limit. A run of `healthyAfter` forgives what was before.
public struct RestartPolicy: Sendable, Hashable {
  public var firstDelay: Duration
  public var delayMax: Duration
  /// Failures in a row after which it is given up.
  public var failuresMax: Int
  public var healthyAfter: Duration

  public init(firstDelay: Duration, delayMax: Duration, failuresMax: Int, healthyAfter: Duration) {
    self.firstDelay = firstDelay
    self.delayMax = delayMax
    self.failuresMax = failuresMax
    self.healthyAfter = healthyAfter
  }

  public static let standard = RestartPolicy(
    firstDelay: .milliseconds(100), delayMax: .seconds(10), failuresMax: 8, healthyAfter: .seconds(60))

  /// Tries again for ever: for what must come back by itself, whatever made it end.
  public static let persistent = RestartPolicy(
    firstDelay: .milliseconds(100), delayMax: .seconds(10), failuresMax: .max, healthyAfter: .seconds(60))
  /// The first end is the last.
  public static let never = RestartPolicy(firstDelay: .zero, delayMax: .zero, failuresMax: 0, healthyAfter: .zero)

  public enum Decision: Sendable, Hashable {
    case restart(after: Duration)
    case giveUp
  }

  /// What to do after an end; `failures` counts those in a row and is updated.
  public func decide(failures: inout Int, uptime: Duration) -> Decision {
    if uptime >= healthyAfter && failuresMax > 0 { failures = 0 }
    failures += 1
    guard failures <= failuresMax else { return .giveUp }
    var delay = firstDelay
    for _ in 1..<failures where delay < delayMax { delay *= 2 }
    return .restart(after: min(delay, delayMax))
  }
}
