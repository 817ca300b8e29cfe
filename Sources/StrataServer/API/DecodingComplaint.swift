import StrataCore

/// What to tell a client whose JSON could not be taken: which member is at fault, and what was expected of it.
enum DecodingComplaint {
  /// Of a body that is no JSON object of values that we can hold.
  static func ofSyntax(_ error: any Error) -> String {
    switch error as? DecodingError {
    // Every kind of value is tried: what is none of them is a number that nothing of ours holds.
    case .typeMismatch(_, let context) where !context.codingPath.isEmpty:
      "'\(path(context.codingPath))' is a number that is too large"
    case .typeMismatch: "the body is not a JSON object"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "'\(path(context.codingPath))' holds what is no character: half of a pair of \\u escapes (\\ud800 to \\udfff)"
    default: "the body is not JSON"
    }
  }

  /// Of an object whose members are not as they should be.
  ///
  /// - Parameter members: those that hold whole numbers where they hold numbers.
  static func ofMembers(_ error: any Error, in members: [String: JSONValue]) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): "\(place(context)) needs a member '\(key.stringValue)'"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\(place(context)) must be \(words(for: type))"
    case .dataCorrupted(let context)
    where !context.codingPath.isEmpty && !context.debugDescription.hasPrefix("Number "):
      "\(place(context)): \(context.debugDescription)"
    default: fraction(in: .object(members), at: "").map { "'\($0)' must be a whole number" } ?? "a number does not fit"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    context.codingPath.isEmpty ? "the body" : "'\(path(context.codingPath))'"
  }

  /// As a person would write it: `inputs[0].digest`.
  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
      if let index = key.intValue, key.stringValue != "\(index)" {
        path += "[\(index)]"
      } else {
        path += (path.isEmpty ? "" : ".") + key.stringValue
      }
    }
  }

  private static func words(for type: any Any.Type) -> String {
    switch type {
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is [Any].Type: "a list"
    default: "an object"
    }
  }

  /// Where the first number is that is not a whole one of 64 bits.
  private static func fraction(in value: JSONValue, at path: String) -> String? {
    switch value {
    case .number: path
    case .array(let items):
      items.enumerated().lazy.compactMap { fraction(in: $0.element, at: "\(path)[\($0.offset)]") }.first
    case .object(let members):
      members.sorted { $0.key < $1.key }.lazy
        .compactMap { fraction(in: $0.value, at: path.isEmpty ? $0.key : "\(path).\($0.key)") }.first
    default: nil
    }
  }
}
