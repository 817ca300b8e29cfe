/// What came of asking sentinels where a master is, where none has told.
public struct SentinelSearch: Hashable, Sendable {
  public enum Obstacle: Hashable, Sendable {
    /// Nobody answered there in time, for the reason given.
    case unreachable(String)
    /// It wants a login, or another than it was given; what it said.
    case loginRefused(String)
    /// A Redis server that is no sentinel.
    case notASentinel
    /// A sentinel that watches over others only, whose names it told.
    case unknownName(known: [String])
    /// What it answered means nothing to us.
    case unclear(String)
  }

  public struct Complaint: Hashable, Sendable {
    public let sentinel: RedisEndpoint.Address
    public let obstacle: Obstacle
  }

  /// Of the master.
  public let name: String
  /// Of each sentinel, in the order in which they were asked.
  public let complaints: [Complaint]

  /// In words, as the end of a sentence.
  public var reason: String {
    let words = complaints.map { "\($0.sentinel): \($0.obstacle)" }.joined(separator: "; ")
    return "no sentinel tells where '\(name)' is (\(words))"
  }

  /// What to do: about what is certainly wrong, and else about what may be.
  public var remedy: String {
    for complaint in complaints {
      switch complaint.obstacle {
      case .loginRefused:
        return
          "give the sentinels' own password as …/\(name)?sentinel_password=…, or none where they have none; the one"
          + " before the hosts is that of the Redis servers"
      case .notASentinel:
        return "name the sentinels, which are usually at port 26379; without any, write redis://\(complaint.sentinel)"
      case .unknownName(let known) where known.isEmpty:
        return "have them watch over it: sentinel monitor \(name) host port quorum"
      case .unknownName(let known):
        return "name one that they know: …/\(known[0])"
      case .unreachable, .unclear: continue
      }
    }
    return
      "check that the sentinels run, and that their addresses and ports (26379 where none is said) lead to them from here"
  }
}

extension SentinelSearch.Obstacle: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreachable(let reason): reason
    case .loginRefused(let words): "it does not let us in: \(words)"
    case .notASentinel: "it is a Redis server and no sentinel"
    case .unknownName(let known) where known.isEmpty: "it knows no master at all"
    case .unknownName(let known): "it knows \(known.map { "'\($0)'" }.joined(separator: ", ")) only"
    case .unclear(let words): "it does not answer as a sentinel: \(words)"
    }
  }

  /// What an error means by which a sentinel, or what was taken for one, answers.
  init(answer message: String) {
    let code = message.prefix { $0 != " " }
    if ["NOAUTH", "WRONGPASS", "NOPERM"].contains(code) || message.contains("AUTH") && message.contains("password") {
      self = .loginRefused(message)
    } else if message.lowercased().contains("unknown command") {
      self = .notASentinel
    } else {
      self = .unclear(message)
    }
  }
}
