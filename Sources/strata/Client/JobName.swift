package import StrataAPI
package import StrataCore

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
    if let task = TaskName(text) { return try await task.resolve(on: server()) }
    guard IdentifierPart<JobTag>(text) != nil else {
      throw UsageError(
        "'\(text)' is not a job's identifier: give its 26 letters and digits, or the last 6 of them or more, or a task"
          + " as ARRAY[INDEX]",
        command: command)
    }
    let page: Page<JobView> = try await server().get("/v1/jobs", query: [(name: "id", value: text)])
    guard let job = page.items.first else {
      // What may be named beside a job is told apart by whoever is asked for it.
      let arrays = try await ArrayName.candidates(text, on: server())
      if arrays.count == 1 { return arrays[0].id.asJob }
      throw IdentifierWords.unknown(text, "job", remedy: "'strata jobs' lists them")
    }
    guard page.items.count == 1 else {
      throw IdentifierWords.ambiguous(
        text, "jobs", page.items.map { "\($0.id)  \($0.state.rawValue), \($0.capability), \($0.createdAt.prefix(19))" })
    }
    return job.id
  }
}

/// An array as the command line names it: as a job. All arrays end in four zeros, so their ends tell them apart later.
enum ArrayName {
  /// - Parameter server: not asked for where the identifier is whole.
  /// - Throws: as for a job.
  static func resolve(_ text: String, on server: () throws -> Server) async throws -> ArrayID {
    if let id = ArrayID(text) { return id }
    guard isPart(text) else { throw usage(text) }
    let found = try await candidates(text, on: server())
    guard let array = found.first else {
      throw IdentifierWords.unknown(text, "array", remedy: "'strata array list' lists them")
    }
    guard found.count == 1 else {
      throw IdentifierWords.ambiguous(
        text, "arrays",
        found.map {
          "\($0.id)  \($0.state), \($0.tasks.counted("task")) of \($0.capability ?? "?"), \($0.createdAt.prefix(19))"
        }, best: "best 10 of its end")
    }
    return array.id
  }

  /// Whether it may name an array.
  static func isPart(_ text: String) -> Bool { ArrayID(text) != nil || IdentifierPart<ArrayTag>(text) != nil }

  static func usage(_ text: String) -> UsageError { IdentifierWords.unusable(text, "an array", command: "array") }

  static func candidates(_ text: String, on server: Server) async throws -> [ArrayView] {
    let page: Page<ArrayView> = try await server.get(["v1", "arrays"], query: [(name: "id", value: text)])
    return page.items
  }
}

/// A batch as the command line names it: as a job.
enum BatchName {
  /// - Parameters:
  ///   - command: whose usage is told of what cannot be one.
  ///   - server: not asked for where the identifier is whole.
  /// - Throws: as for a job.
  static func resolve(
    _ text: String, for command: String = "batch", on server: () throws -> Server
  ) async throws -> BatchID {
    if let id = BatchID(text) { return id }
    guard IdentifierPart<BatchTag>(text) != nil else {
      throw IdentifierWords.unusable(text, "a batch", command: command)
    }
    let page: Page<BatchView> = try await server().get(["v1", "batches"], query: [(name: "id", value: text)])
    guard let batch = page.items.first else {
      throw IdentifierWords.unknown(text, "batch", remedy: "its submission printed the identifier")
    }
    guard page.items.count == 1 else {
      throw IdentifierWords.ambiguous(
        text, "batches", page.items.map { "\($0.id)  \($0.total.counted("job")), \($0.createdAt.prefix(19))" })
    }
    return batch.id
  }
}

/// What is said of a part of an identifier that does not name one thing.
private enum IdentifierWords {
  static func unusable(_ text: String, _ thing: String, command: String) -> UsageError {
    UsageError(
      "'\(text)' is not \(thing)'s identifier: give its 26 letters and digits, or the last 6 of them or more, or the"
        + " first 8 or more", command: command)
  }

  static func unknown(_ text: String, _ thing: String, remedy: String) -> StrataError {
    StrataError(.notFound, "no \(thing) of yours ends in '\(text)', or begins so", remedy: remedy)
  }

  static func ambiguous(
    _ text: String, _ things: String, _ candidates: [String], best: String = "best of its end"
  ) -> StrataError {
    let lines = candidates.map { "  \($0)" }.joined(separator: "\n")
    return StrataError(
      .invalidInput, "'\(text)' may be any of these \(things):\n\(lines)\n", remedy: "give more characters, \(best)")
  }
}

/// A task of an array as the command line names it: `ARRAY[INDEX]`.
package struct TaskName {
  /// Or a part of its identifier.
  let array: String
  let index: Int

  /// - Returns: nil for what is no task.
  init?(_ text: String) {
    let parts = text.split(separator: "[", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].last == "]", ArrayName.isPart(String(parts[0])),
      let index = Int(parts[1].dropLast()), index >= 0
    else { return nil }
    (array, self.index) = (String(parts[0]), index)
  }

  /// - Throws: as for a job; `notFound` where the task is not made, with how its array stands.
  func resolve(on server: Server) async throws -> JobID {
    let id = try await ArrayName.resolve(array) { server }
    let path = ["v1", "arrays", id.description]
    let task: ArrayTaskView = try await server.get(path + ["tasks", "\(index)"])
    if task.job != nil { return task.id }
    throw Self.notMade(task, of: try await server.get(path))
  }

  /// Why there is no job to look at.
  package static func notMade(_ task: ArrayTaskView, of array: ArrayView) -> StrataError {
    guard task.state == ArrayTaskView.pending else {
      return StrataError(
        .notFound, "task \(task.index) of array \(array.id) was cancelled before it was made: it never was a job",
        remedy: "'strata array show \(array.id)' says how the others stand")
    }
    let ended = array.succeeded + array.failed + array.cancelled
    let held = array.held.map { ", held: \($0.detail)" } ?? ""
    return StrataError(
      .notFound,
      "task \(task.index) of array \(array.id) is not made yet: \(array.pending) of its \(array.tasks) tasks wait for"
        + " room and are made in order as others end; the array is \(array.state)\(held), \(ended) have ended",
      remedy: "'strata array explain \(array.id) \(task.index)' says more, 'strata array cancel' takes it out")
  }
}
