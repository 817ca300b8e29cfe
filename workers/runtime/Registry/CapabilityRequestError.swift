public import StrataCore

/// Why a request is not one that a capability can take.
public enum CapabilityRequestError: Error, Hashable, Sendable {
  case unknownCapability(String, nearest: String?)
  case notAnObject
  case unknownParameter(String, capability: String, nearest: String?)
  case missingParameter(String, capability: String)
  case wrongKind(String, expected: ParameterDefinition.Kind, given: String)
  /// Of a string or a list, `given` is the length.
  case outOfRange(ParameterDefinition, given: Double)
  case unknownChoice(ParameterDefinition, given: String, nearest: String?)
  case inputCount(Int, capability: String, allowed: ClosedRange<Int>)

  /// The parameter at fault, where there is one.
  public var parameter: String? {
    switch self {
    case .unknownParameter(let name, _, _), .missingParameter(let name, _), .wrongKind(let name, _, _): name
    case .outOfRange(let definition, _), .unknownChoice(let definition, _, _): definition.name
    case .unknownCapability, .notAnObject, .inputCount: nil
    }
  }

  /// In words, with what to do.
  public var asStrataError: StrataError {
    switch self {
    case .unknownCapability(let name, let nearest):
      StrataError(
        .notFound, "there is no capability '\(name)'",
        remedy: nearest.map { "did you mean '\($0)'?" } ?? "`strata capabilities` lists them")
    case .notAnObject:
      StrataError(.invalidInput, "the parameters are not a JSON object", remedy: "write them as {\"name\": value}")
    case .unknownParameter(let name, let capability, let nearest):
      StrataError(
        .invalidInput, "'\(capability)' has no parameter '\(name)'",
        remedy: nearest.map { "did you mean '\($0)'?" } ?? "`strata capabilities` lists them")
    case .missingParameter(let name, let capability):
      StrataError(.invalidInput, "'\(capability)' needs the parameter '\(name)'", remedy: "give it a value")
    case .wrongKind(let name, let expected, let given):
      StrataError(
        .invalidInput, "parameter '\(name)' must be \(expected.words), not \(given)",
        remedy: expected == .strings ? "write it as JSON: [\"a\", \"b\"]" : nil)
    case .outOfRange(let definition, let given):
      StrataError(
        .invalidInput, "parameter '\(definition.name)' \(definition.inWords(given))",
        remedy: "keep it \(definition.rangeInWords)")
    case .unknownChoice(let definition, let given, let nearest):
      StrataError(
        .invalidInput,
        "parameter '\(definition.name)' cannot be '\(given)', only \(definition.choices.joined(separator: ", "))",
        remedy: nearest.map { "did you mean '\($0)'?" } ?? "choose one of them")
    case .inputCount(let count, let capability, let allowed):
      StrataError(.invalidInput, "'\(capability)' takes \(allowed.inWords), not \(count)")
    }
  }
}

extension ParameterDefinition.Kind {
  fileprivate var words: String {
    switch self {
    case .number: "a number"
    case .integer: "a whole number"
    case .string: "a string"
    case .boolean: "true or false"
    case .strings: "a list of strings"
    }
  }
}

extension ParameterDefinition {
  private var unit: String {
    switch kind {
    case .string: " bytes"
    case .strings: " items"
    case .number, .integer, .boolean: ""
    }
  }

  /// What a value is, or how long it is.
  fileprivate func inWords(_ measure: Double) -> String {
    (unit.isEmpty ? "is " : "has ") + measure.plain + unit
  }

  fileprivate var rangeInWords: String {
    let subject = unit
    switch (minimum?.plain, maximum?.plain) {
    case (let least?, let most?): return "between \(least) and \(most)\(subject)"
    case (let least?, nil): return "at least \(least)\(subject)"
    case (nil, let most?): return "at most \(most)\(subject)"
    case (nil, nil): return "finite"
    }
  }
}

extension Double {
  /// Whole numbers without decimals.
  fileprivate var plain: String { Int64(exactly: self).map(String.init) ?? description }
}

extension ClosedRange<Int> {
  fileprivate var inWords: String {
    let numbers = lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)"
    return "\(numbers) input file\(upperBound == 1 ? "" : "s")"
  }
}
