package import StrataAPI
import StrataCore

/// What a person is told whose submission made nothing, as something stands for it that was there before.
package enum RepeatText {
  /// - Parameters:
  ///   - isKeyGiven: whether the submission had an idempotency key of the person's own.
  ///   - uniqueKey: that of the submission.
  /// - Returns: nil where it made something, or was only sent again by this program.
  package static func of(_ accepted: JobAccepted, isKeyGiven: Bool, uniqueKey: String?) -> String? {
    guard accepted.isRepeat else { return nil }
    let what = "\(accepted.tasks == nil ? "job" : "array") \(accepted.id) (\(accepted.state.rawValue))"
    return switch (isKeyGiven, uniqueKey) {
    case (false, nil): nil
    case (true, nil): "strata: nothing new was made: \(what) was submitted before under this idempotency key"
    case (false, let key?): "strata: nothing new was made: \(what) holds the unique key '\(key)'"
    case (true, let key?):
      "strata: nothing new was made: \(what) was submitted before under this idempotency key, or holds the unique key '\(key)'"
    }
  }
}
