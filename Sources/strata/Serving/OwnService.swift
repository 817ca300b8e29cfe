import Glibc
import StrataCore
import StrataRuntime
import StrataStack

/// A service that is this program itself. If it cannot start, its own last words say why.
struct OwnService: Service {
  /// How one process of it follows another.
  enum Kind {
    /// The next one takes the connections of these sockets over.
    case controller(APISockets)
    /// Of a stack's folder. Runs jobs, which the next one cannot take over.
    case worker(DataDirectory)
  }

  /// How long a controller that has been followed has to finish what it was asked before: uploads and downloads take
  /// their time.
  static let leavingMax = Duration.seconds(3_600)

  let process: ProcessService
  let logFile: String
  let kind: Kind
  let program: StackProgram

  var name: String { process.name }

  func start() async throws(StrataError) {
    let before = LogFile(path: logFile).size
    do throws(StrataError) { try await process.start() } catch { throw explained(error, since: before) }
  }

  func stop() async {
    // Before the controller does: whoever came to a socket that only waits would wait in vain.
    if case .controller(let sockets) = kind { sockets.close() }
    await process.stop()
  }

  /// - Parameter patience: how long it has, instead of what its definition says.
  func stop(within patience: Duration) async {
    await process.stop(by: .terminate(patience: patience), whereToldToEnd: Self.later(patience))
  }

  /// A worker that was told to end already, and hears it again, hands its jobs back at once.
  private static func later(_ patience: Duration) -> TeardownLadder {
    TeardownLadder([
      .init(signal: 0, patience: patience - JobGrace.handingBack),
      .init(signal: SIGTERM, patience: JobGrace.handingBack),
    ])
  }

  /// Gives the jobs of a worker that is being restarted no longer than `grace` from now on. Returns when it has ended.
  func hastenRestart(within grace: Duration) async {
    await process.departing?.tearDown(Self.later(JobGrace.patience(grace)))
  }

  /// Tells it once more to end, while it does.
  func hasten() async { await process.child?.signal(SIGTERM) }

  /// - Parameters:
  ///   - candidate: what the new process is started from, and every one after it once it is ready.
  ///   - grace: how long running jobs have to end. Asked for when the old process is told to end; who finds another grace
  ///     from then on says so by `hastenRestart`.
  /// - Returns: the new process.
  func restart(
    from candidate: StackProgram.Candidate, grace: @Sendable () -> Duration
  ) async throws(StrataError) -> Int32 {
    let before = LogFile(path: logFile).size
    do throws(StrataError) {
      let new = try await renew(candidate, grace)
      program.adopt(candidate)
      return new.pid
    } catch {
      throw error.code == .unavailable ? explained(error, since: before) : error
    }
  }

  private func renew(
    _ candidate: StackProgram.Candidate, _ grace: @Sendable () -> Duration
  ) async throws(StrataError) -> ChildProcess {
    switch kind {
    case .controller:
      let leaving = TeardownLadder([
        .init(signal: SIGQUIT, patience: Self.leavingMax), .init(signal: SIGTERM, patience: .seconds(15)),
      ])
      return try await process.renew(
        .overlapping, retiring: leaving,
        adjusting: {
          $0.executable = candidate.path
          if $1 != nil { $0.arguments.append("--follows") }
        })
    case .worker(let directory):
      let note = JobGraceNote(directory: directory, of: .restart(await process.child?.pid ?? 0))
      defer { note.forget() }
      return try await process.renew(
        .consecutive, retiring: .terminate(patience: JobGrace.patience(grace())),
        farewell: { old throws(StrataError) in
          try JobGraceNote(directory: directory, of: .restart(old.pid)).say(grace())
        }, adjusting: { specification, _ in specification.executable = candidate.path })
    }
  }

  private func explained(_ error: StrataError, since size: Int) -> StrataError {
    guard let words = LogFile(path: logFile).lastComplaint(after: size) else { return error }
    return StrataError(error.code, "\(name) could not start: \(words)", remedy: error.remedy, cause: error)
  }
}
