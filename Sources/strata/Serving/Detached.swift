import Glibc
import StrataCore
import StrataRuntime
import StrataStack

/// `up --detach`: a copy of this program in a session of its own, awaited until it is ready.
struct Detached {
  /// The first start makes a database cluster; a slow disk takes its time.
  static let readyMax = Duration.seconds(180)

  let settings: StackSettings

  func start() async throws -> ExitStatus {
    let note = StackNote(directory: settings.directory)
    note.forget()
    let log = LogFile(path: settings.directory.logs + "/strata.log")
    let before = log.size
    let requests = try Signals.terminationRequests()
    let child = try await ChildProcess.spawn(specification(log: log.path))
    let interruption = Interruption()
    let listener = interruption.listen(to: requests, for: child)
    defer { listener.cancel() }
    // A signal that came while the last look was taken has told the stack to end.
    if try await isReady(child, note, unless: interruption), interruption.finish() {
      Terminal.announce(StackScreen(settings: settings, isDetached: true).text)
      return .done
    }
    if let signal = interruption.signal {
      _ = await child.wait()
      Terminal.note("strata: the start was given up, and everything is stopped")
      Glibc.exit(Interruption.statusBase + signal)
    }
    if child.exit == nil { _ = child.signal(SIGTERM) }
    return try failure(of: child, complaint: log.lastComplaint(after: before))
  }

  /// Waits until it is; false when it has ended, took too long, or is not wanted any more.
  private func isReady(_ child: ChildProcess, _ note: StackNote, unless interruption: Interruption) async throws -> Bool
  {
    let deadline = ContinuousClock.now + Self.readyMax
    while ContinuousClock.now < deadline, interruption.signal == nil, child.exit == nil {
      if note.phase == .ready { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  private func failure(of child: ChildProcess, complaint: String?) throws(StrataError) -> ExitStatus {
    if let complaint, case .exited(let code) = child.exit?.status, let status = ExitStatus(rawValue: code) {
      // Its failure is this command's, in its own words.
      Terminal.note("strata: \(complaint).")
      return status
    }
    throw StrataError(
      .unavailable, "Strata did not become ready (\(complaint ?? "it said nothing"))",
      remedy: "see \(settings.directory.logs), and run strata doctor")
  }

  private func specification(log: String) -> ProcessSpecification {
    var specification = ProcessSpecification(OwnProgram.path, ["up"] + settings.options.words)
    specification.environment["STRATA_REDIS_URL"] = settings.options.redis
    specification.environment["STRATA_POSTGRES_URL"] = settings.options.postgres
    specification.standardOutput = .file(log)
    specification.standardError = .file(log)
    specification.startsNewSession = true
    specification.parentDeathSignal = 0
    return specification
  }
}
