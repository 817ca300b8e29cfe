package import StrataAPI
import StrataCore

/// One use of `strata array`.
struct ArrayAction {
  let server: Server
  let arguments: Arguments
  /// Of the array that is meant; nil where none is named.
  let array: ArrayID?

  private var asJSON: Bool { arguments.has("json") }
  private var id: String { array?.description ?? "" }
  private var indexes: String? { arguments.positional.dropFirst(2).first }
  private var path: [String] { ["v1", "arrays", id] }

  func perform(_ verb: ArrayVerb) async throws -> ExitStatus {
    switch verb {
    case .list: try await list()
    case .show: try await show()
    case .tasks: try await tasks()
    case .wait:
      guard let array else { return .badUsage }
      return try await ArrayFollower(server: server).show(array, asJSON: asJSON)
    case .explain: try await explain()
    case .cancel: try await cancel()
    case .retry: try await retry()
    }
    return .done
  }

  private func list() async throws {
    let all: [ArrayView] = try await items(["v1", "arrays"], arguments.query("tenant"))
    if asJSON { return Terminal.print(try JSONText.of(items: all)) }
    Terminal.print(ArrayText.table(of: all), none: "no arrays")
  }

  private func tasks() async throws {
    let all: [ArrayTaskView] = try await items(path + ["tasks"], arguments.query("state"))
    if asJSON { return Terminal.print(try JSONText.of(items: all)) }
    Terminal.print(ArrayText.table(of: all), none: "no tasks")
  }

  private func items<Item: Codable & Sendable>(
    _ path: [String], _ query: [(name: String, value: String)]
  ) async throws -> [Item] {
    try await server.all(path, query: query, limit: try arguments.limit(usual: 20))
  }

  private func show() async throws {
    guard indexes != nil else {
      let array: ArrayView = try await server.get(path)
      return Terminal.print(asJSON ? try JSONText.of(array) : ArrayText.of(array))
    }
    let task: ArrayTaskView = try await server.get(try taskPath())
    let text =
      task.job.map { JobText.of($0) } ?? "task \(task.index) of array \(id) is \(task.state)\njob         \(task.id)"
    Terminal.print(asJSON ? try JSONText.of(task) : text)
  }

  private func taskPath() throws(UsageError) -> [String] {
    guard let text = indexes, let index = Int(text), index >= 0 else {
      throw UsageError("'\(indexes ?? "")' is not a task's index, a whole number", command: "array")
    }
    return path + ["tasks", "\(index)"]
  }

  private func explain() async throws {
    guard indexes != nil else { return try show(try await server.get(path + ["explain"]) as ArrayExplanationView) }
    let task: ArrayTaskView = try await server.get(try taskPath())
    if task.job == nil { return try show(try await server.get(try taskPath() + ["explain"]) as ArrayExplanationView) }
    let explanation: ExplanationView = try await server.get(try taskPath() + ["explain"])
    Terminal.print(asJSON ? try JSONText.of(explanation) : ExplanationText.of(explanation))
  }

  private func show(_ explanation: ArrayExplanationView) throws {
    let lines = ["array \(explanation.array) is \(explanation.state)"] + explanation.reasons.map { "  \($0.message)" }
    Terminal.print(asJSON ? try JSONText.of(explanation) : lines.joined(separator: "\n"))
  }

  private func cancel() async throws {
    if let indexes {
      do throws(StrataError) { _ = try TaskIndexes(text: indexes) } catch {
        throw UsageError("\(error)", command: "array")
      }
    }
    let array: ArrayView = try await server.delete(path, query: indexes.map { [(name: "tasks", value: $0)] } ?? [])
    let left = array.pending + (array.waiting ?? 0) + (array.running ?? 0)
    let words = left == 0 ? "has no task left" : "has \(left.counted("task")) left, \(array.running ?? 0) running"
    Terminal.print(asJSON ? try JSONText.of(array) : "array \(id) \(words); \(array.cancelled) are cancelled")
  }

  private func retry() async throws {
    let accepted: JobAccepted = try await server.post(
      "/v1/arrays/\(id)/retry", ArrayRetryRequest(unitsMax: try JobOptions.unitsMax(arguments)),
      idempotencyKey: "cli-\(JobID())")
    WarningText.tell(accepted.warnings)
    if accepted.isRepeat, !asJSON { Terminal.note("strata: the failed tasks of array \(id) are done again already") }
    Terminal.print(asJSON ? try JSONText.of(accepted) : accepted.id.description)
  }
}

/// Arrays as a person reads them.
package enum ArrayText {
  static func table(of arrays: [ArrayView]) -> Table {
    var table = Table("ARRAY", "STATE", "NAME", "CAPABILITY", "CREATED (UTC)", "TASKS", "SUCCEEDED", "FAILED", "LEFT")
    for one in arrays {
      let left = one.tasks - one.succeeded - one.failed - one.cancelled
      table.add(
        one.id.description, one.state, one.name ?? "-", one.capability ?? "?", String(one.createdAt.prefix(19)),
        "\(one.tasks)", "\(one.succeeded)", "\(one.failed)", "\(left)")
    }
    return table
  }

  static func table(of tasks: [ArrayTaskView]) -> Table {
    var table = Table("INDEX", "JOB", "STATE", "CHARGED", "REASON")
    for task in tasks {
      let ended = task.job.flatMap { $0.state.isFinal ? $0 : nil }
      table.add(
        "\(task.index)", task.id.description, task.state,
        ended.map { MicroCredits(micros: $0.chargedMicrocredits).description } ?? "-",
        task.job?.error.map { "\($0.code): \($0.message)" } ?? "-")
    }
    return table
  }

  package static func of(_ array: ArrayView) -> String {
    let request =
      array.job.map(RequestText.rows) ?? [("capability", array.capability ?? "of another version of Strata")]
    let standing: [RequestText.Row] = [
      ("created", array.createdAt), ("not before", array.runAt), ("finished", array.finishedAt),
      ("tasks", array.indexes.map { "\(array.tasks): \(Self.short($0))" } ?? "\(array.tasks)"),
      ("at once", array.maxRunning.map { "at most \($0)" }),
      ("pending", "\(array.pending)"), ("waiting", array.waiting.map(String.init)),
      ("running", array.running.map(String.init)), ("succeeded", "\(array.succeeded)"), ("failed", "\(array.failed)"),
      ("cancelled", "\(array.cancelled)"), ("which failed", array.failedIndexes.map(Self.short)),
      ("held", array.held.map { "\($0.detail) [\($0.code)]" }),
      ("charge", "at most \(MicroCredits(micros: array.chargeMaxMicrocredits)) credits each"),
      ("charged", "\(MicroCredits(micros: array.chargedMicrocredits)) credits so far"),
      ("holds", "\(MicroCredits(micros: array.heldMicrocredits)) credits for tasks that have not ended"),
      ("retry of", array.retryOf.map { "array \($0)" }), ("done again", array.retriedBy.map { "as array \($0)" }),
    ]
    let rows = [("array", array.id.description), ("state", array.state)] + request + standing
    return rows.compactMap { row in row.value.map { row.name.padded(to: 14) + $0 } }.joined(separator: "\n")
  }

  /// All is in what `--json` prints.
  private static func short(_ indexes: String) -> String {
    indexes.utf8.count > 400 ? "\(indexes.prefix(400)) …" : indexes
  }
}
