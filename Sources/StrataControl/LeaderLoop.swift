import StrataRuntime

/// What a leader does whenever something is due, through all outages.
enum LeaderLoop {
  /// Repeats `step`, which waits by itself until there may be more to do, until the task is cancelled. After an error it
  /// begins anew, a growing while later.
  ///
  /// - Parameter complaint: what the log is told of an error, once while it stays the same: what is in the way all night is
  ///   no news every few seconds.
  static func run(complaint: String, log: Log, _ step: () async throws -> Void) async {
    var backoff = Backoff(first: .milliseconds(50), longest: .seconds(5))
    var told: String?
    while !Task.isCancelled {
      do {
        try await step()
        backoff.reset()
        told = nil
      } catch {
        if Task.isCancelled { return }
        if told != "\(error)" { log.warning(complaint, ["error": "\(error)"]) }
        told = "\(error)"
        try? await Task.sleep(for: backoff.next())
      }
    }
  }
}
