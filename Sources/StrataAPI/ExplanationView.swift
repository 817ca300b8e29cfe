public import StrataCore

/// What holds a job: `GET /v1/jobs/{id}/explain`.
public struct ExplanationView: Hashable, Codable, Sendable {
  public struct Reason: Hashable, Codable, Sendable {
    /// A stable name, such as `scheduled`, `tenant_limit`, `no_worker`.
    public let code: String
    /// One sentence.
    public let message: String
    /// How many run, or go first.
    public let count: Int?
    /// The most that may run.
    public let limit: Int?
    /// When it is over.
    public let until: String?
    /// Which jobs it waits for, at most 100 of `count`; absent where it waits for none.
    public let jobs: [JobID]?

    public init(code: String, message: String, count: Int?, limit: Int?, until: String?, jobs: [JobID]?) {
      self.code = code
      self.message = message
      self.count = count
      self.limit = limit
      self.until = until
      self.jobs = jobs
    }
  }

  public let job: JobID
  public let state: JobState
  /// What holds it now, the weightiest first; never empty.
  public let reasons: [Reason]
  /// What may hold it too and cannot be told.
  public let unknown: [String]
  /// When it will start; absent of a job that does not wait in the queue.
  public let start: StartView?

  public init(job: JobID, state: JobState, reasons: [Reason], unknown: [String], start: StartView?) {
    self.job = job
    self.state = state
    self.reasons = reasons
    self.unknown = unknown
    self.start = start
  }
}
