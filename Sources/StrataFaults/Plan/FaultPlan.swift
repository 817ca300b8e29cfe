/// What a run asks of the system and does to it, and when: data, made of a seed, so that a run can be repeated, and made
/// smaller until only what matters is left of it.
public struct FaultPlan: Hashable, Codable, Sendable {
  public var seed: UInt64
  /// For how long requests and faults come.
  public var milliseconds: Int
  public var requests: [Request]
  public var strikes: [Strike]

  public init(seed: UInt64, milliseconds: Int, requests: [Request], strikes: [Strike]) {
    self.seed = seed
    self.milliseconds = milliseconds
    self.requests = requests
    self.strikes = strikes
  }

  /// Whether it takes servers that others can take the place of: without anything that does, it is carried out on single ones.
  public var isReplicated: Bool { strikes.contains(where: \.fault.needsReplicas) }

  /// Whether times that several processes write down can be compared.
  public var keepsTime: Bool { strikes.allSatisfy(\.fault.keepsTime) }

  /// Whether anything of it can have a job run again that got through.
  public var mayRepeatWork: Bool { strikes.contains { $0.fault.mayRepeatWork } }

  /// Whether clients and jobs notice nothing of whatever happens.
  public var isGraceful: Bool { strikes.allSatisfy(\.fault.isGraceful) }
}

/// What a client asks for once.
public struct Request: Hashable, Codable, Sendable {
  /// By which others name it. It stays the same when a plan is made smaller.
  public var number: Int
  /// Since the first request.
  public var atMilliseconds: Int
  /// Which of the controllers is asked first; the next try is the other one's.
  public var controller: Int
  public var action: Action

  public init(number: Int, atMilliseconds: Int, controller: Int, action: Action) {
    self.number = number
    self.atMilliseconds = atMilliseconds
    self.controller = controller
    self.action = action
  }

  public enum Action: Hashable, Codable, Sendable {
    case submit(Work)
    case submitMany([Work])
    case submitArray(Work, tasks: Int)
    /// Of the job that the request of this number submitted, where it did.
    case cancel(Int)
    case reprioritise(Int, priority: Int)
    /// So many jobs may run at once from now on; any number where it is nil.
    case limit(running: Int?)
  }
}

/// A job, as far as it matters here.
public struct Work: Hashable, Codable, Sendable {
  /// How long it takes. The job writes down when it begins and when it is done.
  public var milliseconds: Int
  /// Does nothing, within the worker, and so leaves no trace.
  public var isNoop = false
  /// How many attempts fail before one succeeds, and how many it has.
  public var failures = 0
  public var attempts = 10
  public var priority: Int?
  public var delaySeconds: Int?
  public var startWithinSeconds: Int?
  /// The requests whose jobs it runs after, and whether it runs also where one of them failed.
  public var after: [Int] = []
  public var runsInAnyCase = false
  public var uniqueKey: String?
  public var isPreemptible = false

  public init(milliseconds: Int) { self.milliseconds = milliseconds }
}
