import Glibc
import StrataCore
import StrataRuntime
import StrataServer
import Synchronization
import TestSupport
import Testing

@Suite struct ServerTests {
  @Test func answersSeveralRequestsOnOneConnection() async throws {
    try await withServer { request in
      .text("\(request.method.rawValue) \(request.path) \(request.query["q"] ?? "-")")
    } _: {
      address, _ in
      let answer = try await blocking {
        let client = try RawClient(address)
        client.send(
          "GET /a%20b?q=1+2 HTTP/1.1\r\nHost: x\r\n\r\nDELETE /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return client.receiveToEnd()
      }
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(answer.contains("\r\ncontent-length: 12\r\n"))
      #expect(answer.contains("\r\n\r\nGET /a b 1 2HTTP/1.1 200 OK\r\n"))
      #expect(answer.contains("connection: close\r\n"))
      #expect(answer.hasSuffix("DELETE /c -"))
    }
  }

  @Test func headAnswersHaveALengthAndNoBody() async throws {
    try await withServer { _ in
      .text("hello")
    } _: { address, _ in
      let answer = try await blocking {
        let client = try RawClient(address)
        client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return client.receiveToEnd()
      }
      #expect(answer.contains("content-length: 5\r\n"))
      #expect(answer.hasSuffix("\r\n\r\n"))
    }
  }

  @Test func continuesOnlyWhenTheHandlerWantsTheBody() async throws {
    try await withServer { request in
      request.path.segments == ["want"] ? .json(try await request.body.collect(limit: 10)) : HTTPResponse(.conflict)
    } _: { address, _ in
      let (wanted, unwanted) = try await blocking {
        let head = "Host: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        let first = try RawClient(address)
        first.send("POST /want HTTP/1.1\r\n" + head)
        let invitation = first.receive(until: "\r\n\r\n")
        first.send("abc")
        let second = try RawClient(address)
        second.send("POST /not HTTP/1.1\r\n" + head)
        return (invitation + first.receiveToEnd(), second.receive(until: "\r\n\r\n"))
      }
      #expect(wanted.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
      #expect(wanted.hasSuffix("abc"))
      #expect(unwanted.hasPrefix("HTTP/1.1 409 "))
    }
  }

  @Test func aBodyLargerThanEveryBufferArrivesWhole() async throws {
    var limits = HTTPLimits()
    limits.inputHighWater = 10_000
    try await withServer(limits: limits) { request in
      var sum = 0
      var count = 0
      for try await bytes in request.body {
        await Task.yield()
        count += bytes.count
        for byte in bytes { sum &+= Int(byte) }
      }
      return .text("\(count) \(sum)")
    } _: { address, _ in
      let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
      let sum = body.reduce(0) { $0 + Int($1) }
      let answer = try await blocking {
        let client = try RawClient(address)
        client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n")
        client.send(body)
        return client.receiveToEnd()
      }
      #expect(answer.hasSuffix("\r\n\r\n3000000 \(sum)"))
    }
  }

  @Test func aFileIsSentFromItsOffset() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/file"
      let content = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let file = open(path, O_WRONLY | O_CREAT, 0o600)
      #expect(write(file, content, content.count) == content.count)
      close(file)
      try await withServer { request in
        let range = HTTPByteRange(header: request.headers["range"], length: content.count)
        guard case .part(let offset, let length) = range else { return HTTPResponse(.badRequest) }
        return HTTPResponse(.partialContent, body: .file(path: path, offset: offset, length: length))
      } _: { address, _ in
        let received = try await blocking {
          let client = try RawClient(address)
          client.send("GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=17-4000016\r\nConnection: close\r\n\r\n")
          var all: [UInt8] = []
          while let more = client.receive(), !more.isEmpty { all += more }
          return all
        }
        #expect(received.suffix(4_000_000).elementsEqual(content[17..<4_000_017]))
      }
    }
  }

  @Test func eventsArriveOneByOneAndEndWithTheServer() async throws {
    let ended = AsyncStream<Void>.makeStream()
    try await withServer { _ in
      .events { writer in
        defer { ended.continuation.finish() }
        try await writer.send(HTTPServerSentEvent(id: "1", name: "progress", data: "a\nb"))
        try await Task.sleep(for: .seconds(3600))
      }
    } _: { address, server in
      let client = try RawClient(address)
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      let first = client.receive(until: "data: b\n\n")
      #expect(first.contains("transfer-encoding: chunked\r\n"))
      #expect(first.contains("id: 1\nevent: progress\ndata: a\ndata: b\n\n"))
      await server.shutdown(budget: .seconds(20))
      for await _ in ended.stream {}
      #expect(client.receiveToEnd().hasSuffix("0\r\n\r\n"))
    }
  }

  @Test func aHandlerIsCancelledWhenItsClientGoes() async throws {
    let (started, ended) = (AsyncStream<Void>.makeStream(), AsyncStream<Bool>.makeStream())
    try await withServer { _ in
      started.continuation.finish()
      try? await Task.sleep(for: .seconds(3600))
      ended.continuation.yield(Task.isCancelled)
      ended.continuation.finish()
      return HTTPResponse(.ok)
    } _: { address, _ in
      do {
        let client = try RawClient(address)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for await _ in started.stream {}
      }
      var wasCancelled = false
      for await outcome in ended.stream { wasCancelled = outcome }
      #expect(wasCancelled)
    }
  }

  @Test func aSlowReaderHoldsTheProducerBack() async throws {
    let most = Mutex(0)
    let stalled = AsyncStream<Void>.makeStream()
    var limits = HTTPLimits()
    limits.writeStallDeadline = .milliseconds(200)
    try await withServer(limits: limits) { _ in
      HTTPResponse(
        .ok,
        body: .stream(
          HTTPStream { writer in
            defer { stalled.continuation.finish() }
            for _ in 0..<100_000 {
              try await writer.write([UInt8](repeating: 1, count: 10_000))
              most.withLock { $0 += 10_000 }
            }
          }))
    } _: { address, _ in
      let client = try RawClient(address)
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      for await _ in stalled.stream {}
      // What the kernel's buffers hold, and the high-water mark: not the gigabyte that the producer has.
      #expect(most.withLock { $0 } < 50_000_000)
    }
  }

  @Test func whatAHandlerThrowsBecomesAProblem() async throws {
    struct Secret: Error {}
    try await withServer { request in
      if request.path.segments.isEmpty { throw Secret() }
      throw HTTPRefusal(.notFound, "job_unknown", "there is no job \"7\"")
    } _: { address, _ in
      let answer = try await blocking {
        let client = try RawClient(address)
        client.send("GET /7 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.0\r\n\r\n")
        return client.receiveToEnd()
      }
      #expect(answer.contains("HTTP/1.1 404 Not Found\r\n"))
      #expect(answer.contains("content-type: application/problem+json\r\n"))
      #expect(answer.contains(#""detail":"there is no job \"7\"","code":"job_unknown"}"#))
      #expect(answer.contains(#""code":"internal_error""#))
      #expect(!answer.contains("Secret"))
    }
  }

  @Test func shutdownLetsARequestFinish() async throws {
    let (started, release) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
    try await withServer { _ in
      started.continuation.finish()
      for await _ in release.stream {}
      return .text("late")
    } _: { address, server in
      let client = try RawClient(address)
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      for await _ in started.stream {}
      async let end: Void = server.shutdown(budget: .seconds(20))
      while (try? RawClient(address)) != nil { await Task.yield() }
      release.continuation.finish()
      await end
      let answer = client.receiveToEnd()
      #expect(answer.contains("connection: close\r\n"))
      #expect(answer.hasSuffix("late"))
      #expect(throws: RawClient.Failure.self) { _ = try RawClient(address) }
    }
  }

  /// Another server has the same socket: nobody is turned away while one follows the other, and no request is cut off by
  /// its connection's end, be it sent in that moment.
  @Test func aServerThatIsFollowedAnswersOnceMoreOnEachConnection() async throws {
    let socket = try ListeningSocket(.tcp(host: "127.0.0.1", port: 0))
    defer { socket.close() }
    let copy = try ListeningSocket(inherited: socket.descriptor.duplicate().release())
    #expect(copy.address == socket.address)
    let loop = try EventLoop(label: "test-http")
    defer { loop.stop() }
    let (first, second) = (
      HTTPServer(loop: loop) { _ in .text("first") }, HTTPServer(loop: loop) { _ in .text("second") }
    )
    try await first.listen(on: copy)
    let client = try RawClient(socket.address)
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(client.receive(until: "first").contains("HTTP/1.1 200"))
    async let end: Void = first.shutdown(budget: .seconds(20), idleConnections: .serveOnceMore)
    while copy.descriptor.raw >= 0 { await Task.yield() }
    // Nobody takes it yet, and it is not refused either.
    let early = try RawClient(socket.address)
    early.send("GET / HTTP/1.0\r\n\r\n")
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    let last = client.receiveToEnd()
    #expect(last.contains("connection: close\r\n") && last.hasSuffix("first"))
    await end
    try await second.listen(on: ListeningSocket(inherited: socket.descriptor.duplicate().release()))
    #expect(early.receiveToEnd().hasSuffix("second"))
    await second.shutdown(budget: .zero)
  }

  @Test func whatDoesNotListenIsNotTakenOver() async throws {
    let file = try Descriptor.open("/dev/null", O_RDONLY)
    let error = #expect(throws: StrataError.self) { try ListeningSocket(inherited: file.raw) }
    #expect(error?.message == "descriptor \(file.raw) is no socket that listens")
    try await withTemporaryFolder { folder in
      let unix = try ListeningSocket(.unix(path: folder + "/socket"))
      let copy = try ListeningSocket(inherited: unix.descriptor.duplicate().release())
      guard case .unix(let bound) = copy.address else { throw RawClient.Failure(action: "find", errorNumber: 0) }
      #expect(bound.hasPrefix(folder + "/socket"))
      copy.close()
      #expect(access(folder + "/socket", F_OK) == 0, "it belongs to who made it")
      unix.close()
      #expect(access(folder + "/socket", F_OK) != 0)
    }
  }

  @Test func aUnixSocketIsPrivateAndReplacedOnlyWhenStale() async throws {
    try await withTemporaryFolder { folder in
      let loop = try EventLoop(label: "test-http")
      defer { loop.stop() }
      let address = HTTPAddress.unix(path: folder + "/socket")
      let first = HTTPServer(loop: loop) { _ in .text("first") }
      let second = HTTPServer(loop: loop) { _ in .text("second") }
      _ = try await first.listen(on: address)
      await #expect(throws: (any Error).self) { try await second.listen(on: address) }
      var status = stat()
      #expect(stat(folder + "/socket", &status) == 0 && status.st_mode & 0o777 == 0o600)
      #expect(link(folder + "/socket", folder + "/stale") == 0)
      await first.shutdown(budget: .zero)
      #expect(access(folder + "/socket", F_OK) != 0)
      _ = try await second.listen(on: .unix(path: folder + "/stale"))
      let client = try RawClient(.unix(path: folder + "/stale"))
      client.send("GET / HTTP/1.0\r\n\r\n")
      #expect(client.receiveToEnd().hasSuffix("second"))
      await second.shutdown(budget: .zero)
    }
  }

  @Test func oneConnectionTooManyIsTold() async throws {
    var limits = HTTPLimits()
    limits.connections = 1
    try await withServer(limits: limits) { _ in
      .text("hello")
    } _: { address, _ in
      let first = try RawClient(address)
      first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(first.receive(until: "hello").hasSuffix("hello"))
      let second = try RawClient(address)
      let answer = second.receive(until: "}\n")
      #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("too_many_connections"))
    }
  }
}
