import FoundationEssentials
import StrataCore

/// `NAME=VALUE` words as a capability's parameters. A value that reads as JSON is that, else it is text.
enum ParameterWords {
  static func parse(_ words: [String]) throws(UsageError) -> [String: JSONValue] {
    var parameters: [String: JSONValue] = [:]
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw UsageError("--param takes NAME=VALUE, not '\(word)'")
      }
      guard parameters.updateValue(value(of: parts[1]), forKey: parts[0]) == nil else {
        throw UsageError("the parameter '\(parts[0])' was given twice")
      }
    }
    return parameters
  }

  private static func value(of text: String) -> JSONValue {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
  }
}
