import Foundation
import StrataCore
import StrataFaults
import StrataRuntime
import Testing

@Suite struct RelayTests {
  /// A server of its own, and where a relay to it listens.
  private final class Echo: Sendable {
    let path: String
    let relayPath: String
    let folder: String
    private let child: ChildProcess

    init() async throws {
      folder = "/tmp/sr-\(JobID())"
      path = folder + "/s"
      relayPath = folder + "/r"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      var specification = ProcessSpecification("redis-server", ["--port", "0", "--unixsocket", path, "--save", ""])
      specification.standardOutput = .null
      child = try await ChildProcess.spawn(specification)
      // Its file is there before it listens.
      while (try? UnixStream.connect(to: path)) == nil { try await Task.sleep(for: .milliseconds(5)) }
    }

    func stop() async {
      child.signal(SIGKILL)
      _ = await child.wait()
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  private func withRelay(_ body: (Relay, Echo) async throws -> Void) async throws {
    let echo = try await Echo()
    do {
      let relay = try Relay(at: echo.relayPath, to: echo.path)
      try await body(relay, echo)
      relay.stop()
    } catch {
      await echo.stop()
      throw error
    }
    await echo.stop()
  }

  private func ping(_ socket: Descriptor) async throws -> String {
    try await socket.write(Array("PING\r\n".utf8))
    return String(decoding: try await socket.read(), as: UTF8.self)
  }

  @Test(.timeLimit(.minutes(1))) func passesWhatIsSaidBothWays() async throws {
    try await withRelay { _, echo in
      let sockets = try (0..<5).map { _ in try UnixStream.connect(to: echo.relayPath) }
      for _ in 0..<20 { for socket in sockets { #expect(try await ping(socket) == "+PONG\r\n") } }
      // More than any buffer holds.
      let big = String(repeating: "x", count: 3 << 20)
      try await sockets[0].write(Array("*2\r\n$4\r\nECHO\r\n$\(big.utf8.count)\r\n\(big)\r\n".utf8))
      var answer = ""
      while answer.utf8.count < big.utf8.count + 12 {
        answer += String(decoding: try await sockets[0].read(), as: UTF8.self)
      }
      #expect(answer == "$\(big.utf8.count)\r\n\(big)\r\n")
    }
  }

  @Test(.timeLimit(.minutes(1))) func holdsUpAndLetsGo() async throws {
    try await withRelay { relay, echo in
      let socket = try UnixStream.connect(to: echo.relayPath)
      #expect(try await ping(socket) == "+PONG\r\n")
      relay.set(.stalled)
      try await socket.write(Array("PING\r\n".utf8))
      // Somebody else is served by the server meanwhile, so that there was time to answer.
      let direct = try UnixStream.connect(to: echo.path)
      for _ in 0..<100 { #expect(try await ping(direct) == "+PONG\r\n") }
      #expect(!socket.isReadable)
      relay.set(.open)
      #expect(String(decoding: try await socket.read(), as: UTF8.self) == "+PONG\r\n")
    }
  }

  @Test(.timeLimit(.minutes(1))) func answersAreLostAndThenTheConnection() async throws {
    try await withRelay { relay, echo in
      let socket = try UnixStream.connect(to: echo.relayPath)
      let other = try UnixStream.connect(to: echo.relayPath)
      #expect(try await ping(socket) == "+PONG\r\n")
      #expect(try await ping(other) == "+PONG\r\n")
      relay.set(.deaf)
      try await socket.write(Array("SET heard yes\r\n".utf8))
      let direct = try UnixStream.connect(to: echo.path)
      var heard = ""
      while heard != "$3\r\nyes\r\n" {
        try await direct.write(Array("GET heard\r\n".utf8))
        heard = String(decoding: try await direct.read(), as: UTF8.self)
      }
      while relay.droppedBytes == 0 { await Task.yield() }
      #expect(!socket.isReadable && relay.droppedBytes == 5)
      relay.set(.open)
      #expect(try await socket.read().isEmpty)
      // One of which nothing is missing goes on.
      #expect(try await ping(other) == "+PONG\r\n")
    }
  }

  @Test(.timeLimit(.minutes(1))) func cutsEverything() async throws {
    try await withRelay { relay, echo in
      let socket = try UnixStream.connect(to: echo.relayPath)
      #expect(try await ping(socket) == "+PONG\r\n")
      relay.set(.cut)
      #expect(((try? await socket.read()) ?? []).isEmpty)
      let refused = try UnixStream.connect(to: echo.relayPath)
      #expect(((try? await refused.read()) ?? []).isEmpty)
      relay.set(.open)
      #expect(try await ping(UnixStream.connect(to: echo.relayPath)) == "+PONG\r\n")
    }
  }
}
