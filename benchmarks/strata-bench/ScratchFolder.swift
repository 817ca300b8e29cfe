import Foundation
import StrataCore
import StrataRuntime
import StrataStack

/// A folder of a benchmark's own, for servers that are its own: gone with them when the benchmark is over.
struct ScratchFolder {
  private let directory: DataDirectory
  private let cleanUp: CleanUp

  init(_ cleanUp: CleanUp) throws(StrataError) {
    let path = FileManager.default.temporaryDirectory.path + "/strata-bench-\(JobID())"
    self.cleanUp = cleanUp
    cleanUp.add { try? FileManager.default.removeItem(atPath: path) }
    directory = try DataDirectory.open(path)
  }

  /// Where a socket of a server may lie.
  func socket(_ name: String) -> String { directory.socket(name) }

  /// Starts a Redis as that of `strata up`: an append-only file, synced each second. Returns its socket.
  func startRedis() async throws(StrataError) -> String {
    let server = EmbeddedRedis(in: directory, identity: .random())
    try await start(server.service())
    return server.socket
  }

  /// Starts a PostgreSQL as that of `strata up`: commits are durable (`synchronous_commit` and `fsync` on).
  func startPostgreSQL() async throws(StrataError) -> EmbeddedPostgreSQL {
    let server = EmbeddedPostgreSQL(in: directory, identity: .random())
    try await start(server.service())
    return server
  }

  private func start(_ service: ProcessService) async throws(StrataError) {
    cleanUp.add { await service.stop() }
    try await service.start()
  }
}
