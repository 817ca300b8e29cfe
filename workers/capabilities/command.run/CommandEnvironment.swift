import StrataCore
import StrataRuntime
import StrataWorker

/// What a command finds in its environment: the runner's clean one, the attempt's folders, and what the client adds.
enum CommandEnvironment {
  static func make(for context: AttemptContext) throws(AttemptError) -> [String: String] {
    var environment = Environment.current
    environment["HOME"] = context.workingFolder
    environment["STRATA_OUTPUT_DIR"] = context.outputFolder
    environment["STRATA_JOB_ID"] = context.order.job.description
    environment["STRATA_CORES"] = String(context.cores)
    environment["STRATA_MEMORY_BYTES"] = String(context.memoryBytes)
    for entry in try context.parameters.strings("environment") {
      guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else {
        throw .invalidInput("'\(entry)' in 'environment' is not of the form NAME=value")
      }
      environment[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
    }
    return environment
  }
}
