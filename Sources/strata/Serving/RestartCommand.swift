import Glibc
import StrataClient
import StrataCore
import StrataQueue
import StrataRuntime
import StrataStack
import Synchronization

extension Command {
  static let restart = Command(
    name: "restart", arguments: "[controller | worker-N]…", argumentsMax: .max,
    summary: "Restart the controller and the workers while jobs are taken and run, as with a new version",
    details: """
      Starts them from the program that this command is: run the new version's 'strata restart' to upgrade. The database, the
      queue and the supervisor stay as they are, until 'strata down' and 'strata up'.

      controller  The new one is ready, and takes requests, before the old one is told to end, which answers what it has
                  begun, uploads and downloads for up to an hour, and one more request on each connection. If the new one
                  ends or is not ready within 15 min, the old one stays.
      worker-N    One after another: no job starts there any more, those that run end first, within the time of
                  --job-grace, and then its successor starts. Jobs that are not over by then are handed back and run again.

      What does not run, since it ends again and again, is started at once. Asked for again, a restart that goes on is waited
      for; with --job-grace its jobs have no longer than that from then on. Ctrl-C leaves the one that is being restarted to
      that, and the others as they are. Workers that 'strata worker' has started are not restarted.
      """,
    options: [
      .dataDirectory,
      JobGrace.option("how long running jobs have to end, 7d at most; 0 hands them back at once [7d]"),
    ],
    run: { arguments in
      let grace = try JobGrace.read(arguments) ?? JobGrace.longest
      return try await Restart(directory: DataFolder.existing(arguments), jobGrace: grace).perform(arguments.positional)
    })
}

/// `restart`: asks the supervisor to restart one service after another.
package struct Restart {
  /// How long the supervisor has to say what there is.
  private static let answerMax = Duration.seconds(10)
  /// From where on somebody who waits wants to know for what.
  private static let silence = Duration.seconds(3)

  let directory: DataDirectory
  let jobGrace: Duration

  func perform(_ names: [String]) async throws -> ExitStatus {
    let tenure = try directory.tenure
    guard case .held(let holder) = tenure else {
      let isEnding = tenure == .ending
      throw StrataError(
        .unreachable, isEnding ? "what ran in \(directory.path) is being ended" : "nothing runs in \(directory.path)",
        remedy: "start it with strata up, which needs no restart")
    }
    if StackNote(directory: directory).phase == .stopping { throw stopping("nothing can be restarted") }
    // What has taken this file's place meanwhile is not what was called.
    let program = OwnProgram.path
    guard program.hasPrefix("/"), !program.hasPrefix("/proc/") else {
      throw StrataError(
        .conflict, "this program's file is not there any more", remedy: "call the new one: strata restart")
    }
    let client = HTTPClient(.unix(path: StackControl.socket(of: directory)))
    let known = try await services(client, holder)
    if let stranger = names.first(where: { !known.contains($0) }) {
      throw UsageError("this stack has no '\(stranger)'; it has \(known.joined(separator: ", "))", command: "restart")
    }
    try await restart(names.isEmpty ? known : known.filter(names.contains), program, client)
    return .done
  }

  /// One after another. A Ctrl-C ends the waiting, not the restart that goes on, and says so.
  private func restart(_ names: [String], _ program: String, _ client: HTTPClient) async throws {
    let requests = try Signals.terminationRequests()
    let left = Mutex(names)
    let listener = Task { [jobGrace] in
      for await request in requests {
        let names = left.withLock(\.self)
        if !names.isEmpty { Terminal.note(Self.leaving(names, jobGrace)) }
        exit(Interruption.statusBase + request.signal)
      }
    }
    defer { listener.cancel() }
    for name in names {
      try await restart(name, program, client)
      left.withLock { _ = $0.removeFirst() }
    }
  }

  /// What goes on when somebody no longer waits, and what can be done about it.
  ///
  /// - Parameters:
  ///   - names: the one that is being restarted, and those that were to follow.
  ///   - grace: how long its running jobs were given to end.
  package static func leaving(_ names: [String], _ grace: Duration) -> String {
    guard let name = names.first else { return "" }
    let others = names.dropFirst().joined(separator: ", ")
    let isWorker = name != "controller"
    let means = [
      "  strata restart \(name)\(isWorker ? "                 " : "   ")waits again",
      isWorker && grace > .zero ? "  strata restart \(name) --job-grace 0   hands its jobs back, to run again" : nil,
    ]
    let jobs =
      switch grace {
      case .zero: ", its running jobs are handed back"
      case JobGrace.longest...: ", once its running jobs have ended"
      default: ", its running jobs have \(grace.brief) to end"
      }
    return """

      strata: no longer waiting; \(name) is being restarted all the same\(isWorker ? jobs : "")\
      \(others.isEmpty ? "" : ". As they are stay \(others)")
      \(means.compactMap(\.self).joined(separator: "\n"))
      """
  }

  private func services(_ client: HTTPClient, _ holder: Int32) async throws(StrataError) -> [String] {
    do {
      return try await client.send(ClientRequest("GET", ["services"], timeout: Self.answerMax)).decode()
    } catch {
      throw StrataError(
        .unreachable, "the supervisor, process \(holder), does not answer: \(error.strataError.message)",
        remedy:
          "it may be starting or stopping, see strata status; one of a version before 'restart' takes strata down and up"
      )
    }
  }

  private func restart(_ name: String, _ program: String, _ client: HTTPClient) async throws(StrataError) {
    let waiting = Task { [jobGrace] in
      try await Task.sleep(for: Self.silence)
      Terminal.note(Self.waiting(for: name, jobGrace))
    }
    defer { waiting.cancel() }
    let order = RestartOrder(
      program: program, layout: RedisQueue.layout, jobGraceSeconds: jobGrace.milliseconds / 1_000)
    do {
      let request = ClientRequest("POST", ["services", name, "restart"], body: try .json(order), timeout: nil)
      let report: RestartReport = try await client.send(request).decode()
      let before = report.from.map { "process \($0), now " } ?? ""
      Terminal.note("strata: \(name) restarted (\(before)process \(report.to))")
    } catch {
      throw explained(error, name)
    }
  }

  private static func waiting(for name: String, _ grace: Duration) -> String {
    guard name != "controller" else { return "strata: waiting for controller" }
    if grace == .zero { return "strata: waiting for \(name): its running jobs are handed back" }
    let time = grace < JobGrace.longest ? "have \(grace.brief) to end" : "end first, within a week"
    return "strata: waiting for \(name): its running jobs \(time); 'strata restart \(name) --job-grace 0' hands them"
      + " back, to run again"
  }

  /// A supervisor that ends answers nobody.
  private func explained(_ error: ClientError, _ name: String) -> StrataError {
    switch error {
    case .refused, .local, .cancelled: return error.strataError
    case .cannotConnect, .broken, .timedOut: break
    }
    if case .some(.held) = try? directory.tenure, StackNote(directory: directory).phase != .stopping {
      return StrataError(
        .unreachable, "the supervisor has not said what became of \(name)",
        remedy: "see strata status and \(directory.logs)/up.log")
    }
    return stopping("\(name) was not restarted")
  }

  private func stopping(_ consequence: String) -> StrataError {
    StrataError(
      .unreachable, "the stack is being stopped: \(consequence)",
      remedy: "when 'strata down' is done, strata up starts the version that it is called from")
  }
}
