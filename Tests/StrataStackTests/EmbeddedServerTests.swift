import Glibc
import StrataCore
import StrataRuntime
import StrataStack
import Testing

@Suite(.timeLimit(.minutes(3))) struct EmbeddedServerTests {
  private func command(_ name: String, _ arguments: [String]) async throws -> String {
    var specification = ProcessSpecification(name, arguments)
    specification.standardOutput = .pipe
    let child = try await ChildProcess.spawn(specification)
    let output = try await #require(child.standardOutput).readToEnd(bytesMax: 1 << 20)
    #expect(await child.wait().isSuccess)
    return String(decoding: output, as: UTF8.self).split(separator: "\n").joined(separator: "\n")
  }

  @Test func redisServesOnItsSocketOnlyAndKeepsWhatItWasTold() async throws {
    try await withTemporaryFolder { folder in
      let directory = try DataDirectory.open(folder + "/data")
      let redis = EmbeddedRedis(in: directory, identity: .random())
      let service = redis.service()
      try await service.start()
      #expect(redis.answersPing())
      #expect(try await command("redis-cli", ["-s", redis.socket, "set", "key", "value"]) == "OK")
      #expect(try await command("redis-cli", ["-s", redis.socket, "config", "get", "port"]) == "port\n0")
      await service.stop()
      #expect(!redis.answersPing())
      await service.stop()

      try await service.start()
      #expect(try await command("redis-cli", ["-s", redis.socket, "get", "key"]) == "value")
      await service.stop()
    }
  }

  @Test func aKilledRedisIsStartedAgainWithItsData() async throws {
    try await withTemporaryFolder { folder in
      let redis = EmbeddedRedis(in: try DataDirectory.open(folder + "/data"), identity: .random())
      let service = redis.service()
      try await service.start()
      #expect(try await command("redis-cli", ["-s", redis.socket, "set", "key", "value"]) == "OK")
      let killed = try #require(await service.child)
      killed.signal(SIGKILL)
      _ = await killed.wait()
      try await waitUntil { await service.restartCount == 1 }
      #expect(await service.child?.pid != killed.pid)
      #expect(try await command("redis-cli", ["-s", redis.socket, "get", "key"]) == "value")
      await service.stop()
    }
  }

  /// A transaction that was cut off in the middle is not done later, when others stand behind it in the file.
  @Test func halfATransactionIsNeverDone() async throws {
    try await withTemporaryFolder { folder in
      let redis = EmbeddedRedis(in: try DataDirectory.open(folder + "/data"), identity: .random())
      let service = redis.service()
      func ask(_ words: String...) async throws -> String {
        try await command("redis-cli", ["-s", redis.socket] + words)
      }
      try await service.start()
      let both = "redis.call('SET', 'first', 1) return redis.call('SET', 'second', 2)"
      #expect(try await ask("EVAL", both, "0") == "OK")
      await service.stop()
      // As a machine that went down would leave it: without the file's last bytes, and with the note of a process.
      let file = redis.folder + "/appendonlydir/appendonly.aof.1.incr.aof"
      var status = stat()
      #expect(stat(file, &status) == 0 && truncate(file, status.st_size - 20) == 0)
      #expect(mknod(redis.folder + "/redis.pid", S_IFREG | 0o600, 0) == 0)
      try await service.start()
      #expect(try await ask("SET", "third", "3") == "OK")
      let killed = try #require(await service.child)
      killed.signal(SIGKILL)
      _ = await killed.wait()
      try await waitUntil { await service.restartCount == 1 }
      #expect(try await ask("MGET", "first", "second", "third") == "3")
      await service.stop()
    }
  }

  @Test func postgresIsCreatedServesAndRecoversFromKill() async throws {
    try await withTemporaryFolder { folder in
      let postgres = EmbeddedPostgreSQL(in: try DataDirectory.open(folder + "/data"), identity: .random())
      let service = postgres.service()
      try await service.start()
      func sql(_ text: String) async throws -> String {
        try await command("psql", ["-X", "-At", "-d", postgres.connectionString, "-c", text])
      }
      #expect(
        try await sql("create table t as select 7 as n; select current_database(), current_user").hasSuffix(
          "strata|strata"))
      #expect(try await sql("show listen_addresses").isEmpty)
      #expect(
        try await sql("select pg_encoding_to_char(encoding), datcollate from pg_database where datname = 'strata'")
          == "UTF8|C")

      let killed = try #require(await service.child)
      killed.signal(SIGKILL)
      try await waitUntil { await service.restartCount == 1 }
      #expect(try await sql("select n from t") == "7")

      await service.stop()
      #expect(!postgres.acceptsConnections())
      try await service.start()
      #expect(try await sql("select n from t") == "7")
      await service.stop()
      await service.stop()
    }
  }

  @Test func dataOfAnotherMajorVersionIsRefusedWithARemedy() throws {
    let here = [PostgreSQLInstallation(binaries: "/a", versionMajor: 16), .init(binaries: "/b", versionMajor: 15)]
    #expect(try PostgreSQLInstallation.choose(from: here, dataVersion: nil).versionMajor == 16)
    #expect(try PostgreSQLInstallation.choose(from: here, dataVersion: 15).binaries == "/b")
    let error = #expect(throws: StrataError.self) { try PostgreSQLInstallation.choose(from: here, dataVersion: 14) }
    #expect(error?.remedy?.contains("postgresql-14") == true)
    #expect(throws: StrataError.self) { try PostgreSQLInstallation.choose(from: [], dataVersion: nil) }
  }

  @Test(arguments: [
    ("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)\n", 15), ("postgres (PostgreSQL) 17beta1\n", 17), ("", nil),
    ("nonsense", nil),
  ]) func theVersionIsReadFromTheServersOwnWords(text: String, version: Int?) {
    #expect(PostgreSQLInstallation.parseVersionMajor(text) == version)
  }
}

/// Looks again and again, a few milliseconds apart, until `condition` holds or the test's time limit ends it.
func waitUntil(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}
