/// A value of a stage's parameter, or a fact that a stage tells.
public enum StageValue: Hashable, Sendable {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case integers([Int])
  case strings([String])
}

extension StageValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let values = try? container.decode([Int].self) {
      self = .integers(values)
    } else {
      self = .strings(try container.decode([String].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .integers(let values): try container.encode(values)
    case .strings(let values): try container.encode(values)
    }
  }
}

/// What a kind of stage is called and takes, as data: from it stages are checked, and catalogues are written.
public struct StageDefinition: Hashable, Codable, Sendable {
  public let name: String
  /// One sentence for people.
  public let summary: String
  public let parameters: [StageParameter]
}

/// One parameter of a stage. All have defaults.
public struct StageParameter: Hashable, Codable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case number, integer, string, boolean
    /// A list of whole numbers.
    case integers
    /// A list of strings.
    case strings
  }

  public let name: String
  public let kind: Kind
  /// What it means, with its unit.
  public let summary: String
  public let defaultValue: StageValue
  /// Of a number, or of each of a list of them; of a list of strings its length, of a string its bytes.
  public let minimum: Double?
  public let maximum: Double?
  /// The only strings allowed, each of a list; nil where any is.
  public let choices: [String]?

  enum CodingKeys: String, CodingKey {
    case name, kind, summary, minimum, maximum, choices
    case defaultValue = "default"
  }

  static func number(_ name: String, _ summary: String, _ usual: Double, in range: ClosedRange<Double>) -> Self {
    Self(
      name: name, kind: .number, summary: summary, defaultValue: .number(usual), minimum: range.lowerBound,
      maximum: range.upperBound, choices: nil)
  }

  /// A length, in the unit that the whole pipeline has.
  static func length(_ name: String, _ summary: String, _ usual: Double) -> Self {
    number(name, summary, usual, in: 0.000_1...1_000_000)
  }

  static func integer(_ name: String, _ summary: String, _ usual: Int, in range: ClosedRange<Int>) -> Self {
    Self(
      name: name, kind: .integer, summary: summary, defaultValue: .integer(usual), minimum: Double(range.lowerBound),
      maximum: Double(range.upperBound), choices: nil)
  }

  static func integers(_ name: String, _ summary: String, _ usual: [Int], in range: ClosedRange<Int>) -> Self {
    Self(
      name: name, kind: .integers, summary: summary, defaultValue: .integers(usual), minimum: Double(range.lowerBound),
      maximum: Double(range.upperBound), choices: nil)
  }

  /// Some of several words, at least one.
  static func some<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ summary: String, _ usual: [Choice]
  ) -> Self {
    let choices = Choice.allCases.map(\.rawValue)
    return Self(
      name: name, kind: .strings, summary: summary, defaultValue: .strings(usual.map(\.rawValue)), minimum: 1,
      maximum: Double(choices.count), choices: choices)
  }

  static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ summary: String, _ usual: Choice
  ) -> Self {
    Self(
      name: name, kind: .string, summary: summary, defaultValue: .string(usual.rawValue), minimum: nil, maximum: nil,
      choices: Choice.allCases.map(\.rawValue))
  }

  /// Text, empty unless it is given.
  static func text(_ name: String, _ summary: String, bytesMax: Int? = nil) -> Self {
    Self(
      name: name, kind: .string, summary: summary, defaultValue: .string(""), minimum: nil,
      maximum: bytesMax.map(Double.init), choices: nil)
  }

  static func boolean(_ name: String, _ summary: String, _ usual: Bool) -> Self {
    Self(
      name: name, kind: .boolean, summary: summary, defaultValue: .boolean(usual), minimum: nil, maximum: nil,
      choices: nil)
  }

  /// The most bytes that a text may have.
  static let textMax = 1 << 20
  /// The most numbers that a list may have.
  static let listMax = 256

  /// The value as one of this kind: whole numbers are numbers, too, and numbers without fraction whole ones.
  ///
  /// - Throws: `invalidParameter`, saying what is allowed.
  func checked(_ value: StageValue) throws(PointCloudError) -> StageValue {
    let converted: StageValue? =
      switch (kind, value) {
      case (.number, .integer(let whole)): .number(Double(whole))
      case (.integer, .number(let number)): Int(exactly: number).map { .integer($0) }
      case (.number, .number), (.integer, .integer), (.string, .string), (.boolean, .boolean), (.integers, .integers),
        (.strings, .strings):
        value
      case (.strings, .integers([])): .strings([])
      default: nil
      }
    guard let converted else { throw refusal("is not \(kind.words)", "Give \(kind.words).") }
    let numbers: [Double] =
      switch converted {
      case .number(let number): [number]
      case .integer(let whole): [Double(whole)]
      case .integers(let all): all.map(Double.init)
      case .strings(let all): [Double(all.count)]
      case .boolean, .string: []
      }
    let (low, high) = (minimum ?? -.infinity, maximum ?? .infinity)
    for number in numbers where !(low <= number && number <= high) {
      if kind == .strings { throw refusal("has \(Int(number)) words", "Give \(Int(low)) to \(Int(high)) of them.") }
      throw refusal("is \(number)", "Give \(kind.words) from \(low) to \(high).")
    }
    if numbers.count > Self.listMax { throw refusal("has \(numbers.count) numbers", "Give at most \(Self.listMax).") }
    let textMax = min(Self.textMax, Int(high.isFinite ? high : Double(Self.textMax)))
    if case .string(let text) = converted, text.utf8.count > textMax {
      throw refusal("has \(text.utf8.count) bytes", "Give at most \(textMax).")
    }
    let words: [String] =
      switch converted {
      case .string(let word): [word]
      case .strings(let words): words
      case .boolean, .integer, .number, .integers: []
      }
    if let choices, let unknown = words.first(where: { !choices.contains($0) }) {
      let remedy = "\(kind == .strings ? "Choose among" : "Choose one of") \(choices.joined(separator: ", "))."
      throw refusal("\(kind == .strings ? "names" : "is") '\(unknown.prefix(64))'", remedy)
    }
    return converted
  }

  private func refusal(_ fault: String, _ remedy: String) -> PointCloudError {
    PointCloudError(.invalidParameter, "\(name) \(fault)", remedy: remedy)
  }
}

extension StageParameter.Kind {
  fileprivate var words: String {
    switch self {
    case .number: "a number"
    case .integer: "a whole number"
    case .string: "a string"
    case .boolean: "true or false"
    case .integers: "a list of whole numbers"
    case .strings: "a list of strings"
    }
  }
}
