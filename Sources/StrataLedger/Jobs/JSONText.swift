import FoundationEssentials
package import StrataCore

/// Small documents kept as JSON text in one column.
enum JSONText {
  static func encode(_ artifacts: [ArtifactReference]) -> String { artifacts.isEmpty ? "[]" : text(artifacts) }
  static func encode(_ value: some Encodable) -> String { text(value) }

  private static func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Plain structures of strings and integers always encode.
    guard let data = try? encoder.encode(value) else { return "null" }
    return String(decoding: data, as: UTF8.self)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws(PostgreSQLError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch {
      throw PostgreSQLError(.malformed, message: "a stored document is not a \(type): \(error)")
    }
  }
}

extension Timestamp {
  /// As PostgreSQL keeps it: whole microseconds.
  package var storable: Timestamp { Timestamp(microseconds: microseconds) }
}
