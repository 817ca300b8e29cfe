import StrataAPI
import StrataCore

/// A job that is split over workers: an array whose tasks do a part each, and a job that puts the parts together.
struct SplitJob {
  /// Behind the idempotency key of the whole, that of its parts.
  static let keySuffix = ".parts"

  private let count: Int
  private let command: String

  /// - Returns: nil where nothing is to be split.
  /// - Throws: for what a job in parts cannot have.
  static func read(_ arguments: Arguments) throws(UsageError) -> SplitJob? {
    guard let count = try arguments.integer("split", in: 2...TaskIndexes.tasksMax) else { return nil }
    for other in [
      "array", "after", ResultWords.option.name, "batch", "unique-key", "start-by", "start-within",
      "on-dependency-failure",
    ]
    where arguments.has(other) {
      throw UsageError("--split and --\(other) do not go together", command: arguments.command)
    }
    return SplitJob(count: count, command: arguments.command)
  }

  /// Whether an error says that nothing was accepted.
  static func isRefusal(_ code: StrataError.Code) -> Bool {
    ![.unreachable, .cancelled, .unavailable, .internalError].contains(code)
  }

  /// - Parameter files: how many inputs each job has.
  /// - Throws: where the capability cannot be split so.
  func parts(of request: JobRequest, files: Int, on server: Server) async throws -> Parts {
    let all: [CapabilityView] = try await server.get("/v1/capabilities")
    guard let capability = all.first(where: { $0.name == request.capability }) else {
      throw CapabilityNames.missing(request.capability, among: all)
    }
    guard let terms = capability.parts else {
      let able = all.filter { $0.parts != nil }.map(\.name).joined(separator: ", ")
      throw UsageError(
        "'\(request.capability)' cannot be split; \(able.isEmpty ? "nothing here can" : "these can: \(able)")",
        command: command)
    }
    guard count <= terms.maximum else {
      throw UsageError("'\(request.capability)' is split into at most \(terms.maximum) parts", command: command)
    }
    guard request.params?[terms.parameter] == nil else {
      throw UsageError("--split says which '\(terms.parameter)' each job does; leave that out", command: command)
    }
    guard files + count <= capability.inputsMax else {
      throw UsageError(
        "'\(request.capability)' takes at most \(capability.inputsMax) inputs, the results of \(count) parts among them",
        command: command)
    }
    // It would mean the part in the parts, and nothing where they are put together.
    guard !JSONValue.object(request.params ?? [:]).description.contains(ArrayTask.placeholder) else {
      throw UsageError("--split fills in no '\(ArrayTask.placeholder)' in parameters", command: command)
    }
    return Parts(count: count, terms: terms)
  }

  /// How many parts there are of a capability that can be split.
  struct Parts {
    let count: Int
    let terms: Capability.Parts

    /// The array, whose tasks do a part each.
    func tasks(of request: JobRequest) -> JobRequest {
      var tasks = request
      tasks.params = (request.params ?? [:]).merging([terms.parameter: .string("{task}/\(count)")]) { $1 }
      tasks.array = ArrayRequest(range: "1-\(count)")
      return tasks
    }

    /// The job that puts together what the tasks of an array have left behind.
    func whole(of request: JobRequest, from array: JobID) -> JobRequest {
      var whole = request
      // What a part has not done, for whatever reason, is done where they are put together.
      whole.onDependencyFailure = .run
      whole.inputs = (request.inputs ?? []) + [.result(ResultReference(job: array, result: terms.results))]
      return whole
    }
  }
}

/// What was accepted, with the array of the parts where it was split.
struct SplitAccepted: Encodable {
  let accepted: JobAccepted
  let array: JobID?

  private enum CodingKeys: CodingKey { case array }

  func encode(to encoder: any Encoder) throws {
    try accepted.encode(to: encoder)
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encodeIfPresent(array, forKey: .array)
  }
}
