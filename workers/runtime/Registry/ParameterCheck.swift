import StrataCore

/// Holds a client's parameters against a capability's definition.
struct ParameterCheck {
  let capability: Capability
  /// The name that the client used, which may be one under which it is sold.
  let askedAs: String

  /// - Returns: `given` with the defaults of what is absent.
  func fill(_ given: [String: JSONValue]) throws(CapabilityRequestError) -> [String: JSONValue] {
    let known = capability.parameters.map(\.name)
    for name in given.keys.sorted() where !known.contains(name) {
      throw .unknownParameter(name, capability: askedAs, nearest: Spelling.nearest(to: name, among: known))
    }
    var filled: [String: JSONValue] = [:]
    for definition in capability.parameters {
      filled[definition.name] = try value(of: definition, given: given[definition.name])
    }
    return filled
  }

  private func value(of definition: ParameterDefinition, given: JSONValue?) throws(CapabilityRequestError)
    -> JSONValue?
  {
    guard let given, given != .null else {
      if definition.isRequired { throw .missingParameter(definition.name, capability: askedAs) }
      return definition.defaultValue
    }
    guard let value = Self.convert(Self.listed(given, as: definition), to: definition.kind) else {
      throw .wrongKind(definition.name, expected: definition.kind, given: given.kindName)
    }
    try checkRange(of: definition, value)
    for text in value.texts { try checkChoice(of: definition, text) }
    return value
  }

  /// Words of a list that are to be chosen from may be written in one, between commas: none of them has any.
  private static func listed(_ value: JSONValue, as definition: ParameterDefinition) -> JSONValue {
    guard definition.kind == .strings, !definition.choices.isEmpty, case .string(let text) = value else { return value }
    return .array(text.split(separator: ",").map { .string($0.filter { $0 != " " }) })
  }

  /// Whole numbers may be written `18.0`: some languages print all numbers so.
  private static func convert(_ value: JSONValue, to kind: ParameterDefinition.Kind) -> JSONValue? {
    switch (kind, value) {
    case (.number, .integer(let whole)): .number(Double(whole))
    case (.number, .number), (.integer, .integer), (.string, .string), (.boolean, .boolean): value
    case (.integer, .number(let number)): Int64(exactly: number).map { .integer($0) }
    case (.strings, .array(let items)): items.allSatisfy { $0.isString } ? value : nil
    default: nil
    }
  }

  /// A number must lie in `minimum…maximum`; of a string or a list it is the length that must.
  private func checkRange(of definition: ParameterDefinition, _ value: JSONValue) throws(CapabilityRequestError) {
    let measure: Double
    switch value {
    case .number(let number): measure = number
    case .integer(let number): measure = Double(number)
    case .string(let text): measure = Double(text.utf8.count)
    case .array(let items): measure = Double(items.count)
    default: return
    }
    guard measure >= definition.minimum ?? -.infinity, measure <= definition.maximum ?? .infinity else {
      throw .outOfRange(definition, given: measure)
    }
  }

  private func checkChoice(of definition: ParameterDefinition, _ text: String) throws(CapabilityRequestError) {
    guard !definition.choices.isEmpty, !definition.choices.contains(text) else { return }
    throw .unknownChoice(definition, given: text, nearest: Spelling.nearest(to: text, among: definition.choices))
  }
}

extension JSONValue {
  /// The string that this is, or the strings that it lists.
  fileprivate var texts: [String] {
    switch self {
    case .string(let text): [text]
    case .array(let items): items.flatMap(\.texts)
    default: []
    }
  }

  fileprivate var isString: Bool { if case .string = self { true } else { false } }
}
