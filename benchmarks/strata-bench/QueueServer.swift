import Foundation
import Glibc
import StrataCore
import StrataQueue
import StrataRuntime

/// A private redis-server without persistence, for the queue's benchmarks: loopback and a unix socket, in a temporary
/// folder.
final class QueueBenchmarkServer: Sendable {
  let port: UInt16
  let connection: RedisConnection
  let endpoint: RedisEndpoint
  private let process = Process()
  private let folder: URL
  private let countsInstructions: Bool

  /// Starts the server and returns when it answers.
  ///
  /// - Parameter countsInstructions: it runs under callgrind, some fifty times as slow, and its work is told in instructions.
  init(on loop: EventLoop, countsInstructions: Bool = false) async throws {
    self.countsInstructions = countsInstructions
    folder = FileManager.default.temporaryDirectory.appending(path: "strata-bench-\(JobID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    port = try Self.freePort()
    let socket = folder.appending(path: "redis.sock").path
    endpoint = RedisEndpoint(.unix(path: socket))
    process.executableURL = URL(filePath: "/usr/bin/env")
    let counter = ["valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=\(folder.path)/instructions"]
    process.arguments =
      (countsInstructions ? counter : []) + [
        "redis-server", "--port", String(port), "--bind", "127.0.0.1", "--unixsocket", socket, "--save", "",
      ]
      + ["--appendonly", "no", "--dir", folder.path]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    connection = RedisConnection(to: endpoint, on: loop)
    try await waitUntilReady()
  }

  private func waitUntilReady() async throws {
    for _ in 0..<400 where process.isRunning {
      if (try? await connection.send(RedisCommand("PING"))) != nil { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw StrataError(
      .unavailable, "redis-server did not start",
      remedy: countsInstructions ? "install redis-server and valgrind" : "install redis-server")
  }

  /// Kills the server and removes its folder.
  func stop() async {
    await connection.close()
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// A number of the server's INFO, such as `used_memory`; zero where there is none.
  func info(_ section: String, _ names: [String]) async throws -> Double {
    guard case .bytes(let bytes) = try await connection.send(RedisCommand("INFO", section)) else { return 0 }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    return names.reduce(0) { sum, name in
      sum + (lines.first { $0.hasPrefix(name + ":") }.flatMap { Double($0.dropFirst(name.count + 1)) } ?? 0)
    }
  }

  /// What `body` has the server do: seconds of its main thread's processor time or, where these are counted, instructions.
  func work<Answer>(of body: () async throws -> Answer) async throws -> (answer: Answer, work: Double) {
    if countsInstructions {
      _ = try await instructionsSinceLast()
      let answer = try await body()
      return (answer, try await instructionsSinceLast())
    }
    let names = ["used_cpu_user_main_thread", "used_cpu_sys_main_thread"]
    let before = try await info("cpu", names)
    let answer = try await body()
    return (answer, try await info("cpu", names) - before)
  }

  /// Has callgrind write down what it has counted, and begin anew.
  private func instructionsSinceLast() async throws -> Double {
    let dump = Process()
    dump.executableURL = URL(filePath: "/usr/bin/env")
    dump.arguments = ["callgrind_control", "--dump", String(process.processIdentifier)]
    dump.standardOutput = FileHandle.nullDevice
    dump.standardError = FileHandle.nullDevice
    try dump.run()
    dump.waitUntilExit()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasPrefix("instructions.")
    }
    guard let name = names.first else { throw StrataError(.internalError, "callgrind has written nothing") }
    let file = folder.appending(path: name)
    defer { try? FileManager.default.removeItem(at: file) }
    let lines = try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline)
    let totals = lines.last { $0.hasPrefix("totals: ") }
    guard let count = totals.flatMap({ Double($0.dropFirst("totals: ".count)) }) else {
      throw StrataError(.internalError, "callgrind has written no totals")
    }
    return count
  }

  func flush() async throws { _ = try await connection.send(RedisCommand("FLUSHALL")) }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
      }
    }
    guard isBound else { throw StrataError.system("find a free port") }
    return UInt16(bigEndian: address.sin_port)
  }
}

/// Runs `body` with a private Redis server, on a loop of its own.
func withQueueServer(
  countsInstructions: Bool = false, _ body: @escaping @Sendable (QueueBenchmarkServer, EventLoop) async throws -> Void
) async throws {
  let loop = try EventLoop(label: "queue-bench")
  let server = try await QueueBenchmarkServer(on: loop, countsInstructions: countsInstructions)
  do {
    try await Task(executorPreference: loop) { try await body(server, loop) }.value
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
  loop.stop()
}
