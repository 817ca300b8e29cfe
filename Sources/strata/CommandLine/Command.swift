import StrataCore

/// A command of the command line, as data, with what it does.
struct Command {
  let name: String
  /// What follows the name, as the help text shows it.
  var arguments = ""
  /// The most of them; more is an error rather than ignored.
  var argumentsMax = 0
  let summary: String
  /// More for `strata help NAME`; empty where the summary says all.
  var details = ""
  var options: [OptionDefinition] = []
  /// Options end at the first word that is not one: what follows belongs to the command to be run.
  var stopsAtFirstArgument = false
  /// Left out of the overview.
  var isHidden = false
  let run: @Sendable (Arguments) async throws -> ExitStatus
}

/// What a command tells the shell.
package enum ExitStatus: Int32 {
  case done = 0
  case failedJob = 1
  case badUsage = 2
  /// Budget, plan or limits.
  case refused = 3
  case unreachable = 4
  /// The time that was given is over: what was waited for goes on.
  case timeOver = 5
}

/// A command line that cannot be understood.
package struct UsageError: Error {
  package let message: String
  let command: String?

  init(_ message: String, command: String? = nil) {
    self.message = message
    self.command = command
  }
}
