/// A kind of harm that is done to a running system.
public enum Fault: String, Hashable, Codable, CaseIterable, Sendable {
  /// SIGKILL to a worker; to one of its runners, in the middle of what that runs.
  case workerKilled, runnerKilled
  /// SIGSTOP to a worker, for longer than its lease or not; it goes on afterwards, with whatever it held.
  case workerFrozen
  /// SIGTERM to a worker: it hands back what it runs.
  case workerStopped
  /// SIGKILL, SIGSTOP and SIGTERM to a controller.
  case controllerKilled, controllerFrozen, controllerStopped
  /// Not a harm, but what must do none: `strata restart` of a controller; of a worker, whose jobs end first.
  case controllerRestarted, workerRestarted
  /// A controller kills itself at a named place between two acts.
  case controllerCrashed
  /// SIGKILL to Redis; SIGSTOP; an end of all its connections.
  case redisKilled, redisFrozen, redisDisconnected
  /// All that Redis holds is removed.
  case redisFlushed
  /// Redis is killed, and its file loses its last bytes, as where the machine went down.
  case redisTruncated
  /// Redis has no memory left.
  case redisFull
  /// PostgreSQL is killed with all of its processes; is stopped (SIGSTOP); loses all connections.
  case postgresKilled, postgresFrozen, postgresDisconnected
  /// Commits take as long as the strike lasts.
  case commitsStalled
  /// Between one controller with its worker and Redis, or PostgreSQL, nothing passes, and no connection breaks.
  case queueStalled, ledgerStalled
  /// There every connection breaks and none can be made.
  case queueCut, ledgerCut
  /// There what is asked arrives, and no answer does, until the connection breaks.
  case queueDeaf, ledgerDeaf
  /// There everything takes longer.
  case queueSlow, ledgerSlow
  /// The wall clock of Redis, or that of a controller and its workers, is set to another time, and back.
  case redisClockSet, strataClockSet
  /// The file system of Redis, PostgreSQL and a controller with its workers has no room left.
  case diskFull
  /// Redis' master is killed, or stands still, until its sentinels have made a replica the master, and for a while longer,
  /// and comes back as a replica.
  case redisFailedOver
  /// PostgreSQL is killed, its synchronous standby promoted, and the one of before comes back after a while as the standby.
  case postgresFailedOver

  /// Whether it takes servers that others can take the place of.
  public var needsReplicas: Bool { self == .redisFailedOver || self == .postgresFailedOver }

  /// Whether it can be done to such servers. What is not is done to single ones.
  public var strikesReplicas: Bool {
    switch self {
    case .redisKilled, .redisFrozen, .redisTruncated, .redisFull, .redisClockSet, .queueStalled, .queueCut, .queueDeaf,
      .queueSlow, .postgresKilled, .postgresFrozen, .commitsStalled, .diskFull:
      false
    default: true
    }
  }

  /// Whether times that several processes write down can be compared although it strikes.
  public var keepsTime: Bool { self != .redisClockSet && self != .strataClockSet }

  /// Whether nobody may notice it: no request is repeated and no attempt handed back because of it.
  public var isGraceful: Bool { self == .controllerRestarted || self == .workerRestarted }

  /// Whether a job may be run again because of it, although an attempt of it got through. Where only others strike,
  /// each job is done once.
  public var mayRepeatWork: Bool {
    switch self {
    case .controllerKilled, .controllerFrozen, .controllerStopped, .controllerCrashed, .workerStopped,
      .controllerRestarted, .workerRestarted,
      .postgresKilled, .postgresFrozen, .postgresDisconnected, .postgresFailedOver, .commitsStalled, .ledgerStalled,
      .ledgerCut, .ledgerDeaf, .ledgerSlow:
      false
    default: true
    }
  }

  /// Whether it goes on for a time, and then is over.
  public var lasts: Bool {
    switch self {
    case .workerKilled, .runnerKilled, .workerStopped, .controllerKilled, .controllerStopped, .controllerCrashed,
      .controllerRestarted, .workerRestarted,
      .redisKilled, .redisDisconnected, .redisFlushed, .redisTruncated, .postgresKilled, .postgresDisconnected:
      false
    default: true
    }
  }
}

/// One fault at one moment.
public struct Strike: Hashable, Codable, Sendable {
  /// Since the first request.
  public var atMilliseconds: Int
  public var fault: Fault
  /// How long it goes on; 0 where it does not.
  public var forMilliseconds: Int
  /// Whom of those whom it may hit, modulo how many there are; and what of it is chosen by a number.
  public var choice: Int
  /// What is chosen by a name: where a controller crashes.
  public var place: String?

  public init(atMilliseconds: Int, fault: Fault, forMilliseconds: Int = 0, choice: Int = 0, place: String? = nil) {
    self.atMilliseconds = atMilliseconds
    self.fault = fault
    self.forMilliseconds = forMilliseconds
    self.choice = choice
    self.place = place
  }

  public var untilMilliseconds: Int { atMilliseconds + forMilliseconds }
  var duration: Duration { .milliseconds(forMilliseconds) }
}

extension Strike: CustomStringConvertible {
  public var description: String {
    var text = "\(atMilliseconds) ms: \(fault.rawValue)"
    if let place { text += " at \(place)" }
    if forMilliseconds > 0 { text += " for \(forMilliseconds) ms" }
    return text + " (\(choice))"
  }
}
