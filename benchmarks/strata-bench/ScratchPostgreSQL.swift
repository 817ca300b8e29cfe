import Foundation
import StrataCore
import StrataRuntime
import StrataStack

/// A private PostgreSQL for one benchmark, durable as in production (synchronous_commit and fsync on).
enum ScratchPostgreSQL {
  /// Runs `body` with `--postgres CONNECTION` added to `words`, unless they name one already.
  static func with(_ words: [String], _ body: ([String]) async throws -> Void) async throws {
    if words.contains("--postgres") { return try await body(words) }
    let folder = FileManager.default.temporaryDirectory.path + "/strata-bench-\(JobID())"
    let directory = try DataDirectory.open(folder)
    let identity = StackIdentity.random()
    let server = EmbeddedPostgreSQL(in: directory, identity: identity)
    let service = server.service()
    do {
      try await service.start()
      try await body(["--postgres", server.connectionString] + words)
    } catch {
      await service.stop()
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
    await service.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
