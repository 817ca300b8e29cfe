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

  /// More tasks of an array than these are not looked at.
  static let tasksMax = 1_000

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
  package func resolved(
    _ stored: [ArtifactReference], _ left: [JobID: [LeftBehind]]
  ) throws(AttemptError) -> [ArtifactReference] {
    var inputs: [ArtifactReference] = []
    for input in amid(stored) {
      switch input {
      case .artifact(let artifact): inputs.append(artifact)
      case .result(let reference): inputs += try Self.results(reference, left[reference.job] ?? [])
      }
    }
    try requireTakeable(inputs)
    return inputs
  }

  private static func results(
    _ reference: ResultReference, _ left: [LeftBehind]
  ) throws(AttemptError) -> [ArtifactReference] {
    guard left.count <= tasksMax else {
      throw .invalid("array \(reference.job) has more than \(tasksMax) tasks, too many for their results to be inputs")
    }
    let pattern = reference.pattern
    var inputs: [ArtifactReference] = []
    for one in left {
      let meant = one.results.filter { pattern.matches($0.name) }
      // Of a task that has not succeeded, and need not have, nothing is expected.
      if meant.isEmpty, !pattern.isOpen, one.state == .succeeded || one.task == nil {
        throw .missing(reference, one)
      }
      inputs += meant.map {
        ArtifactReference(
          name: reference.inputName(of: $0.name, task: one.task), digest: $0.digest, sizeBytes: $0.sizeBytes)
      }
    }
    guard !inputs.isEmpty else { throw .missing(reference, left.first { $0.task == nil }) }
    return inputs
  }

  private func requireTakeable(_ inputs: [ArtifactReference]) throws(AttemptError) {
    for input in inputs {
      do throws(StrataError) { try InputName.require(input.name) } catch {
        throw .invalid("a result cannot be an input: \(error)")
      }
    }
    var names: Set<String> = []
    if let twice = inputs.first(where: { !names.insert($0.name).inserted }) {
      throw .invalid("two inputs would be called '\(twice.name)'; give them a 'name' of their own")
    }
    guard (countMin...countMax).contains(inputs.count) else {
      let bound = inputs.count > countMax ? "at most \(countMax)" : "at least \(countMin)"
      throw .invalid("the results make \(inputs.count.counted("input")), and the capability takes \(bound)")
    }
    let bytes = JSONText.encode(inputs).utf8.count
    guard bytes <= bytesMax else {
      throw .invalid("the list of inputs takes \(bytes) bytes, and at most \(bytesMax) are taken")
    }
  }
}

extension AttemptError {
  /// What a job fails with where a result that it was to work on is not there.
  public static let resultMissingCode = "result_missing"

  fileprivate static func invalid(_ message: String) -> AttemptError {
    AttemptError(code: "invalid_input", message: message, isRetryable: false)
  }

  fileprivate static func missing(_ reference: ResultReference, _ source: LeftBehind?) -> AttemptError {
    let whose = source?.task.map { "task \($0) of array \(reference.job)" } ?? "job \(reference.job)"
    let names = (source?.results ?? []).prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
    let has = names.isEmpty ? "it left none" : "it left \(names)\((source?.results.count ?? 0) > 8 ? " and more" : "")"
    return AttemptError(
      code: resultMissingCode, message: "\(whose) has no result '\(reference.result)'; \(has)", isRetryable: false)
  }
}
