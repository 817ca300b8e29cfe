public import StrataCore

/// Why a request is not one that a capability can take.
public indirect enum CapabilityRequestError: Error, Hashable, Sendable {
  case unknownCapability(String, nearest: String?)
  case notAnObject
  case unknownParameter(String, capability: String, nearest: String?)
  case missingParameter(String, capability: String)
  case wrongKind(String, expected: ParameterDefinition.Kind, given: String)
  /// Of a string or a list, `given` is the length.
  case outOfRange(ParameterDefinition, given: Double)
  case unknownChoice(ParameterDefinition, given: String, nearest: String?)
  /// An object in a list says that it is of a kind that there is not, or says none.
  case unknownVariant(String?, selector: String, of: [String], nearest: String?)
  /// What is wrong in one item of a list, which are counted from 1.
  case item(Int, variant: String?, of: String, CapabilityRequestError)
  case inputCount(Int, capability: String, allowed: ClosedRange<Int>)

  /// The parameter at fault, where there is one.
  public var parameter: String? {
    switch self {
    case .unknownParameter(let name, _, _), .missingParameter(let name, _), .wrongKind(let name, _, _): name
    case .outOfRange(let definition, _), .unknownChoice(let definition, _, _): definition.name
    case .item(_, _, let name, _): name
    case .unknownCapability, .notAnObject, .unknownVariant, .inputCount: nil
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
        remedy: expected.example.map { "write it as JSON: \($0)" })
    case .outOfRange(let definition, let given):
      StrataError(
        .invalidInput, "parameter '\(definition.name)' \(definition.inWords(given))",
        remedy: "keep it \(definition.rangeInWords)")
    case .unknownChoice(let definition, let given, let nearest):
      StrataError(
        .invalidInput,
        "parameter '\(definition.name)' cannot be '\(given)', only \(definition.choices.joined(separator: ", "))",
        remedy: nearest.map { "did you mean '\($0)'?" } ?? "choose one of them")
    case .unknownVariant(let name, let selector, let names, let nearest):
      StrataError(
        .invalidInput,
        name.map { "there is no \(selector) '\($0)', only \(names.joined(separator: ", "))" }
          ?? "'\(selector)' is not there, or no string: it is one of \(names.joined(separator: ", "))",
        remedy: nearest.map { "did you mean '\($0)'?" } ?? "choose one of them")
    case .item(let place, let variant, let list, let error):
      Self.inItem("'\(list)', item \(place)\(variant.map { " (\($0))" } ?? "")", error.asStrataError)
    case .inputCount(let count, let capability, let allowed):
      StrataError(.invalidInput, "'\(capability)' takes \(allowed.inWords), not \(count)")
    }
  }
}

extension CapabilityRequestError {
  private static func inItem(_ place: String, _ error: StrataError) -> StrataError {
    StrataError(error.code, "in \(place): \(error.message)", remedy: error.remedy)
  }
}

extension ParameterDefinition.Kind {
  fileprivate var example: String? {
    switch self {
    case .strings: "[\"a\", \"b\"]"
    case .integers: "[1, 2]"
    case .objects: "[{\"name\": value}]"
    case .number, .integer, .string, .boolean: nil
    }
  }

  fileprivate var words: String {
    switch self {
    case .number: "a number"
    case .integer: "a whole number"
    case .string: "a string"
    case .boolean: "true or false"
    case .strings: "a list of strings"
    case .integers: "a list of whole numbers"
    case .objects: "a list of objects"
    }
  }
}

extension ParameterDefinition {
  private var unit: String {
    switch kind {
    case .string: " bytes"
    case .strings, .objects: " items"
    case .number, .integer, .boolean, .integers: ""
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
