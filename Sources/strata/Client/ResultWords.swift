import StrataCore

/// Results of other jobs as inputs, as the command line names them: `[NAME=]ID:RESULT`.
enum ResultWords {
  static let option = OptionDefinition.option(
    "input-from", "[NAME=]ID:RESULT",
    "a result of another job, or of each task of an array, which this job then runs after; * stands for any characters",
    repeats: true)

  /// In the order in which they were given.
  static func read(_ arguments: Arguments) async throws -> [JobInput] {
    var inputs: [JobInput] = []
    for text in arguments.all(option.name) {
      guard let colon = text.firstIndex(of: ":") else { throw usage(text, arguments) }
      let words = text[..<colon].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let result = String(text[text.index(after: colon)...])
      guard let job = words.last, !result.isEmpty, words.count == 1 || words[0] != "" else {
        throw usage(text, arguments)
      }
      inputs.append(
        .result(
          ResultReference(
            name: words.count == 2 ? words[0] : nil,
            job: try await JobName.resolve(job, for: arguments.command) { try Server(arguments) }, result: result)))
    }
    return inputs
  }

  private static func usage(_ text: String, _ arguments: Arguments) -> UsageError {
    UsageError(
      "--input-from takes a job and one of its results, such as 4rq0zn:terrain.tif or dtm.tif=4rq0zn:terrain.tif, not '\(text)'",
      command: arguments.command)
  }
}
