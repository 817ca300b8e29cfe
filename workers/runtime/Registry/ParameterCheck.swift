import StrataCore

/// Holds a client's parameters against the definitions of a capability, or of an object in one of its lists.
struct ParameterCheck {
  let definitions: [ParameterDefinition]
  /// The name that the client used, which may be one under which the capability is sold.
  let askedAs: String

  /// - Returns: `given` with the defaults of what is absent.
  func fill(_ given: [String: JSONValue]) throws(CapabilityRequestError) -> [String: JSONValue] {
    let known = definitions.map(\.name)
    for name in given.keys.sorted() where !known.contains(name) {
      throw .unknownParameter(name, capability: askedAs, nearest: Spelling.nearest(to: name, among: known))
    }
    var filled: [String: JSONValue] = [:]
    for definition in definitions {
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
    if definition.kind == .objects { return try objects(of: definition, value) }
    for text in value.texts { try checkChoice(of: definition, text) }
    return value
  }

  /// Words of a list that are to be chosen from, and whole numbers, may be written in one, between commas: none of them
  /// has any.
  private static func listed(_ value: JSONValue, as definition: ParameterDefinition) -> JSONValue {
    switch (definition.kind, value) {
    case (.strings, .string(let text)) where !definition.choices.isEmpty:
      return .array(text.split(separator: ",").map { .string($0.filter { $0 != " " }) })
    case (.integers, .string(let text)):
      let items = text.split(separator: ",").map { Int64($0.filter { $0 != " " }) }
      return items.contains(nil) ? value : .array(items.compactMap { $0.map { .integer($0) } })
    case (.integers, .integer), (.integers, .number): return .array([value])
    default: return value
    }
  }

  /// Each object with the defaults of what it lacks.
  private func objects(
    of definition: ParameterDefinition, _ value: JSONValue
  ) throws(CapabilityRequestError) -> JSONValue {
    guard case .array(let items) = value, let selector = definition.selector else { return value }
    var filled: [JSONValue] = []
    for (place, item) in items.enumerated() {
      var variant: ParameterDefinition.Variant?
      do throws(CapabilityRequestError) {
        guard case .object(var members) = item else {
          throw .wrongKind(definition.name, expected: .objects, given: item.kindName)
        }
        let name = members.removeValue(forKey: selector)?.stringValue
        variant = definition.variants.first { $0.name == name }
        guard let variant else {
          let names = definition.variants.map(\.name)
          throw .unknownVariant(
            name, selector: selector, of: names, nearest: name.flatMap { Spelling.nearest(to: $0, among: names) })
        }
        members = try ParameterCheck(definitions: variant.parameters, askedAs: variant.name).fill(members)
        members[selector] = .string(variant.name)
        filled.append(.object(members))
      } catch {
        throw .item(place + 1, variant: variant?.name, of: definition.name, error)
      }
    }
    return .array(filled)
  }

  /// Whole numbers may be written `18.0`: some languages print all numbers so.
  private static func convert(_ value: JSONValue, to kind: ParameterDefinition.Kind) -> JSONValue? {
    switch (kind, value) {
    case (.number, .integer(let whole)): .number(Double(whole))
    case (.number, .number), (.integer, .integer), (.string, .string), (.boolean, .boolean): value
    case (.integer, .number(let number)): Int64(exactly: number).map { .integer($0) }
    case (.strings, .array(let items)): items.allSatisfy { $0.isString } ? value : nil
    case (.integers, .array(let items)): wholeNumbers(items)
    case (.objects, .array): value
    default: nil
    }
  }

  private static func wholeNumbers(_ items: [JSONValue]) -> JSONValue? {
    let whole = items.map { convert($0, to: .integer) }
    return whole.contains(nil) ? nil : .array(whole.compactMap(\.self))
  }

  /// A number must lie in `minimum…maximum`; of a string or a list it is the length that must.
  private func checkRange(of definition: ParameterDefinition, _ value: JSONValue) throws(CapabilityRequestError) {
    if definition.kind == .integers, case .array(let items) = value {
      for item in items { try checkNumber(of: definition, item) }
      return
    }
    try checkNumber(of: definition, value)
  }

  private func checkNumber(of definition: ParameterDefinition, _ value: JSONValue) throws(CapabilityRequestError) {
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
