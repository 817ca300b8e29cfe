/// A file that a job works on.
public enum JobInput: Hashable, Sendable {
  /// One that is stored.
  case artifact(ArtifactReference)
  /// What another job leaves behind, which is known once that has ended.
  case result(ResultReference)

  /// What is stored.
  public var artifact: ArtifactReference? {
    if case .artifact(let artifact) = self { artifact } else { nil }
  }

  /// What another job is to leave behind.
  public var result: ResultReference? {
    if case .result(let result) = self { result } else { nil }
  }
}

/// Results of a job, or of all tasks of an array, as inputs of another.
public struct ResultReference: Hashable, Codable, Sendable {
  /// What the input is called, `{task}` in it being the index of an array's task. Nil for the result's own name, of an array's task with its
  /// index and `-` before it.
  public var name: String?
  /// The job or the array.
  public var job: JobID
  /// The result's name, or a pattern for the names of several.
  public var result: String

  public init(name: String? = nil, job: JobID, result: String) {
    self.name = name
    self.job = job
    self.result = result
  }

  /// Which results are meant.
  public var pattern: ResultPattern { ResultPattern(result) }

  /// - Returns: what the input of a result is called.
  public func inputName(of result: String, task: Int?) -> String {
    guard let task else { return name ?? result }
    return name.map { ArrayTask.filled($0, index: task) } ?? "\(task)-\(result)"
  }
}

extension JobInput: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name, digest, job, result
    case sizeBytes = "size_bytes"
  }

  /// The members that either kind may have.
  public static let memberNames = CodingKeys.allCases.map(\.rawValue)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard container.contains(.job) || container.contains(.result) else {
      self = .artifact(try ArtifactReference(from: decoder))
      return
    }
    for key in [CodingKeys.digest, .sizeBytes] where container.contains(key) {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container,
        debugDescription: "an input is either an artifact, by 'digest' and 'size_bytes', or a 'result' of a 'job'")
    }
    self = .result(try ResultReference(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .artifact(let artifact): try artifact.encode(to: encoder)
    case .result(let result): try result.encode(to: encoder)
    }
  }
}

/// A name, or many that are alike: `*` stands for any characters, also none.
public struct ResultPattern: Hashable, Sendable {
  private let parts: [[UInt8]]

  public init(_ text: String) {
    parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
  }

  /// Whether it may stand for more than one name.
  public var isOpen: Bool { parts.count > 1 }

  /// - Complexity: O(length of the name times that of the pattern).
  public func matches(_ name: String) -> Bool {
    var rest = Array(name.utf8)[...]
    guard isOpen, let first = parts.first, let last = parts.last else { return rest.elementsEqual(parts.first ?? []) }
    guard rest.count >= first.count + last.count, rest.starts(with: first),
      rest.suffix(last.count).elementsEqual(last)
    else { return false }
    rest = rest.dropFirst(first.count).dropLast(last.count)
    // The first place is as good as any: it leaves most to the parts after it.
    for part in parts[1..<parts.endIndex - 1] {
      guard let end = Self.end(of: part, in: rest) else { return false }
      rest = rest[end...]
    }
    return true
  }

  private static func end(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    guard text.count >= part.count else { return nil }
    return (text.startIndex...text.endIndex - part.count).first { text[$0...].starts(with: part) }
      .map { $0 + part.count }
  }
}
