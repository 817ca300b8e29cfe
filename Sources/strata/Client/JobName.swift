import StrataAPI
import StrataCore

/// A job as the command line names it: by its identifier, or by as much of its end or its beginning as no other has.
enum JobName {
  /// - Parameters:
  ///   - command: whose usage is told of what cannot be one.
  ///   - server: not asked for where the identifier is whole.
  /// - Throws: `UsageError` for what cannot be one, `notFound` where there is none, `invalidInput` with the candidates
  ///   where several are meant.
  static func resolve(
    _ text: String, for command: String = "job", on server: () throws -> Server
  ) async throws -> JobID {
    if let id = JobID(text) { return id }
    guard IdentifierPart<JobTag>(text) != nil else {
      throw UsageError(
        "'\(text)' is not a job's identifier: give its 26 letters and digits, or the last 6 of them or more",
        command: command)
    }
    let page: Page<JobView> = try await server().get("/v1/jobs", query: [(name: "id", value: text)])
    guard let job = page.items.first else {
      throw StrataError(
        .notFound, "no job of yours ends in '\(text)', or begins so", remedy: "'strata jobs' lists them")
    }
    guard page.items.count == 1 else {
      let candidates = page.items.map {
        "  \($0.id)  \($0.state.rawValue), \($0.capability), \($0.createdAt.prefix(19))"
      }
      throw StrataError(
        .invalidInput, "'\(text)' may be any of these jobs:\n\(candidates.joined(separator: "\n"))\n",
        remedy: "give more characters, best of its end")
    }
    return job.id
  }
}
