import StrataCore
import StrataRuntime
import StrataWorker

/// What a command finds in its environment: the runner's clean one, the attempt's folders, and what the client adds.
enum CommandEnvironment {
  private static let reservedPrefix = "STRATA_"

  static func make(for context: AttemptContext) throws(AttemptError) -> [String: String] {
    var environment = Environment.current
    environment["HOME"] = context.workingFolder
    environment["STRATA_OUTPUT_DIR"] = context.outputFolder
    environment["STRATA_CHECKPOINT_DIR"] = context.checkpointFolder
    environment["STRATA_JOB_ID"] = context.order.job.description
    environment["STRATA_TIER"] = context.tier?.rawValue
    environment["STRATA_CORES"] = String(context.cores)
    environment["STRATA_MEMORY_BYTES"] = String(context.memoryBytes)
    let gpus = context.order.resources.gpuThousandths
    environment["STRATA_GPUS"] = gpus % 1_000 == 0 ? "\(gpus / 1_000)" : "\(Double(gpus) / 1_000)"
    if let task = context.order.task {
      environment["STRATA_ARRAY_ID"] = task.array.description
      environment["STRATA_TASK_INDEX"] = String(task.index)
      environment["STRATA_TASK_COUNT"] = String(task.span.count)
      environment["STRATA_TASK_MIN"] = String(task.span.first)
      environment["STRATA_TASK_MAX"] = String(task.span.last)
    }
    for entry in try context.parameters.strings("environment") {
      guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else {
        throw .invalidInput("'\(entry)' in 'environment' is not of the form NAME=value")
      }
      let name = String(entry[..<equals])
      // A command without its stack's mark would not be found among what a stack that was killed has left.
      guard !name.hasPrefix(reservedPrefix) else {
        throw .invalidInput(
          "'\(name)' in 'environment' cannot be set: names that begin with \(reservedPrefix) are Strata's")
      }
      environment[name] = String(entry[entry.index(after: equals)...])
    }
    return environment
  }
}
