/// That a job may be ended so that one of a higher class has its room, and what it is given to save what it has done.
public struct PreemptionTerms: Hashable, Codable, Sendable {
  /// How a job is told to save what it has.
  public enum Signal: String, Hashable, Codable, Sendable, CaseIterable {
    /// SIGTERM: what most programs take for the wish that they end.
    case terminate = "TERM"
    /// SIGUSR1: for a program that saves on it and goes on. It ends one that does not know it.
    case user1 = "USR1"
  }

  /// Seconds from the signal until it is asked to end like any other attempt that has to.
  public let graceSeconds: Int64
  public let signal: Signal

  /// As long as Kubernetes gives a pod.
  public static let graceSecondsStandard: Int64 = 30
  /// Whoever it makes room for waits as long.
  public static let graceSecondsMax: Int64 = 300

  public init(graceSeconds: Int64 = graceSecondsStandard, signal: Signal = .terminate) {
    self.graceSeconds = graceSeconds
    self.signal = signal
  }

  enum CodingKeys: String, CodingKey {
    case signal
    case graceSeconds = "grace_seconds"
  }
}
