import StrataAPI
import StrataCore

extension Command {
  static let array = Command(
    name: "array", arguments: "\(ArrayVerb.usage) [ID [INDEXES]]", argumentsMax: 3,
    summary: "List, show, follow, explain, cancel or retry arrays",
    details: """
      list    your arrays, newest first
      show    everything known of the array, what was asked for, and its tasks together; with an index, that task
      tasks   its tasks, one a line, those in --state only
      wait    follow it until all its tasks have ended
      explain why no more of its tasks are made; with an index, what holds that task
      cancel  cancel it, or the tasks of some indexes: those that are not made never will be, the others are stopped
      retry   do its failed tasks again, once all have ended: a new array, whose identifier is printed

      'strata submit --array' and 'strata run --array' make one. INDEXES are written as there: 7, 0-99 or 1,5,10-20. 'strata
      job show|logs|fetch|… ID[INDEX]' is about one task. ID may be shortened as in 'strata job'; since all of them end in
      four zeros, take 10 characters of the end.

      Example: strata array cancel 01m8… 500-999
      """,
    options: [
      .option(
        "state", "NAME",
        "only those in this state: pending, scheduled, queued, running, succeeded, failed, cancelled; or waiting: made, and"
          + " not running (tasks)"),
      .option("tenant", "NAME", "those of this tenant (list; operators)"),
      .option("limit", "N|all", "how many (list, tasks) [20]"),
      .option(
        "units-max", "N",
        "the most points, or what else its capability counts, to hold credits for, for each task (retry) [as submitted]"
      ),
      .dataDirectory, .json,
    ],
    run: { arguments in
      guard let word = arguments.positional.first else {
        throw UsageError("what is to be done? expected \(ArrayVerb.usage)", command: "array")
      }
      guard let verb = ArrayVerb(rawValue: word) else {
        let near = Spelling.nearest(to: word, among: ArrayVerb.allCases.map(\.rawValue))
        throw UsageError(
          "'\(word)' is none of \(ArrayVerb.usage)" + (near.map { "; did you mean '\($0)'?" } ?? ""), command: "array")
      }
      try verb.check(arguments)
      let server = try Server(arguments)
      let array = verb == .list ? nil : try await ArrayName.resolve(arguments.positional[1]) { server }
      return try await ArrayAction(server: server, arguments: arguments, array: array).perform(verb)
    })
}

/// What `strata array` can do.
enum ArrayVerb: String, CaseIterable {
  case list, show, tasks, wait, explain, cancel, retry

  static let usage = allCases.map(\.rawValue).joined(separator: "|")

  /// Refused here, before a server is asked.
  func check(_ arguments: Arguments) throws(UsageError) {
    let count = arguments.positional.count
    let isRight =
      switch self {
      case .list: count == 1
      case .show, .explain, .cancel: (2...3).contains(count)
      case .tasks, .wait, .retry: count == 2
      }
    guard isRight else { throw UsageError("expected strata array \(rawValue)\(words)", command: "array") }
    if self != .list, !ArrayName.isPart(arguments.positional[1]) { throw ArrayName.usage(arguments.positional[1]) }
    if arguments.has("state"), self != .tasks {
      throw UsageError("--state is for 'strata array tasks'", command: "array")
    }
    if arguments.has("tenant"), self != .list {
      throw UsageError("--tenant is for 'strata array list'; an operator names any array", command: "array")
    }
    if arguments.has("limit"), self != .tasks, self != .list {
      throw UsageError("--limit is for 'strata array list' and 'tasks'", command: "array")
    }
    if arguments.has("units-max"), self != .retry {
      throw UsageError("--units-max is for 'strata array retry'", command: "array")
    }
  }

  private var words: String {
    switch self {
    case .list: ""
    case .show, .explain: " ID [INDEX]"
    case .cancel: " ID [INDEXES]"
    case .tasks, .wait, .retry: " ID"
    }
  }
}
