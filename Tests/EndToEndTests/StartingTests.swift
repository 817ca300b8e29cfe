import Foundation
import StrataClient
import StrataRuntime
import TestSupport
import Testing

/// What `strata up` refuses, and what it tells when it has started.
@Suite(.serialized) struct StartingTests {
  @Test(arguments: [
    ["--http", "0.0.0.0:0"], ["--http", "127.0.0.1:99999"], ["--http", "nonsense"], ["--http", "127.one:80"],
    ["--redis", "http://somewhere"], ["--postgres", "nonsense"],
    ["--postgres", "postgresql://localhost:99999/strata"], ["--postgres", "postgresql://user:secret@[db/strata"],
    ["--slots", "0"], ["--http", "0.0.0.0:0", "--detach"], ["--postgres", "nonsense", "--detach"],
  ]) func whatCannotBeUnderstoodMakesNothing(_ words: [String]) async throws {
    try await withFolder("bad") { folder in
      let result = try await shell(
        ([StackUnderTest.binary, "up", "--data-dir", folder + "/data"] + words).map { "'\($0)'" }
          .joined(separator: " "))
      #expect(result.status == .exited(2), "\(result.errors)")
      #expect(result.errors.hasPrefix("strata: ") && !result.errors.contains("secret"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/data"))
    }
  }

  @Test(arguments: [[], ["--detach"]]) func aTakenPortIsSaidWithItsTaker(_ words: [String]) async throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    let port = try #require(Self.listen(listener))
    try await withFolder("taken") { folder in
      let result = try await shell(
        ([StackUnderTest.binary, "up", "--data-dir", folder + "/data", "--http", "127.0.0.1:\(port)"] + words)
          .joined(separator: " "))
      #expect(result.status == .exited(3))
      #expect(result.errors.contains("port \(port) is taken by process \(getpid()) "), "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/data"))
    }
  }

  /// Listens at a port of loopback: the one given, or one that the system chooses.
  private static func listen(_ listener: Int32, at port: UInt16 = 0) -> UInt16? {
    var address = sockaddr_in()
    address.sin_port = port.bigEndian
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && Foundation.listen(listener, 1) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    return isBound ? UInt16(bigEndian: address.sin_port) : nil
  }

  @Test(.timeLimit(.minutes(3))) func theScreensHintsWorkWhenPasted() async throws {
    try await withFolder("a folder's name") { folder in
      let data = folder + "/data"
      try await leavingNothing(in: data) {
        let started = try await strata("up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data)
        #expect(started.status == .exited(0), "\(started.errors)")
        #expect(started.output.hasPrefix("Strata is ready.") && !started.output.contains("Ctrl-C"))
        let status = try await strata("status", "--data-dir", data)
        #expect(status.output.contains("workers  1,"), "ready means that there is a worker: \(status.output)")
        let hints = started.output.split(separator: "\n").filter { $0.contains(" --data-dir ") }
          .map { String($0.dropFirst("Try:  ".count)) }
        #expect(hints.count == 3)
        for hint in hints {
          let result = try await shell(hint)
          #expect(result.status == .exited(0), "\(hint): \(result.errors)")
        }
        #expect(try await strata("status", "--data-dir", data).status == .exited(4))
        #expect(try await strata("down", "--data-dir", data).errors.contains("nothing runs"))
      }
    }
  }

  @Test(.timeLimit(.minutes(3)), arguments: [">/dev/full", ">&-"])
  func aStackWhoseGreetingCannotBeWrittenRunsOn(_ output: String) async throws {
    try await withFolder("mute") { folder in
      let data = folder + "/data"
      try await leavingNothing(in: data) {
        let words = "'\(StackUnderTest.binary)' up --http 127.0.0.1:0 --workers 0 --data-dir '\(data)'"
        var up = ProcessSpecification("sh", ["-c", "exec \(words) \(output)"])
        up.standardError = .file(folder + "/errors")
        let child = try await ChildProcess.spawn(up)
        try await waitUntil("it is ready", within: .seconds(90)) {
          FileManager.default.fileExists(atPath: data + "/run/ready")
        }
        try await waitUntil("it has tried to say so") {
          try String(contentsOfFile: folder + "/errors", encoding: .utf8).contains("could not be written")
        }
        // It is there, and lacks nothing but what it was told to have none of.
        let status = try await strata("status", "--data-dir", data)
        #expect(status.code == 4 && status.output.contains("no worker takes jobs"), "\(status)")
        #expect(try await strata("down", "--data-dir", data).status == .exited(0))
        #expect(await child.wait().status == .exited(0))
        // What is opened later is not taken for the standard output.
        for log in try FileManager.default.contentsOfDirectory(atPath: data + "/log") {
          let text = try String(contentsOfFile: data + "/log/" + log, encoding: .utf8)
          #expect(!text.contains("Strata is ready."), "\(log)")
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(3))) func anInterruptedStartIsGivenUp() async throws {
    try await withFolder("interrupted") { folder in
      let data = folder + "/data"
      try await leavingNothing(in: data) {
        var up = ProcessSpecification(
          StackUnderTest.binary, ["up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data])
        up.standardError = .file(folder + "/errors")
        let child = try await ChildProcess.spawn(up)
        try await waitUntil("the stack is starting") { FileManager.default.fileExists(atPath: data + "/run/lock") }
        child.signal(SIGINT)
        #expect(await child.wait().status == .exited(130))
        #expect(try String(contentsOfFile: folder + "/errors", encoding: .utf8).contains("given up"))
        #expect(try await strata("down", "--data-dir", data).errors.contains("nothing runs"))
      }
    }
  }

  /// Making the databases takes seconds: a stop does not wait for them.
  @Test(.timeLimit(.minutes(3))) func aFirstStartThatIsInterruptedLeavesNothingHalfMade() async throws {
    try await withFolder("first") { folder in
      let data = folder + "/data"
      try await leavingNothing(in: data) {
        var up = ProcessSpecification(StackUnderTest.binary, ["up", "--http", "127.0.0.1:0", "--data-dir", data])
        up.standardOutput = .file(folder + "/output")
        up.standardError = .file(folder + "/output")
        let child = try await ChildProcess.spawn(up)
        let cluster = data + "/postgres/data"
        try await waitUntil("a cluster is being made") {
          FileManager.default.fileExists(atPath: cluster + ".new/global")
        }
        child.signal(SIGINT)
        #expect(await child.wait().status == .exited(0))
        for path in [cluster + ".new", cluster] { #expect(!FileManager.default.fileExists(atPath: path), "\(path)") }
        let log = try String(contentsOfFile: data + "/log/up.log", encoding: .utf8)
        #expect(!log.contains("level=error") && log.contains("start given up"), "\(log)")
        let again = try await strata("up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data)
        #expect(again.status == .exited(0), "\(again.errors)")
      }
    }
  }

  @Test(.timeLimit(.minutes(3))) func aPortThatWasChosenIsKept() async throws {
    try await withStack { stack in
      let file = stack.folder + "/data/run/http-address"
      let address = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
      let client = HTTPClient(try ClientEndpoint(address))
      let first = try #require(stack.processes("controller").min())
      try stack.kill("controller")
      try await waitUntil("another controller answers at \(address)", within: .seconds(60)) {
        guard stack.processes("controller").contains(where: { $0 != first }) else { return false }
        return (try? await client.send(ClientRequest("GET", ["readyz"]))) != nil
      }
    }
  }

  /// Whoever wants it, the port is the stack's until that stops, be there a controller or not.
  @Test(.timeLimit(.minutes(3))) func aPortIsTheStacksWhileItsControllerIsAway() async throws {
    let named = FreePort.next()
    try await withStack(http: "127.0.0.1:\(named)") { stack in
      let victim = try #require(stack.processes("controller").min())
      Foundation.kill(victim, SIGKILL)
      try await waitUntil("it is gone") { ProcessStatistics.read(victim).map(\.isZombie) ?? true }
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(listener) }
      // Connections that were there a moment ago are not in the way.
      var on: Int32 = 1
      setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
      #expect(Self.listen(listener, at: named) == nil)
      // Asked while nobody may be there yet.
      let client = HTTPClient(try ClientEndpoint("http://127.0.0.1:\(named)"))
      #expect(try await client.send(ClientRequest("GET", ["healthz"])).status == 200)
      stack.supervisor.signal(SIGTERM)
      _ = await stack.supervisor.wait()
      #expect(Self.listen(listener, at: named) == named)
    }
  }

  @Test(.timeLimit(.minutes(3))) func statusTellsWhatHangs() async throws {
    try await withStack { stack in
      let data = stack.folder + "/data"
      let ready = try await strata("status", "--data-dir", data, "--json")
      #expect(ready.status == .exited(0) && ready.output.contains(#""state" : "running""#), "\(ready.output)")
      try stack.kill("controller", SIGSTOP)
      let wedged = try await strata("status", "--data-dir", data)
      #expect(wedged.status == .exited(4) && wedged.output.contains("NOT READY"), "\(wedged.output)")
      try stack.kill("controller", SIGCONT)
      stack.supervisor.signal(SIGTERM)
      _ = await stack.supervisor.wait()
      let stopped = try await strata("status", "--data-dir", data, "--json")
      #expect(stopped.status == .exited(4) && stopped.output.contains(#""state" : "stopped""#), "\(stopped.output)")
    }
  }
}
