public import StrataCore

/// A job as the queue knows it. `payload` is opaque to the queue.
public struct QueuedJob: Hashable, Sendable {
  public let id: JobID
  public let tier: TierName
  /// Higher runs first.
  public let priority: JobPriority
  /// The most attempts the job may have.
  public let attemptsMax: Int
  /// Attempts that count and have ended, from before the queue knew the job; 0 for a new job.
  public let attemptsMade: Int
  public let payload: [UInt8]

  public init(
    id: JobID, tier: TierName, priority: JobPriority, attemptsMax: Int, attemptsMade: Int = 0, payload: [UInt8]
  ) {
    self.id = id
    self.tier = tier
    self.priority = priority
    self.attemptsMax = attemptsMax
    self.attemptsMade = attemptsMade
    self.payload = payload
  }
}

public enum EnqueueVerdict: Hashable, Sendable { case enqueued, alreadyHeld }

public enum CancelVerdict: Hashable, Sendable {
  /// It was ready and is gone; its outcome is logged.
  case removed
  /// It is running; its worker has been told.
  case signalled
  /// The queue does not hold it.
  case unknown
}

public enum QueueStatus: Hashable, Sendable {
  /// Waits in its tier; `ahead` jobs of the same tier go first.
  case ready(ahead: Int, attemptsMade: Int)
  case leased(LeaseStatus)
}

public struct LeaseStatus: Hashable, Sendable {
  public let worker: WorkerID
  public let token: FencingToken
  /// 1 for the first attempt.
  public let attempt: Int
  public let startedAt: Timestamp
  /// 0…1, nil until the worker says.
  public let fraction: Double?
  public let stage: String?
  public let isCancelRequested: Bool

  public init(
    worker: WorkerID, token: FencingToken, attempt: Int, startedAt: Timestamp, fraction: Double?, stage: String?,
    isCancelRequested: Bool
  ) {
    self.worker = worker
    self.token = token
    self.attempt = attempt
    self.startedAt = startedAt
    self.fraction = fraction
    self.stage = stage
    self.isCancelRequested = isCancelRequested
  }
}

/// The right of a worker to one attempt.
public struct Lease: Hashable, Sendable {
  public let job: QueuedJob
  public let token: FencingToken
  /// 1 for the first attempt.
  public let attempt: Int

  public init(job: QueuedJob, token: FencingToken, attempt: Int) {
    self.job = job
    self.token = token
    self.attempt = attempt
  }

  public var reference: LeaseReference { LeaseReference(job: job.id, token: token) }
}

public struct LeaseReference: Hashable, Sendable {
  public let job: JobID
  public let token: FencingToken

  public init(job: JobID, token: FencingToken) {
    self.job = job
    self.token = token
  }
}

public struct LeaseGrant: Hashable, Sendable {
  public let leases: [Lease]
  /// Until when the worker owns all its leases, by the queue's clock.
  public let deadline: Timestamp

  public init(leases: [Lease], deadline: Timestamp) {
    self.leases = leases
    self.deadline = deadline
  }
}

public struct HeartbeatReply: Hashable, Sendable {
  public let deadline: Timestamp
  /// False when the queue had forgotten the worker (its deadline passed, or the queue was rebuilt); it is known again
  /// from now on, and should ask for work.
  public let wasKnown: Bool
  /// Jobs of `held` whose lease is gone: stop them, report nothing.
  public let lost: [JobID]
  /// Jobs of `held` that their owner has cancelled: stop them and report `cancelled`.
  public let cancelRequested: [JobID]

  public init(deadline: Timestamp, wasKnown: Bool, lost: [JobID], cancelRequested: [JobID]) {
    self.deadline = deadline
    self.wasKnown = wasKnown
    self.lost = lost
    self.cancelRequested = cancelRequested
  }
}

public struct ProgressReport: Hashable, Sendable {
  public let lease: LeaseReference
  /// 0…1; nil leaves it as it was.
  public let fraction: Double?
  /// What the attempt is doing, in a few words; nil leaves it as it was.
  public let stage: String?
  /// Appended to the job's live log.
  public let log: [UInt8]

  public init(lease: LeaseReference, fraction: Double? = nil, stage: String? = nil, log: [UInt8] = []) {
    self.lease = lease
    self.fraction = fraction
    self.stage = stage
    self.log = log
  }
}

/// A part of what an attempt has printed.
public struct LiveLog: Hashable, Sendable {
  /// Which attempt it is of.
  public let token: FencingToken
  public let bytes: [UInt8]

  public init(token: FencingToken, bytes: [UInt8]) {
    self.token = token
    self.bytes = bytes
  }
}

/// What a worker says of an ended attempt. `report` is opaque to the queue.
public struct AttemptResult: Hashable, Sendable {
  public let lease: LeaseReference
  public let report: [UInt8]

  public init(lease: LeaseReference, report: [UInt8]) {
    self.lease = lease
    self.report = report
  }
}

public struct AttemptFailure: Hashable, Sendable {
  public let lease: LeaseReference
  /// `.failed` or `.cancelled`.
  public let ending: AttemptEnding
  /// Whether another attempt could end differently.
  public let isRetryable: Bool
  public let report: [UInt8]

  public init(lease: LeaseReference, ending: AttemptEnding, isRetryable: Bool, report: [UInt8]) {
    self.lease = lease
    self.ending = ending
    self.isRetryable = isRetryable
    self.report = report
  }
}

public enum LeaseVerdict: Hashable, Sendable {
  case accepted
  /// The lease is not the caller's any more; nothing was changed.
  case stale
}

public enum WorkerSignal: Hashable, Sendable {
  /// There may be work: ask for a lease.
  case work
  /// Stop this job; its owner cancelled it.
  case cancel(JobID)
}

/// A place in the outcome or event log. Later entries have greater positions.
public struct OutcomePosition: Hashable, Comparable, Sendable, LosslessStringConvertible {
  public let milliseconds: UInt64
  public let sequence: UInt64

  public init(milliseconds: UInt64, sequence: UInt64) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  public init?(_ description: String) {
    let parts = description.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let milliseconds = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
    self.init(milliseconds: milliseconds, sequence: sequence)
  }

  public var description: String { "\(milliseconds)-\(sequence)" }
  public static func < (a: Self, b: Self) -> Bool { (a.milliseconds, a.sequence) < (b.milliseconds, b.sequence) }
}

/// The end of an attempt, or of a job that never ran, as the settler reads it.
public struct QueuedOutcome: Hashable, Sendable {
  public let position: OutcomePosition
  public let job: JobID
  /// Zero for a job that was cancelled while it waited.
  public let token: FencingToken
  /// 1 for the first attempt; 0 for a job that was cancelled while it waited, whether or not it ever ran.
  public let attempt: Int
  /// `.expired` with `isFinal`: the last attempt's worker was lost, and the job has failed.
  public let ending: AttemptEnding
  /// Whether the job is finished; else it is ready again.
  public let isFinal: Bool
  public let worker: WorkerID?
  public let startedAt: Timestamp?
  public let endedAt: Timestamp
  /// What the worker said; empty for a lease that expired or was taken back, and for a job that never ran.
  public let report: [UInt8]

  public init(
    position: OutcomePosition, job: JobID, token: FencingToken, attempt: Int, ending: AttemptEnding, isFinal: Bool,
    worker: WorkerID?, startedAt: Timestamp?, endedAt: Timestamp, report: [UInt8]
  ) {
    self.position = position
    self.job = job
    self.token = token
    self.attempt = attempt
    self.ending = ending
    self.isFinal = isFinal
    self.worker = worker
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.report = report
  }
}

/// What a queue found in its store and could not read: cut off, foreign, or of a newer version. It has been moved aside,
/// so that it stops nobody; its bytes are kept there for a person to look at.
public struct UnreadableEntry: Hashable, Sendable {
  /// Where it was found.
  public enum Place: String, Hashable, Sendable, CaseIterable {
    case outcomes, events
    /// The record of a job, which the queue does not hold any more.
    case jobs
  }

  /// Its place among what was moved aside.
  public let position: OutcomePosition
  public let place: Place
  /// Its position in its log, or the job whose record it was.
  public let name: String
  public let reason: String

  public init(position: OutcomePosition, place: Place, name: String, reason: String) {
    self.position = position
    self.place = place
    self.name = name
    self.reason = reason
  }
}

/// A job whose settlement is committed, with its final state.
public struct FinishedNotice: Hashable, Sendable {
  public let job: JobID
  /// `.succeeded`, `.failed` or `.cancelled`.
  public let state: JobState

  public init(job: JobID, state: JobState) {
    precondition(state.isFinal, "only a finished job is announced as finished")
    self.job = job
    self.state = state
  }
}

/// Something a person watching a job wants to see at once.
public struct QueueEvent: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case started(attempt: Int, worker: WorkerID)
    case progress(fraction: Double?, stage: String?)
    /// The attempt ended and the job is ready again.
    case requeued(AttemptEnding)
    /// The job's settlement is committed.
    case finished(JobState)
  }

  public let position: OutcomePosition
  public let job: JobID
  public let kind: Kind

  public init(position: OutcomePosition, job: JobID, kind: Kind) {
    self.position = position
    self.job = job
    self.kind = kind
  }
}

public struct QueueCensus: Hashable, Sendable {
  public struct Tier: Hashable, Sendable {
    public var ready: Int
    public var leased: Int

    public init(ready: Int = 0, leased: Int = 0) {
      self.ready = ready
      self.leased = leased
    }
  }

  public struct Worker: Hashable, Sendable {
    public let id: WorkerID
    public let deadline: Timestamp
    public let leases: Int

    public init(id: WorkerID, deadline: Timestamp, leases: Int) {
      self.id = id
      self.deadline = deadline
      self.leases = leases
    }
  }

  public var tiers: [TierName: Tier]
  public var workers: [Worker]
  /// Outcomes not yet acknowledged.
  public var outcomesPending: Int
  /// Entries that lie aside because they could not be read, at most `QueueLimits.unreadableMax`.
  public var unreadable: Int

  public init(tiers: [TierName: Tier], workers: [Worker], outcomesPending: Int, unreadable: Int = 0) {
    self.tiers = tiers
    self.workers = workers
    self.outcomesPending = outcomesPending
    self.unreadable = unreadable
  }
}

/// The queue's bounds, each with its default.
public struct QueueLimits: Hashable, Sendable {
  /// Items that one call of a script takes; longer batches are split. Bounds how long Redis is busy with one call.
  /// At most 1000.
  public var batchMax = 500
  /// Bytes of payloads, reports or logs that one call of a script takes; longer batches are split.
  public var batchBytesMax = 4 << 20
  /// Bytes of one job's payload; larger inputs go by reference.
  public var payloadBytesMax = 64 << 10
  /// Bytes of one attempt's report.
  public var reportBytesMax = 256 << 10
  /// Bytes of a job's live log.
  public var liveLogBytesMax = 256 << 10
  /// How long the live log of a finished job is kept.
  public var liveLogRetention = Duration.seconds(60)
  /// Entries of the event log, approximately; an entry holds up to 64 events of one call.
  public var eventsMax = 20_000
  /// Workers that a census lists, those with the nearest deadlines first.
  public var censusWorkersMax = 10_000
  /// Entries kept of those that could not be read; the oldest go first.
  public var unreadableMax = 1_000
  /// Bytes kept of one such entry. No outcome of ours is larger.
  public var unreadableBytesMax = 300 << 10

  public init() {}
}

/// Why a queue operation did not happen, or may not have happened.
public enum QueueError: Error, Hashable, Sendable {
  /// The queue is empty of its past (a new or flushed server) and must be rebuilt from the ledger.
  case lost
  /// The connection broke; whether the operation took effect is unknown. Every operation may be repeated.
  case disconnected(String)
  /// The server refused for want of memory; nothing was changed.
  case outOfMemory
  /// The server or its answer was not as expected.
  case server(String)
  /// An argument is over a limit of `QueueLimits`; nothing was changed.
  case tooLarge(String)
}
