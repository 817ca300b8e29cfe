public import StrataCore

public enum EnqueueVerdict: Hashable, Sendable { case enqueued, alreadyHeld }

public enum CancelVerdict: Hashable, Sendable {
  /// It was ready and is gone; its outcome is logged.
  case removed
  /// It is running; its worker has been told.
  case signalled
  /// The queue does not hold it.
  case unknown
}

public enum PreemptVerdict: Hashable, Sendable {
  /// Its worker has been told, or is ending it already.
  case signalled
  /// The lease is over; nothing was changed.
  case stale
  /// Its job may not be preempted, or not for a job of that class; nothing was changed.
  case refused
}

public enum PriorityVerdict: Hashable, Sendable {
  /// It waits, and is at its new place.
  case moved
  /// It is running, and has its new priority when it comes back.
  case running
  /// The queue does not hold it.
  case unknown
}

public enum QueueStatus: Hashable, Sendable {
  /// Waits; `ahead` jobs of the same tenant in the same lane go first.
  case ready(ahead: Int, attemptsMade: Int)
  /// Waits for its time.
  case delayed(until: Timestamp, attemptsMade: Int)
  case leased(LeaseStatus)
}

public struct LeaseStatus: Hashable, Sendable {
  public let worker: WorkerID
  public let token: FencingToken
  /// 1 for the first attempt.
  public let attempt: Int
  /// Where it runs: its job's tier, or that of one of the job's alternatives. Nil where the queue does not know any more.
  public let tier: TierName?
  public let startedAt: Timestamp
  /// 0…1, nil until the worker says.
  public let fraction: Double?
  public let stage: String?
  public let isCancelRequested: Bool
  /// The class of the job that is to have its room; nil of an attempt that may go on.
  public let preemptor: PriorityClass?

  public init(
    worker: WorkerID, token: FencingToken, attempt: Int, tier: TierName?, startedAt: Timestamp, fraction: Double?,
    stage: String?, isCancelRequested: Bool, preemptor: PriorityClass? = nil
  ) {
    self.worker = worker
    self.token = token
    self.attempt = attempt
    self.tier = tier
    self.startedAt = startedAt
    self.fraction = fraction
    self.stage = stage
    self.isCancelRequested = isCancelRequested
    self.preemptor = preemptor
  }
}

/// What a worker asks for.
public struct LeaseRequest: Hashable, Sendable {
  public let worker: WorkerID
  /// In the order in which it looks for work.
  public let tiers: [TierName]
  /// The most jobs it takes.
  public let count: Int
  /// What it has free, once what it has completed is gone. Whatever of a job's resources it is not told of counts as
  /// there.
  public let room: ResourceRequest
  /// What it has free once everything that it runs is over: for a job that needs so much and has waited for long it may
  /// be made to keep its room (`QueuePolicy.keepRoomAfter`).
  public let wholeRoom: ResourceRequest
  /// Leases of its own that succeeded: they are finished first, as by `complete`, in the same step.
  public let completed: [AttemptResult]
  /// Whose jobs it takes; nil: anybody's.
  public let dedication: Dedication?

  public init(
    worker: WorkerID, tiers: [TierName], count: Int, room: ResourceRequest = .unlimited,
    wholeRoom: ResourceRequest? = nil, completed: [AttemptResult] = [], dedication: Dedication? = nil
  ) {
    self.worker = worker
    self.tiers = tiers
    self.count = count
    self.room = room
    self.wholeRoom = wholeRoom ?? room
    self.completed = completed
    self.dedication = dedication
  }
}

/// A worker's being there for one tenant. The tenant's jobs may run elsewhere, too.
public struct Dedication: Hashable, Sendable {
  public let tenant: TenantID
  /// Whether it takes jobs of others when its tenant has none that it could take. What it has lent it gets back when that
  /// job ends.
  public let lends: Bool

  public init(tenant: TenantID, lends: Bool = false) {
    self.tenant = tenant
    self.lends = lends
  }

  /// Whether jobs of a tenant may come to run there.
  public func admits(_ tenant: TenantID) -> Bool { lends || tenant == self.tenant }
}

extension ResourceRequest {
  /// The most that the queue counts of anything.
  public static let unlimited = ResourceRequest(
    cpuMillicores: Int64(QueueLimits.tokenLimit - 1), memoryBytes: Int64(QueueLimits.tokenLimit - 1),
    gpuThousandths: Int64(QueueLimits.tokenLimit - 1))
}

/// The right of a worker to one attempt.
public struct Lease: Hashable, Sendable {
  public let job: QueuedJob
  public let worker: WorkerID
  public let token: FencingToken
  /// 1 for the first attempt.
  public let attempt: Int

  public init(job: QueuedJob, worker: WorkerID, token: FencingToken, attempt: Int) {
    self.job = job
    self.worker = worker
    self.token = token
    self.attempt = attempt
  }

  public var reference: LeaseReference { LeaseReference(job: job.id, worker: worker, token: token) }
}

/// Names a lease. One that names another worker than its holder is stale.
public struct LeaseReference: Hashable, Sendable {
  public let job: JobID
  public let worker: WorkerID
  public let token: FencingToken

  public init(job: JobID, worker: WorkerID, token: FencingToken) {
    self.job = job
    self.worker = worker
    self.token = token
  }
}

public struct LeaseGrant: Hashable, Sendable {
  public let leases: [Lease]
  /// Until when the worker owns all its leases, by the queue's clock.
  public let deadline: Timestamp
  /// What became of `LeaseRequest.completed`, in its order.
  public let verdicts: [LeaseVerdict]

  public init(leases: [Lease], deadline: Timestamp, verdicts: [LeaseVerdict] = []) {
    self.leases = leases
    self.deadline = deadline
    self.verdicts = verdicts
  }
}

public struct HeartbeatReply: Hashable, Sendable {
  public let deadline: Timestamp
  /// False when the queue had forgotten the worker (its deadline passed, or the queue was rebuilt) or has taken leases back
  /// that it did not name: the two took it for something else, as to whether it waits for work. It is known again from now
  /// on, and should ask for work.
  public let wasKnown: Bool
  /// Jobs of `held` whose lease is gone: stop them, report nothing.
  public let lost: [JobID]
  /// Jobs of `held` that their owner has cancelled: stop them and report `cancelled`.
  public let cancelRequested: [JobID]
  /// Jobs of `held` that jobs of higher classes need the room of: let them save what they have, stop them, and hand them
  /// back.
  public let preempted: [JobID]

  public init(
    deadline: Timestamp, wasKnown: Bool, lost: [JobID], cancelRequested: [JobID], preempted: [JobID] = []
  ) {
    self.deadline = deadline
    self.wasKnown = wasKnown
    self.lost = lost
    self.cancelRequested = cancelRequested
    self.preempted = preempted
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
  /// How long the job then waits before it is ready again.
  public let retryDelay: Duration
  public let report: [UInt8]

  public init(
    lease: LeaseReference, ending: AttemptEnding, isRetryable: Bool, retryDelay: Duration = .zero, report: [UInt8]
  ) {
    self.lease = lease
    self.ending = ending
    self.isRetryable = isRetryable
    self.retryDelay = retryDelay
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
  /// Let this job save what it has, stop it, and hand it back: a job of a higher class needs its room.
  case preempt(JobID)
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
  /// Zero for a job that was cancelled, or expired, while it waited.
  public let token: FencingToken
  /// 1 for the first attempt; 0 for a job that was cancelled, or expired, while it waited, whether or not it ever ran.
  public let attempt: Int
  /// `.expired` with `isFinal`: the last attempt's worker was lost, and the job has failed; or, where the attempt is 0,
  /// none had begun by the time by which it had to.
  public let ending: AttemptEnding
  /// The class of the job that needed its room; nil unless it was preempted.
  public let preemptor: PriorityClass?
  /// Whether the job is finished; else it is ready again.
  public let isFinal: Bool
  public let worker: WorkerID?
  /// Where the attempt ran: its job's tier, or that of one of the job's alternatives. Nil for a job that never ran, and where
  /// the queue does not know any more.
  public let tier: TierName?
  public let startedAt: Timestamp?
  public let endedAt: Timestamp
  /// What the worker said; empty for a lease that expired or was taken back, and for a job that never ran.
  public let report: [UInt8]

  public init(
    position: OutcomePosition, job: JobID, token: FencingToken, attempt: Int, ending: AttemptEnding,
    preemptor: PriorityClass? = nil, isFinal: Bool, worker: WorkerID?, tier: TierName?, startedAt: Timestamp?,
    endedAt: Timestamp, report: [UInt8]
  ) {
    self.position = position
    self.job = job
    self.token = token
    self.attempt = attempt
    self.ending = ending
    self.preemptor = preemptor
    self.isFinal = isFinal
    self.worker = worker
    self.tier = tier
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
    /// The attempt was ended for a job of this class, and the job is ready again.
    case preempted(for: PriorityClass)
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

/// Why a queue operation did not happen, or may not have happened.
public enum QueueError: Error, Hashable, Sendable {
  /// The queue is empty of its past (a new or flushed server) and must be rebuilt from the ledger.
  case lost
  /// The connection broke; whether the operation took effect is unknown. Every operation may be repeated.
  case disconnected(String)
  /// As `disconnected`, since no sentinel has told where the master is.
  case noMaster(SentinelSearch)
  /// The server refused for want of memory; nothing was changed.
  case outOfMemory
  /// The server or its answer was not as expected.
  case server(String)
  /// An argument is over a limit of `QueueLimits`; nothing was changed.
  case tooLarge(String)
  /// There are as many lanes as `QueueLimits.lanesMax` allows, and a job would be the first of another; nothing was
  /// changed. Round resources to fewer shapes.
  case tooManyLanes

  /// In words, as the end of a sentence.
  public var reason: String {
    switch self {
    case .lost: "it has lost what it held"
    case .outOfMemory: "it has no memory left"
    case .disconnected(let reason), .server(let reason), .tooLarge(let reason): reason
    case .noMaster(let search): search.reason
    case .tooManyLanes: "it has no room for another kind of job"
    }
  }
}
