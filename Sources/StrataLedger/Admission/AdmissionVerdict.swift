public import StrataCore

/// What became of a submission.
public enum AdmissionVerdict: Hashable, Sendable {
  /// The job and its hold are committed.
  case accepted(AcceptedJob)
  /// The tenant used this idempotency key for the same request before, or this job holds the unique key, or does the same
  /// job again; this is that job. It may be unknown to the queue
  /// still (a controller that fell between commit and enqueue): enqueue it too unless it is finished.
  case existing(AcceptedJob)
  /// Nothing was stored.
  case refused(AdmissionRefusal)
}

extension StrataError.Code {
  /// A job is to wait for one that its tenant does not have.
  public static let unknownDependency = StrataError.Code(rawValue: "unknown_dependency")
  /// A job is to join a batch that its tenant does not have.
  public static let unknownBatch = StrataError.Code(rawValue: "unknown_batch")
  /// Another job holds the unique key.
  public static let notUnique = StrataError.Code(rawValue: "not_unique")
}

/// A job in the ledger, as its acknowledgement needs it.
public struct AcceptedJob: Hashable, Sendable {
  public let job: JobID
  public let state: JobState
  /// The most it may be charged.
  public let held: MicroCredits
  public let createdAt: Timestamp
  /// The class of its tenant when it was accepted.
  public let priorityClass: PriorityClass

  public init(
    job: JobID, state: JobState, held: MicroCredits, createdAt: Timestamp, priorityClass: PriorityClass = .standard
  ) {
    self.job = job
    self.state = state
    self.held = held
    self.createdAt = createdAt
    self.priorityClass = priorityClass
  }
}

/// Why a submission was not stored.
public enum AdmissionRefusal: Error, Hashable, Sendable {
  /// The hold would take the account over its limit.
  case budget(available: MicroCredits, needed: MicroCredits)
  /// The hold would exceed the bound that the client set.
  case overCreditsMax(max: MicroCredits, needed: MicroCredits)
  /// The idempotency key (or the job's identifier) belongs to another request.
  case conflict(JobID)
  /// Nothing of this name is for sale.
  case unpriced(String)
  /// The tier's workers have no known cost.
  case unratedTier(TierName)
  case unknownTenant(TenantID)
  /// It was to wait for a job that the tenant does not have.
  case unknownDependency(JobID)
  /// It was to join a batch that the tenant does not have.
  case unknownBatch(BatchID)
  /// It was to join a batch that takes no more.
  case closedBatch(BatchID)
  /// Another job holds its key.
  case notUnique(String, JobID)
  /// A value cannot be stored; says which and why.
  case invalid(String)

  /// The refusal as the client should see it.
  public var strataError: StrataError {
    switch self {
    case .budget(let available, let needed):
      StrataError(
        .budgetExceeded, "the job needs a hold of \(needed) credits, \(available) are available",
        remedy: "ask for fewer resources or a shorter timeout, wait for running jobs to settle, or add credits")
    case .overCreditsMax(let max, let needed):
      StrataError(
        .budgetExceeded, "the job needs a hold of \(needed) credits, its max_credits is \(max)",
        remedy: "raise max_credits, or ask for fewer resources or a shorter timeout")
    case .conflict(let job):
      StrataError(
        .conflict, "this Idempotency-Key was used for another request, job \(job)", remedy: "use a new key")
    case .unpriced(let name): StrataError(.unsatisfiable, "'\(name)' has no price")
    case .unratedTier(let tier): StrataError(.unsatisfiable, "tier '\(tier)' has no rate")
    case .unknownTenant(let tenant): StrataError(.notFound, "there is no tenant \(tenant)")
    case .unknownDependency(let job):
      StrataError(
        .unknownDependency, "it was to run after job \(job), and there is no such job of this tenant",
        remedy: "name jobs that were accepted before")
    case .unknownBatch(let batch): StrataError(.unknownBatch, "there is no batch \(batch) of this tenant")
    case .closedBatch(let batch):
      StrataError(.conflict, "batch \(batch) is closed: no more jobs may join it", remedy: "open another")
    case .notUnique(let key, let job):
      StrataError(
        .notUnique, "job \(job) holds the unique key '\(key)'", remedy: "wait for it, or take it as the answer")
    case .invalid(let why): StrataError(.invalidInput, "the job cannot be stored: \(why)")
    }
  }
}
