import Foundation
import StrataRuntime
import TestSupport
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
      try await waitUntil("Redis listens") { FileManager.default.fileExists(atPath: socket) }
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

  /// Two stacks on one pair of servers share their jobs, so they must share the files; and a folder whose stack is on
  /// such servers does not start a private one by mistake.
  @Test(.timeLimit(.minutes(5))) func stacksOnTheSameServersShareTheirFiles() async throws {
    let postgres = try PostgreSQLFixture.shared.get().makeDatabase()
    try await withCarelessRedis { folder, socket in
      #expect(try await shell("redis-cli -s \(socket) config set maxmemory-policy noeviction").code == 0)
      let plain = ["up", "--detach", "--http", "127.0.0.1:0", "--data-dir"]
      let servers = ["--redis", "unix://" + socket, "--postgres", postgres]
      let (one, two) = (folder + "/one", folder + "/two")
      try await leavingNothing(in: one) {
        let first = try await strata(plain + [one] + servers + ["--workers", "0"])
        #expect(first.code == 0, "\(first)")
        let apart = try await strata(plain + [two] + servers)
        #expect(apart.code == 3 && apart.errors.contains("--artifacts"), "\(apart)")
        #expect(!FileManager.default.fileExists(atPath: two))
        try await leavingNothing(in: two) {
          let together = try await strata(plain + [two] + servers + ["--artifacts", one + "/artifacts"])
          #expect(together.code == 0, "\(together)")
          try "hello".write(toFile: folder + "/in", atomically: true, encoding: .utf8)
          // Submitted to the one, run by a worker of the other, fetched from the one.
          let command = ["run", "--data-dir", one, "--input", folder + "/in", "--out", folder + "/out", "--"]
          let run = try await strata(command + ["cp", "in", "output/copy"])
          #expect(run.code == 0, "\(run)")
          #expect(try String(contentsOfFile: folder + "/out/copy", encoding: .utf8) == "hello")
        }
      }
      let forgetful = try await strata(plain + [one])
      #expect(forgetful.code == 3 && forgetful.errors.contains("STRATA_POSTGRES_URL"), "\(forgetful)")
    }
  }

  @Test(.timeLimit(.minutes(3))) func sentinelsAreAskedAndWhatTheyKeepIsLookedAt() async throws {
    let servers = try SentinelFixture(replicas: 2)
    defer { servers.stop() }
    try await withFolder("sentinels") { folder in
      let data = folder + "/data"
      let up = ["up", "--detach", "--http", "127.0.0.1:0", "--workers", "0", "--data-dir", data, "--redis"]
      let unknown = try await strata(up + [servers.url + "-of-another-name"])
      #expect(unknown.code == 4 && unknown.errors.contains("it knows 'mymaster' only"), "\(unknown)")
      #expect(!FileManager.default.fileExists(atPath: data))
      try await leavingNothing(in: data) {
        let warned = try await strata(up + [servers.url])
        #expect(warned.code == 0 && warned.errors.contains("set its min-replicas-to-write to 1"), "\(warned)")
      }
    }
  }

  /// What, where, and what to do.
  @Test(.timeLimit(.minutes(2))) func whatIsWrongWithSentinelsIsSaid() async throws {
    let (port, own, closed) = (FreePort.next(), FreePort.next(), FreePort.next())
    let server = try RedisFixture(["--port", "\(port)", "--bind", "127.0.0.1", "--requirepass", "right"])
    defer { server.stop() }
    let sentinel = try RedisFixture(
      sentinel: """
        port \(own)
        bind 127.0.0.1
        requirepass guarded
        sentinel monitor main 127.0.0.1 \(port) 1
        sentinel auth-pass main right

        """)
    defer { sentinel.stop() }
    let plainPort = FreePort.next()
    let plain = try RedisFixture(["--port", "\(plainPort)", "--bind", "127.0.0.1"])
    defer { plain.stop() }
    let cases: [(String, Int32, String, String)] = [
      ("redis-sentinel://127.0.0.1:\(own)", 2, "not the master that they are to be asked for", "sentinel monitor"),
      (
        "redis-sentinel://127.0.0.1:\(closed)/main", 4, "127.0.0.1:\(closed): Connection refused", "run, and that their"
      ),
      ("redis-sentinel://127.0.0.1:\(own)/main", 4, "it does not let us in: NOAUTH", "?sentinel_password="),
      (
        "redis-sentinel://127.0.0.1:\(own)/main?sentinel_password=wrong", 4, "it does not let us in: WRONGPASS",
        "that of the Redis servers"
      ),
      (
        "redis-sentinel://127.0.0.1:\(own)/other?sentinel_password=guarded", 4, "it knows 'main' only", "…/main"
      ),
      (
        "redis-sentinel://127.0.0.1:\(plainPort)/main", 4, "it is a Redis server and no sentinel",
        "write redis://127.0.0.1:\(plainPort)"
      ),
      (
        "redis-sentinel://:wrong@127.0.0.1:\(own)/main?sentinel_password=guarded", 4,
        "the master at 127.0.0.1:\(port): WRONGPASS", "the password of the Redis servers"
      ),
    ]
    try await withFolder("wrong-sentinels") { folder in
      for (url, code, what, remedy) in cases {
        let result = try await strata(["up", "--data-dir", folder + "/data", "--redis", url])
        #expect(result.code == code && result.errors.contains(what), "\(url): \(result)")
        #expect(result.errors.contains(remedy), "\(url): \(result)")
        #expect(!FileManager.default.fileExists(atPath: folder + "/data"))
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
