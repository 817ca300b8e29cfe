import StrataAPI
import StrataCore
import StrataRuntime
import Synchronization

/// Watches an array until all its tasks have ended, showing how far it is.
struct ArrayFollower {
  let server: Server

  /// Waits, and tells what the tasks came to.
  ///
  /// - Returns: `.done` where all succeeded, else `.failedJob`.
  func show(_ id: ArrayID, asJSON: Bool) async throws -> ExitStatus {
    let array = try await Submission.tellingOfInterruption(of: id, noun: "array") { try await follow(id) }
    Terminal.print(asJSON ? try JSONText.of(array) : ArrayText.of(array))
    return array.succeeded == array.tasks ? .done : .failedJob
  }

  /// - Returns: the finished array.
  private func follow(_ id: ArrayID) async throws -> ArrayView {
    let progress = Mutex(ProgressLine())
    var outage = Outage(of: "array", "\(id)")
    while true {
      do {
        // The stream ends early when the server restarts: it is opened again, and begins with the array as it stands.
        for try await array in events(of: id) {
          outage.end()
          if array.finishedAt != nil { break }
          progress.withLock { $0.show(array) }
        }
        let array: ArrayView = try await server.get(["v1", "arrays", id.description])
        if array.finishedAt != nil {
          progress.withLock { $0.clear() }
          return array
        }
      } catch {
        try outage.bear(error)
        progress.withLock { $0.show(fraction: nil, stage: Outage.stage) }
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func events(of id: ArrayID) -> AsyncThrowingStream<ArrayView, any Error> {
    AsyncThrowingStream { entry in
      let reader = Task {
        do {
          try await server.events(of: id) { array in
            entry.yield(array)
            return array.finishedAt == nil
          }
          entry.finish()
        } catch {
          entry.finish(throwing: error)
        }
      }
      entry.onTermination = { _ in reader.cancel() }
    }
  }
}

extension ProgressLine {
  mutating func show(_ array: ArrayView) {
    let ended = array.succeeded + array.failed + array.cancelled
    let words = array.held.map { ", held: \($0.detail)" } ?? ""
    show(
      fraction: Double(ended) / Double(max(1, array.tasks)), stage: "\(ended) of \(array.tasks) tasks\(words)")
  }
}
