import FoundationEssentials
import StrataCore

/// How the API reads and writes JSON: keys in order, slashes bare, unknown members refused.
package enum JSONCoding {
  package static func encode(_ value: some Encodable) throws(HTTPRefusal) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      throw HTTPRefusal(.internalServerError, "internal_error", "the answer could not be written as JSON")
    }
  }

  /// - Parameter members: the names that an object may have, by its path: `""` for the body, `resources`, `inputs[]`.
  ///   What is not listed may have any.
  /// - Parameter fractions: the members of the body that may hold numbers that are not whole.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], members: [String: [String]], fractions: Set<String> = []
  ) throws(HTTPRefusal) -> Value {
    let data = Data(bytes)
    let object: [String: JSONValue]
    do {
      object = try JSONDecoder().decode([String: JSONValue].self, from: data)
    } catch {
      throw HTTPRefusal(.unprocessableContent, "invalid_body", DecodingComplaint.ofSyntax(error))
    }
    if let repeated = RepeatedMember.first(in: bytes) {
      throw HTTPRefusal(.unprocessableContent, "repeated_member", "'\(repeated)' is given twice; give it once")
    }
    try requireKnown(.object(object), at: "", members)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      let whole = object.filter { !fractions.contains($0.key) }
      throw HTTPRefusal(.unprocessableContent, "invalid_body", DecodingComplaint.ofMembers(error, in: whole))
    }
  }

  private static func requireKnown(
    _ value: JSONValue, at path: String, _ members: [String: [String]]
  ) throws(HTTPRefusal) {
    switch value {
    case .object(let object):
      guard let known = members[path] else { return }
      for (name, value) in object.sorted(by: { $0.key < $1.key }) {
        guard known.contains(name) else { throw stranger(name, at: path, known) }
        try requireKnown(value, at: path.isEmpty ? name : "\(path).\(name)", members)
      }
    case .array(let elements): for element in elements { try requireKnown(element, at: path + "[]", members) }
    default: return
    }
  }

  private static func stranger(_ name: String, at path: String, _ known: [String]) -> HTTPRefusal {
    let near = Spelling.nearest(to: name, among: known)
    let choices = known.isEmpty ? "it has none" : "it may have \(known.joined(separator: ", "))"
    let hint = near.map { "; did you mean '\($0)'?" } ?? "; \(choices)"
    let place = path.isEmpty ? "the body" : "'\(path)'"
    return HTTPRefusal(.unprocessableContent, "unknown_member", "\(place) has a member '\(name)'\(hint)")
  }
}

extension HTTPResponse {
  static func json(_ value: some Encodable, status: HTTPStatus = .ok) throws(HTTPRefusal) -> HTTPResponse {
    var bytes = try JSONCoding.encode(value)
    bytes.append(0x0A)
    return .json(bytes, status: status)
  }
}
