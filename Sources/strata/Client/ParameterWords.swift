import FoundationEssentials
import StrataCore

/// `NAME=VALUE` words as a capability's parameters. A value that reads as JSON is that, else it is text; `@FILE` stands
/// for what is in a file, and `@@` for an `@` that begins text.
enum ParameterWords {
  static func parse(_ words: [String]) throws(UsageError) -> [String: JSONValue] {
    var parameters: [String: JSONValue] = [:]
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw UsageError("--param takes NAME=VALUE, not '\(word)'")
      }
      guard parameters.updateValue(try value(of: parts[1], named: parts[0]), forKey: parts[0]) == nil else {
        throw UsageError("the parameter '\(parts[0])' was given twice")
      }
    }
    return parameters
  }

  private static func value(of text: String, named name: String) throws(UsageError) -> JSONValue {
    guard text.hasPrefix("@") else { return value(of: text) }
    let path = String(text.dropFirst())
    guard !path.hasPrefix("@") else { return .string(path) }
    guard let data = try? Data(contentsOf: URL(filePath: path)) else {
      throw UsageError(
        "the file '\(path)' of the parameter '\(name)' cannot be read; text that begins with @ is written @@")
    }
    guard data.count <= fileBytesMax else {
      throw UsageError("the file '\(path)' of the parameter '\(name)' has more than \(fileBytesMax) bytes")
    }
    return value(of: String(decoding: data, as: UTF8.self))
  }

  /// A request has no room for more.
  private static let fileBytesMax = 256 << 10

  private static func value(of text: String) -> JSONValue {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
  }
}
