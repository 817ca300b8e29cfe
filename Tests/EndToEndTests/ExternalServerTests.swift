import Foundation
import StrataRuntime
import Testing

/// What `strata up` makes of servers that are not its own, and `strata worker` of a stack that is on such a one.
@Suite(.serialized) struct ExternalServerTests {
  /// A Redis that evicts and keeps no file, for as long as `body` takes.
  private func withCarelessRedis(_ body: (_ folder: String, _ socket: String) async throws -> Void) async throws {
    try await withFolder("redis") { folder in
      let socket = folder + "/redis.sock"
      var specification = ProcessSpecification(
        "redis-server",
        ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--maxmemory-policy", "allkeys-lru"])
      specification.standardOutput = .null
      specification.parentDeathSignal = SIGKILL
      let server = try await ChildProcess.spawn(specification)
      defer { server.signal(SIGKILL) }
      try await eventually("Redis listens") { FileManager.default.fileExists(atPath: socket) }
      try await body(folder, socket)
    }
  }

  @Test(.timeLimit(.minutes(3))) func aRedisMustKeepJobsAndShouldKeepAFile() async throws {
    try await withCarelessRedis { folder, socket in
      let data = folder + "/data"
      let up = ["up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data, "--redis", "unix://" + socket]
      let refused = try await strata(up)
      #expect(refused.code == 3 && refused.errors.contains("set its maxmemory-policy to noeviction"), "\(refused)")
      #expect(!FileManager.default.fileExists(atPath: data))
      #expect(try await shell("redis-cli -s \(socket) config set maxmemory-policy noeviction").code == 0)
      try await leavingNothing(in: data) {
        let warned = try await strata(up)
        #expect(warned.code == 0 && warned.errors.contains("no append-only file"), "\(warned)")
        #expect(try String(contentsOfFile: data + "/log/up.log", encoding: .utf8).contains("no append-only file"))
        let lost = try await strata("worker", "--data-dir", data)
        #expect(lost.code == 4 && lost.errors.contains("set STRATA_REDIS_URL"), "\(lost)")
        #expect(!lost.errors.contains("disconnected("))
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func anUnreachableServerIsSaidBeforeAnythingIsMade() async throws {
    try await withFolder("none") { folder in
      for words in [["--postgres", "host=\(folder) dbname=strata"], ["--redis", "unix://\(folder)/none"]] {
        let result = try await strata(["up", "--data-dir", folder + "/data"] + words)
        #expect(result.code == 4 && result.errors.contains("cannot be used"), "\(result)")
        #expect(!FileManager.default.fileExists(atPath: folder + "/data"))
      }
    }
  }

  @Test func aWorkerMakesNoFolder() async throws {
    try await withFolder("none") { folder in
      let result = try await strata("worker", "--data-dir", folder + "/typo")
      #expect(result.code == 2 && result.errors.contains("\(folder)/typo"), "\(result)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/typo"))
    }
  }
}
