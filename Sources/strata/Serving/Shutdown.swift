import StrataCore
import StrataStack

/// `down`: asks the supervisor to end, and waits until nothing of its stack is left.
struct Shutdown {
  let directory: DataDirectory
  let grace: Duration

  func perform() async throws -> ExitStatus {
    let tenure = try directory.tenure
    if case .held(let holder) = tenure {
      guard Machine.signal(holder, 15) else {
        throw StrataError(
          .unauthorized, "process \(holder) is not yours to stop", remedy: "stop it as the user who started it")
      }
    }
    // The supervisor and the sentinel hold the folder between them until the last process has gone.
    let left = try await directory.waitUntilFree(atMost: grace)
    guard left == .free else { throw stillThere(left) }
    let hadLeftovers = directory.endLeftovers()
    Terminal.note(
      tenure == .free && !hadLeftovers ? "strata: nothing runs in \(directory.path)" : "strata: stopped")
    return .done
  }

  private func stillThere(_ tenure: DataDirectory.Tenure) -> StrataError {
    if case .held(let holder) = tenure {
      return StrataError(
        .timeout, "process \(holder) has not ended within \(grace.brief)",
        remedy: "wait for it, or run strata down again to hasten it")
    }
    return StrataError(
      .timeout, "what was left behind in \(directory.path) has not ended within \(grace.brief)",
      remedy: "wait for it with strata down")
  }
}
