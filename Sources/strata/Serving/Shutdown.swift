import StrataCore
import StrataStack

/// `down`: asks the supervisor to end, and waits until nothing of its stack is left.
struct Shutdown {
  /// What the servers and the processes of jobs take to end, beside what jobs have, and some more for a busy machine.
  private static let rest = Duration.seconds(50)
  /// From where on somebody who waits wants to know for what.
  private static let silence = Duration.seconds(60)

  let directory: DataDirectory
  /// How long running jobs have to end; nil for what their stack was told.
  let jobGrace: Duration?
  /// How long to wait until nothing is left; nil for as long as that may take.
  let grace: Duration?

  func perform() async throws -> ExitStatus {
    let (tenure, note) = (try directory.tenure, JobGraceNote(directory: directory))
    let isHastened = tenure != .free && StackNote(directory: directory).phase == .stopping
    if isHastened, jobGrace != nil {
      throw StrataError(
        .conflict, "the stack is stopping already, and its workers have their grace",
        remedy: "wait for it; 'strata down' without --job-grace hands running jobs back at once")
    }
    if case .held(let holder) = tenure {
      if let jobGrace { try note.say(jobGrace) }
      guard Machine.signal(holder, 15) else {
        throw StrataError(
          .unauthorized, "process \(holder) is not yours to stop", remedy: "stop it as the user who started it")
      }
    }
    let jobGrace = isHastened ? .zero : jobGrace ?? note.grace ?? JobGrace.standard
    let grace = grace ?? jobGrace + Self.rest
    if isHastened {
      Terminal.note("strata: it is stopping already; running jobs are handed back, to run again later")
    } else if tenure != .free, jobGrace + Self.rest > Self.silence {
      Terminal.note(
        "strata: running jobs have \(jobGrace.brief) to end; 'strata down' again hands them back, to run again later")
    }
    // The supervisor and the sentinel hold the folder between them until the last process has gone.
    let left = try await directory.waitUntilFree(atMost: grace)
    guard left == .free else { throw Self.stillThere(left, directory, after: grace) }
    note.forget()
    let hadLeftovers = directory.endLeftovers()
    Terminal.note(
      tenure == .free && !hadLeftovers ? "strata: nothing runs in \(directory.path)" : "strata: stopped")
    return .done
  }

  private static func stillThere(
    _ tenure: DataDirectory.Tenure, _ directory: DataDirectory, after grace: Duration
  ) -> StrataError {
    if case .held(let holder) = tenure {
      return StrataError(
        .timeOver, "process \(holder) has not ended within \(grace.brief)",
        remedy: "wait for it, or run strata down again to hasten it")
    }
    return StrataError(
      .timeOver, "what was left behind in \(directory.path) has not ended within \(grace.brief)",
      remedy: "wait for it with strata down")
  }
}
