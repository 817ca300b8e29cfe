public import StrataCore

/// Inputs of a job that others are still to make, with what they may come to.
public struct AwaitedInputs: Hashable, Codable, Sendable {
  public struct Item: Hashable, Codable, Sendable {
    /// Before how many of the job's inputs, as they were named, it comes.
    public let place: Int
    public let reference: ResultReference
  }

  /// In the order of their places; at least one.
  public let items: [Item]
  /// How many inputs the job may have, all together.
  public let countMin: Int
  public let countMax: Int
  /// Bytes of all inputs together, as they are stored.
  public let bytesMax: Int

  /// The most jobs and tasks of arrays that are looked at for one job.
  package static let sourcesMax = 1_000

  /// - Returns: nil where all inputs are there.
  public init?(_ inputs: [JobInput], count: ClosedRange<Int>, bytesMax: Int) {
    items = inputs.enumerated().compactMap { place, input in
      input.result.map { Item(place: place, reference: $0) }
    }
    (countMin, countMax, self.bytesMax) = (count.lowerBound, count.upperBound, bytesMax)
    if items.isEmpty { return nil }
  }

  /// The jobs and arrays that make them.
  public var sources: [JobID] { items.map(\.reference.job) }

  /// All inputs of the job in their order, of which some are there.
  public func amid(_ stored: [ArtifactReference]) -> [JobInput] {
    var (all, rest) = ([JobInput](), stored[...])
    for item in items {
      while all.count < item.place, let next = rest.popFirst() { all.append(.artifact(next)) }
      all.append(.result(item.reference))
    }
    return all + rest.map(JobInput.artifact)
  }

  enum CodingKeys: String, CodingKey {
    case items
    case countMin = "count_min"
    case countMax = "count_max"
    case bytesMax = "bytes_max"
  }
}

/// What one job has left behind.
package struct LeftBehind: Hashable, Sendable {
  /// The index of the task that it is, where an array was asked for.
  package let task: Int?
  package let state: JobState
  package let results: [ArtifactReference]

  package init(task: Int? = nil, state: JobState, results: [ArtifactReference]) {
    (self.task, self.state, self.results) = (task, state, results)
  }
}

extension AwaitedInputs {
  /// All inputs of the job, now that those have ended that make some of them.
  ///
  /// - Parameters:
  ///   - stored: those that were there before.
  ///   - left: by sources, what they left behind: of an array one for each task that was made, in order.
  /// - Throws: `result_missing`, or `invalid_input` where the inputs are too many, or too alike: neither is worth another attempt.
  /// - Complexity: O(bytes of the patterns times bytes of the results' names); it ends with the first input too many.
  package func resolved(
    _ stored: [ArtifactReference], _ left: [JobID: [LeftBehind]]
  ) throws(AttemptError) -> [ArtifactReference] {
    guard left.values.reduce(0, { $0 + $1.count }) <= Self.sourcesMax else {
      throw .invalid("results of more than \(Self.sourcesMax) jobs and tasks cannot be inputs of one job")
    }
    var inputs: [ArtifactReference] = []
    for input in amid(stored) {
      switch input {
      case .artifact(let artifact): inputs.append(artifact)
      case .result(let reference): try add(reference, left[reference.job] ?? [], to: &inputs)
      }
    }
    try requireTakeable(inputs)
    return inputs
  }

  private func add(
    _ reference: ResultReference, _ left: [LeftBehind], to inputs: inout [ArtifactReference]
  ) throws(AttemptError) {
    let pattern = reference.pattern
    let before = inputs.count
    for one in left {
      let meant = one.results.filter { pattern.matches($0.name) }
      // Of a task that has not succeeded, and need not have, nothing is expected.
      if meant.isEmpty, !pattern.isOpen, one.state == .succeeded || one.task == nil {
        throw .missing(reference, [one])
      }
      for result in meant {
        let name = reference.inputName(of: result.name, task: one.task)
        do throws(StrataError) { try InputName.require(name) } catch {
          let whose = one.task.map { "task \($0) of array \(reference.job)" } ?? "job \(reference.job)"
          throw .invalid(
            "result '\(result.name.shown)' of \(whose) would be an input called '\(name.shown)', which no input can be (\(error.message)); give it a 'name'"
          )
        }
        inputs.append(ArtifactReference(name: name, digest: result.digest, sizeBytes: result.sizeBytes))
      }
      guard inputs.count <= countMax else {
        throw .invalid("there would be \(inputs.count) inputs and more, and the capability takes at most \(countMax)")
      }
    }
    if inputs.count == before { throw .missing(reference, left) }
  }

  private func requireTakeable(_ inputs: [ArtifactReference]) throws(AttemptError) {
    var names: Set<String> = []
    if let twice = inputs.first(where: { !names.insert($0.name).inserted }) {
      throw .invalid(
        "two inputs would be called '\(twice.name)'; give results a 'name' of their own, of an array's tasks with {task}"
      )
    }
    guard inputs.count >= countMin else {
      throw .invalid("the results make \(inputs.count.counted("input")), and the capability takes at least \(countMin)")
    }
    let bytes = JSONText.encode(inputs).utf8.count
    guard bytes <= bytesMax else {
      throw .invalid("the list of inputs takes \(bytes) bytes, and at most \(bytesMax) are left for it")
    }
  }
}

extension AttemptError {
  /// What a job fails with where a result that it was to work on is not there.
  public static let resultMissingCode = "result_missing"

  fileprivate static func invalid(_ message: String) -> AttemptError {
    AttemptError(code: "invalid_input", message: message, isRetryable: false)
  }

  /// - Parameter looked: the job, or the task, or all tasks, that have left nothing of that name.
  fileprivate static func missing(_ reference: ResultReference, _ looked: [LeftBehind]) -> AttemptError {
    let whose =
      switch (looked.count, looked.first?.task) {
      case (1, let task?): "task \(task) of array \(reference.job) has"
      case (_, .some): "none of \(looked.count) tasks of array \(reference.job) has"
      default: "job or array \(reference.job) has"
      }
    let names = looked.flatMap(\.results).map { "'\($0.name.shown)'" }
    let has = names.isEmpty ? "nothing is there" : "there is \(names.prefix(namesMax).joined(separator: ", "))"
    let failed = looked.count { $0.state != .succeeded }
    let why =
      failed == 0 ? "" : looked.count == 1 ? ", and it has not succeeded" : ", and \(failed) of them have not succeeded"
    return AttemptError(
      code: resultMissingCode,
      message:
        "\(whose) no result '\(reference.result.shown)'; \(has)\(names.count > namesMax ? " and more" : "")\(why)",
      isRetryable: false)
  }

  /// Names that are told.
  private static let namesMax = 8
}

extension String {
  /// Without what would not stay on its line.
  fileprivate var shown: String {
    String(unicodeScalars.prefix(100).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
  }
}
