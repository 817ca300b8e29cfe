import StrataAPI
import StrataCore

/// `NAME=VALUE` words as the labels of jobs.
enum LabelWords {
  /// - Returns: nil where none is given.
  static func read(_ arguments: Arguments) throws(UsageError) -> [String: String]? {
    guard arguments.has("label") else { return nil }
    var labels: [String: String] = [:]
    for word in arguments.all("label") {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        throw UsageError("--label takes NAME=VALUE, not '\(word)'", command: arguments.command)
      }
      do throws(StrataError) { try JobMetadata.check(label: parts[0], parts[1]) } catch {
        throw UsageError("--label: \(error)", command: arguments.command)
      }
      guard labels.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw UsageError("the label '\(parts[0])' was given twice", command: arguments.command)
      }
    }
    return labels
  }

  static func text(of labels: [String: String]) -> String {
    labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
  }
}
