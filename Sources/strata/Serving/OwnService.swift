import Glibc
import StrataCore
import StrataRuntime

/// A service that is this program itself. If it cannot start, its own last words say why.
struct OwnService: Service {
  /// What the new process is told to find its place, and the old one to leave it.
  enum Kind {
    /// One takes the other's connections over.
    case controller(APISockets)
    /// Runs jobs, which the next one cannot take over.
    case worker
  }

  /// How long a controller that has been followed has to finish what it was asked before: uploads and downloads take
  /// their time.
  static let leavingMax = Duration.seconds(3_600)

  let process: ProcessService
  let logFile: String
  let kind: Kind

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
    // A worker that was told to end already, and hears it again, hands its jobs back at once.
    let ladder =
      await process.isBeingRenewed
      ? TeardownLadder([
        .init(signal: 0, patience: patience - JobGrace.handingBack),
        .init(signal: SIGTERM, patience: JobGrace.handingBack),
      ]) : .terminate(patience: patience)
    await process.stop(by: ladder)
  }

  /// Tells it once more to end, while it does.
  func hasten() async { await process.child?.signal(SIGTERM) }

  /// - Parameter grace: how long running jobs have to end.
  /// - Returns: the new process.
  func restart(grace: Duration) async throws(StrataError) -> Int32 {
    let before = LogFile(path: logFile).size
    do throws(StrataError) {
      switch kind {
      case .controller:
        let leaving = TeardownLadder([
          .init(signal: SIGQUIT, patience: Self.leavingMax), .init(signal: SIGTERM, patience: .seconds(15)),
        ])
        return try await process.renew(.overlapping, retiring: leaving).pid
      case .worker:
        return try await process.renew(.consecutive, retiring: .terminate(patience: JobGrace.patience(grace))).pid
      }
    } catch {
      throw explained(error, since: before)
    }
  }

  private func explained(_ error: StrataError, since size: Int) -> StrataError {
    guard let words = LogFile(path: logFile).lastComplaint(after: size) else { return error }
    return StrataError(error.code, "\(name) could not start: \(words)", remedy: error.remedy, cause: error)
  }
}
