import StrataCore
import StrataRuntime
import StrataStack

/// pgqueuer on a PostgreSQL of its own: worker processes that wait for jobs, and a process that gives them some.
struct PgQueuerPeer {
  private static let script = "pgqueuer_peer.py"
  private let driver: LineProcess

  init(workers: Int, batch: Int, _ cleanUp: CleanUp) async throws(StrataError) {
    let (python, script) = (try Peers.python(), try Peers.script(Self.script))
    let server = try await ScratchFolder(cleanUp).startPostgreSQL()
    driver = try await Self.start(python, [script, server.socketFolder, "drive"], cleanUp)
    for _ in 0..<workers {
      _ = try await Self.start(python, [script, server.socketFolder, "work", "\(batch)"], cleanUp)
    }
  }

  private static func start(
    _ python: String, _ words: [String], _ cleanUp: CleanUp
  ) async throws(StrataError) -> LineProcess {
    let process = try await LineProcess(python, words)
    cleanUp.add { await process.stop() }
    _ = try await process.nextLine()
    return process
  }

  /// - Returns: jobs a second, from the commit that brings them until the last is gone from the queue.
  func drain(_ count: Int) async throws(StrataError) -> Double {
    let answer = try await driver.ask("\(count)")
    guard let seconds = Double(answer) else {
      throw StrataError(.internalError, "pgqueuer did not drain its queue: \(answer)")
    }
    return Double(count) / seconds
  }
}
