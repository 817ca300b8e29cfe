import FoundationEssentials
import StrataCore
import StrataRuntime
import StrataStack

/// `up --detach`: a copy of this program in a session of its own, awaited until it is ready.
struct Detached {
  /// The first start makes a database cluster; a slow disk takes its time.
  static let readyMax = Duration.seconds(180)

  let settings: StackSettings

  func start() async throws -> ExitStatus {
    if let holder = settings.directory.holder {
      throw StrataError(
        .conflict, "process \(holder) already runs Strata in \(settings.directory.path)",
        remedy: "use it, or stop it with strata down")
    }
    let note = ReadyNote(directory: settings.directory)
    note.remove()
    let log = settings.directory.logs + "/strata.log"
    var specification = ProcessSpecification("/proc/self/exe", ["up"] + settings.words)
    specification.environment["STRATA_REDIS_URL"] = settings.redis
    specification.environment["STRATA_POSTGRES_URL"] = settings.postgres
    specification.standardOutput = .file(log)
    specification.standardError = .file(log)
    specification.startsNewSession = true
    specification.parentDeathSignal = 0
    let child = try await ChildProcess.spawn(specification)
    let deadline = ContinuousClock.now + Self.readyMax
    while ContinuousClock.now < deadline {
      if let screen = note.text {
        Terminal.print(screen)
        return .done
      }
      if child.exit != nil { break }
      try await Task.sleep(for: .milliseconds(20))
    }
    if child.exit == nil { _ = child.signal(15) }
    throw StrataError(
      .unavailable, "Strata did not become ready (\(lastLine(of: log) ?? "it said nothing"))",
      remedy: "see \(settings.directory.logs), and run strata doctor")
  }

  private func lastLine(of path: String) -> String? {
    let line = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").last
    return line.map { line in
      let words = String(line.replacing("strata: ", with: ""))
      return words.hasSuffix(".") ? String(words.dropLast()) : words
    }
  }
}

/// `down`: asks the supervisor to end, and waits until it has.
struct Shutdown {
  let directory: DataDirectory
  let grace: Duration

  func perform() async throws -> ExitStatus {
    guard let holder = directory.holder else {
      Terminal.note("strata: nothing runs in \(directory.path)")
      return .done
    }
    guard Machine.signal(holder, 15) else {
      throw StrataError(
        .unauthorized, "process \(holder) is not yours to stop", remedy: "stop it as the user who started it")
    }
    let deadline = ContinuousClock.now + grace
    while ContinuousClock.now < deadline {
      if directory.holder == nil {
        Terminal.note("strata: stopped")
        return .done
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw StrataError(
      .timeout, "process \(holder) has not ended within \(grace.brief)",
      remedy: "wait for it, or run strata down again to hasten it")
  }
}
