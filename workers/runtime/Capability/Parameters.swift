import FoundationEssentials
public import StrataCore

/// The checked parameters of an attempt, with defaults filled in.
public struct Parameters: Hashable, Sendable {
  private let values: [String: JSONValue]

  public init(_ values: [String: JSONValue]) { self.values = values }

  /// - Throws: `invalid_input` if the text is not a JSON object.
  public init(json: String) throws(AttemptError) {
    do {
      values = try JSONDecoder().decode([String: JSONValue].self, from: Data(json.utf8))
    } catch {
      throw .invalidInput("the parameters are not a JSON object: \(error)")
    }
  }

  /// All of them, as an object.
  public var json: JSONValue { .object(values) }

  /// Whatever is there, of any kind.
  public func value(_ name: String) -> JSONValue? { values[name] }

  /// - Throws: `invalid_input` if it is absent or not a number.
  public func number(_ name: String) throws(AttemptError) -> Double {
    switch values[name] {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: throw .invalidInput("parameter '\(name)' must be a number")
    }
  }

  /// - Throws: `invalid_input` if it is absent or not a whole number.
  public func integer(_ name: String) throws(AttemptError) -> Int64 {
    guard case .integer(let value) = values[name] else {
      throw .invalidInput("parameter '\(name)' must be a whole number")
    }
    return value
  }

  /// - Throws: `invalid_input` if it is absent or neither true nor false.
  public func boolean(_ name: String) throws(AttemptError) -> Bool {
    guard case .boolean(let value) = values[name] else {
      throw .invalidInput("parameter '\(name)' must be true or false")
    }
    return value
  }

  /// Nil where it is absent, as in orders from before the capability had it.
  ///
  /// - Throws: `invalid_input` if it is there but not a whole number.
  public func optionalNumber(_ name: String) throws(AttemptError) -> Double? {
    switch values[name] {
    case nil, .null: nil
    default: try number(name)
    }
  }

  public func optionalInteger(_ name: String) throws(AttemptError) -> Int? {
    switch values[name] {
    case nil, .null: nil
    default: Int(clamping: try integer(name))
    }
  }

  /// - Throws: `invalid_input` if it is absent or not a list of strings.
  public func strings(_ name: String) throws(AttemptError) -> [String] {
    guard case .array(let items) = values[name] else {
      throw .invalidInput("parameter '\(name)' must be a list of strings")
    }
    var strings: [String] = []
    for item in items {
      guard case .string(let text) = item else {
        throw .invalidInput("parameter '\(name)' must hold strings only, not \(item.kindName)")
      }
      strings.append(text)
    }
    return strings
  }

  /// Nil where it is absent.
  ///
  /// - Throws: `invalid_input` if it is there but not a string.
  public func optionalString(_ name: String) throws(AttemptError) -> String? {
    switch values[name] {
    case nil, .null: nil
    case .string(let text): text
    default: throw .invalidInput("parameter '\(name)' must be a string")
    }
  }

  /// Nil where it is absent, as in orders from before the capability had it.
  ///
  /// - Throws: `invalid_input` if it is there but names no case of `type`.
  public func choice<Choice: RawRepresentable<String>>(_ name: String, of type: Choice.Type) throws(AttemptError)
    -> Choice?
  {
    guard let text = try optionalString(name) else { return nil }
    guard let choice = Choice(rawValue: text) else { throw .invalidInput("parameter '\(name)' cannot be '\(text)'") }
    return choice
  }
}
