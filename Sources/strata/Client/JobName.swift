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
    if let task = TaskName(text) {
      let view: ArrayTaskView = try await server().get(task.path)
      return view.id
    }
    guard IdentifierPart<JobTag>(text) != nil else {
      throw UsageError(
        "'\(text)' is not a job's identifier: give its 26 letters and digits, or the last 6 of them or more, or a task"
          + " as ARRAY[INDEX]",
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

/// A task of an array as the command line names it: `ARRAY[INDEX]`.
struct TaskName {
  let array: ArrayID
  let index: Int

  /// - Returns: nil for what is no task.
  init?(_ text: String) {
    let parts = text.split(separator: "[", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].last == "]", let array = ArrayID(String(parts[0])),
      let index = Int(parts[1].dropLast()), index >= 0
    else { return nil }
    (self.array, self.index) = (array, index)
  }

  var path: [String] { ["v1", "arrays", array.description, "tasks", "\(index)"] }
}
