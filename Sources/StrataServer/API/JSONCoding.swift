import FoundationEssentials
import StrataCore

/// How the API reads and writes JSON: keys in order, slashes bare, unknown members refused.
enum JSONCoding {
  static func encode(_ value: some Encodable) throws(HTTPRefusal) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      throw HTTPRefusal(.internalServerError, "internal_error", "the answer could not be written as JSON")
    }
  }

  /// - Parameter members: the names that an object may have.
  static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], members: [String]) throws(HTTPRefusal)
    -> Value
  {
    let data = Data(bytes)
    do {
      let object = try JSONDecoder().decode([String: JSONValue].self, from: data)
      if let stranger = object.keys.sorted().first(where: { !members.contains($0) }) {
        let near = Spelling.nearest(to: stranger, among: members)
        let hint = near.map { "; did you mean '\($0)'?" } ?? "; it may have \(members.joined(separator: ", "))"
        throw HTTPRefusal(.unprocessableContent, "unknown_member", "the body has a member '\(stranger)'\(hint)")
      }
      return try JSONDecoder().decode(type, from: data)
    } catch let refusal as HTTPRefusal {
      throw refusal
    } catch let error as DecodingError {
      throw HTTPRefusal(.unprocessableContent, "invalid_body", explain(error))
    } catch {
      throw HTTPRefusal(.unprocessableContent, "invalid_body", "the body is not a JSON object")
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.isEmpty ? "the body" : "'" + context.codingPath.map(\.stringValue).joined(separator: ".") + "'"
    }
    switch error {
    case .keyNotFound(let key, _): return "the body needs a member '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(path(context)) has the wrong type: \(context.debugDescription)"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty ? "the body is not JSON" : "\(path(context)): \(context.debugDescription)"
    @unknown default: return "the body is not what this route takes"
    }
  }
}

extension HTTPResponse {
  static func json(_ value: some Encodable, status: HTTPStatus = .ok) throws(HTTPRefusal) -> HTTPResponse {
    var bytes = try JSONCoding.encode(value)
    bytes.append(0x0A)
    return .json(bytes, status: status)
  }
}
