import StrataCore

/// One use of `strata job`, on one job or on several.
struct JobsAction {
  let server: Server
  let arguments: Arguments
  let verb: JobVerb

  /// - Parameter names: of the jobs, as they were typed.
  /// - Returns: of several that of the first that could not be done; what is done to the others is done.
  func perform(on names: [String]) async throws -> ExitStatus {
    guard names.count > 1 else {
      return try await act(on: names[0]) { value, text in
        Terminal.print(arguments.has("json") ? try JSONText.of(value) : text)
      }
    }
    var (answers, worst): ([any Encodable], ExitStatus) = ([], .done)
    for name in names {
      let status = await Failure.reporting {
        try await act(on: name) { value, text in
          answers.append(value)
          guard !arguments.has("json") else { return }
          // What has several lines stands apart.
          Terminal.print(answers.count > 1 && text.contains("\n") ? "\n\(text)" : text)
        }
      }
      if worst == .done { worst = status }
    }
    // They are one document.
    if arguments.has("json") { Terminal.print(try JSONText.of(items: answers)) }
    return worst
  }

  private func act(on name: String, tell: @escaping JobAction.Teller) async throws -> ExitStatus {
    let id = try await JobName.resolve(name) { server }
    return try await JobAction(server: server, arguments: arguments, id: id, tell: tell).perform(verb)
  }
}
