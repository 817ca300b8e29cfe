import StrataCore
import StrataRuntime

/// Work of which one process at a time does all.
public struct LeaderRole: RawRepresentable, Hashable, Sendable {
  /// The number of the advisory lock.
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Keeps the queue in line with the ledger, ends expired leases, settles outcomes.
  public static let controller = LeaderRole(rawValue: 1)
}

/// Elects leaders by PostgreSQL's advisory locks: a lock is held by a connection of its own and ends with it, so two
/// processes never hold one, and a dead leader is followed by another as soon as the server notices. The server also
/// ends the session of a leader that it has not heard from for `silenceMax`: one that is frozen, or whose network is cut,
/// is followed too.
///
/// A frozen leader that wakes finds its connection closed, and its term ended, within moments. What it does in them must be
/// safe beside another leader: it is what may be repeated, or what is known to be younger than `silenceMax`.
public struct Leadership: Sendable {
  /// How often a leader makes sure that the server is there.
  public var heartbeat = Duration.seconds(2)
  /// The server ends the term of a leader from which it has heard nothing for so long: a few heartbeats.
  public var silenceMax = Leadership.silenceMaxDefault
  public static let silenceMaxDefault = Duration.seconds(10)
  /// The pause after a failed attempt to connect.
  public var retryPause = Duration.milliseconds(250)

  private let configuration: PostgreSQLConfiguration

  public init(_ configuration: PostgreSQLConfiguration) { self.configuration = configuration }

  /// Waits until this process leads `role`, however long that takes and whatever becomes of the server meanwhile.
  ///
  /// - Throws: `CancellationError` when the task is cancelled; `StrataError` where the system gives no thread.
  public func lead(_ role: LeaderRole) async throws -> LeaderTerm {
    while true {
      try Task.checkCancellation()
      let alarm = try Alarm()
      let state = TermState()
      try start(role, state, alarm)
      await withTaskCancellationHandler {
        await state.wait { $0 != .waiting }
      } onCancel: {
        alarm.ring()
      }
      if state.phase == .held { return LeaderTerm(state, alarm) }
      try await Task.sleep(for: retryPause)
    }
  }

  private func start(_ role: LeaderRole, _ state: TermState, _ alarm: Alarm) throws(StrataError) {
    let (configuration, heartbeat, silenceMax) = (configuration, heartbeat, silenceMax)
    try Thread.start(name: "leader-\(role.rawValue)") {
      // Why it ended matters to nobody: the term is over, and the next attempt meets the same server.
      try? Self.hold(role, configuration, (heartbeat, silenceMax), state, alarm)
      state.enter(.ended)
    }
  }

  private static func hold(
    _ role: LeaderRole, _ configuration: PostgreSQLConfiguration, _ pace: (heartbeat: Duration, silenceMax: Duration),
    _ state: TermState, _ alarm: Alarm
  ) throws(PostgreSQLError) {
    let connection = try PostgreSQLConnection(configuration, hasTimeout: false, alarm: alarm)
    // Waiting for the lock is no silence: the server counts from the end of a statement.
    try connection.script("SET idle_session_timeout = \(pace.silenceMax.milliseconds)")
    _ = try connection.run([Query.leaderLock(.integer(Int64(role.rawValue)))])
    // A standby gives locks, too, and so does a primary that was fenced off meanwhile.
    try connection.requireWritable()
    connection.silenceMax = configuration.silenceAllowance
    state.enter(.held)
    while true {
      try connection.idle(for: pace.heartbeat)
      _ = try connection.run([Query.leaderHeartbeat()])
    }
  }
}
