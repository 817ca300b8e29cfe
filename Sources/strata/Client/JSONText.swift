import FoundationEssentials
import StrataCore

/// JSON as the commands print it: readable, keys in order.
enum JSONText {
  static func of(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// A list, as every command prints one: `{"items": […]}`, which is how the server's pages are.
  static func of(items: [any Encodable]) throws -> String { try of(Items(items: items)) }

  private struct Items: Encodable {
    enum CodingKeys: CodingKey { case items }

    let items: [any Encodable]

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: CodingKeys.self)
      var list = object.nestedUnkeyedContainer(forKey: .items)
      for item in items { try list.encode(item) }
    }
  }
}
