public import StrataCore

/// What clients asked for and were told.
public struct History: Hashable, Sendable {
  public enum Answer: Hashable, Sendable {
    /// Of each job of a request, whether it was accepted.
    case jobs([JobAnswer])
    case array(ArrayID)
    case done
    /// The server refused for good.
    case refused(status: Int, code: String)
    /// Not asked: whom it concerns was not there.
    case skipped
    /// It never came to an answer, in all the time that there was.
    case unanswered(String)
  }

  public enum JobAnswer: Hashable, Sendable {
    case accepted(JobID)
    case refused(code: String)
  }

  public struct Entry: Hashable, Sendable {
    public var request: Request
    public var answer: Answer
    /// The jobs that it was to run after, as far as they were known.
    public var after: [JobID] = []
    public var tries = 1

    public init(request: Request, answer: Answer) {
      self.request = request
      self.answer = answer
    }
  }

  public var entries: [Entry] = []
  public init() {}

  /// The job that the request of this number submitted alone.
  public func job(of number: Int) -> JobID? {
    for entry in entries where entry.request.number == number {
      if case .jobs(let answers) = entry.answer, case .accepted(let job) = answers.first { return job }
    }
    return nil
  }
}
