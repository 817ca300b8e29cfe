import Glibc
import StrataCore
import StrataRuntime

/// A service that is this program itself. If it cannot start, its own last words say why.
struct OwnService: Service {
  let process: ProcessService
  let logFile: String

  var name: String { process.name }

  func start() async throws(StrataError) {
    let before = LogFile(path: logFile).size
    do throws(StrataError) { try await process.start() } catch {
      guard let words = LogFile(path: logFile).lastComplaint(after: before) else { throw error }
      throw StrataError(error.code, "\(name) could not start: \(words)", remedy: error.remedy, cause: error)
    }
  }

  func stop() async { await process.stop() }

  /// - Parameter patience: how long it has, instead of what its definition says.
  func stop(within patience: Duration) async { await process.stop(by: .terminate(patience: patience)) }

  /// Tells it once more to end, while it does.
  func hasten() async { await process.child?.signal(SIGTERM) }
}
