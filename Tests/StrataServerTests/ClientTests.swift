import Glibc
import StrataClient
import StrataRuntime
import StrataServer
import Synchronization
import Testing

@Suite struct ClientTests {
  @Test func jsonGoesAndComesBack() async throws {
    struct Order: Codable, Equatable { var name: String, count: Int }
    try await withServer { request in
      guard request.headers["authorization"] == "Bearer k1", request.path.segments == ["v1", "a b"],
        request.query["q"] == "x&y"
      else { throw HTTPRefusal(.unauthorized, "key_unknown", "the key is not known") }
      return .json(try await request.body.collect(limit: 1_000), status: .created)
    } _: { address, _ in
      let client = HTTPClient(try ClientEndpoint(address.description), bearerKey: "k1")
      let order = Order(name: "scan", count: 3)
      var request = ClientRequest("POST", ["v1", "a b"], body: try .json(order))
      request.query = [("q", "x&y")]
      let response = try await client.send(request)
      #expect(response.status == 201)
      #expect(try response.decode(Order.self) == order)
      let stranger = HTTPClient(try ClientEndpoint(address.description), bearerKey: "k2")
      let error = await #expect(throws: ClientError.self) { try await stranger.send(request) }
      guard case .refused(let problem)? = error else {
        Issue.record("the server should have refused")
        return
      }
      #expect(problem.status == 401 && problem.code == "key_unknown")
    }
  }

  @Test func oneConnectionServesManyRequests() async throws {
    try await withServer { request in
      .json(try await request.body.collect(limit: 1_000))
    } _: { address, server in
      let client = HTTPClient(try ClientEndpoint(address.description))
      for count in 0..<20 {
        let request = ClientRequest("POST", [], body: try .json(["count": count]))
        #expect(try await client.send(request).decode([String: Int].self) == ["count": count])
      }
      #expect(await server.currentStatistics().connections == 1)
    }
  }

  @Test func filesGoUpAndDownThroughAUnixSocket() async throws {
    try await withTemporaryFolder { folder in
      let loop = try EventLoop(label: "test-http")
      defer { loop.stop() }
      let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
      let source = folder + "/source"
      let descriptor = open(source, O_WRONLY | O_CREAT, 0o600)
      #expect(write(descriptor, content, content.count) == content.count)
      close(descriptor)
      let received = Mutex<[UInt8]>([])
      let server = HTTPServer(loop: loop) { request in
        if request.method == .get { return HTTPResponse(.ok, body: .file(path: source, offset: 0, length: nil)) }
        let bytes = try await request.body.collect(limit: 4_000_000)
        received.withLock { $0 = bytes }
        return HTTPResponse(.noContent)
      }
      let address = try await server.listen(on: .unix(path: folder + "/socket"))
      let client = HTTPClient(try ClientEndpoint(address.description))
      let sent = Mutex(0)
      let put = ClientRequest("PUT", ["x"], body: .file(path: source, contentType: "application/octet-stream"))
      _ = try await client.send(put) { progress in sent.withLock { $0 = max($0, progress.sent) } }
      #expect(received.withLock { $0 == content })
      #expect(sent.withLock { $0 } == content.count)
      let response = try await client.download(ClientRequest("GET", ["x"]), to: folder + "/target")
      #expect(response.body.isEmpty)
      var status = stat()
      #expect(stat(folder + "/target", &status) == 0 && Int(status.st_size) == content.count)
      await server.shutdown(budget: .seconds(1))
    }
  }

  @Test func eventsAreReadUntilTheCallerHasEnough() async throws {
    try await withServer { _ in
      .events { writer in
        for number in 1... {
          try await writer.write(HTTPServerSentEvent.heartbeat)
          try await writer.send(HTTPServerSentEvent(id: "\(number)", name: "tick", data: "\(number)"))
        }
      }
    } _: { address, _ in
      let client = HTTPClient(try ClientEndpoint(address.description))
      let events = Mutex<[ServerSentEvent]>([])
      try await client.events(ClientRequest("GET", ["events"], timeout: nil)) { event in
        events.withLock { events in
          events.append(event)
          return events.count < 3
        }
      }
      #expect(
        events.withLock { $0 } == (1...3).map { ServerSentEvent(id: "\($0)", name: "tick", data: "\($0)") })
    }
  }

  @Test func nobodyThereIsItsOwnError() async throws {
    let client = HTTPClient(.unix(path: "/nonexistent/strata.sock"))
    let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest("GET", [])) }
    guard case .cannotConnect? = error else {
      Issue.record("expected cannotConnect, not \(String(describing: error))")
      return
    }
  }

  @Test func silenceEndsAtTheTimeout() async throws {
    try await withServer { _ in
      try await Task.sleep(for: .seconds(3600))
      return HTTPResponse(.ok)
    } _: { address, _ in
      let client = HTTPClient(try ClientEndpoint(address.description))
      let request = ClientRequest("GET", [], timeout: .milliseconds(50))
      let error = await #expect(throws: ClientError.self) { try await client.send(request) }
      guard case .timedOut? = error else {
        Issue.record("expected timedOut, not \(String(describing: error))")
        return
      }
    }
  }

  @Test func aFileThatIsRefusedStillTellsWhy() async throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 1_000
    try await withServer(limits: limits) { _ in
      HTTPResponse(.ok)
    } _: { address, _ in
      let client = HTTPClient(try ClientEndpoint(address.description))
      let body = ClientRequest.Body.bytes([UInt8](repeating: 0, count: 5_000_000), contentType: "application/x")
      let error = await #expect(throws: ClientError.self) {
        try await client.send(ClientRequest("PUT", [], body: body))
      }
      guard case .refused(let problem)? = error else {
        Issue.record("expected a refusal, not \(String(describing: error))")
        return
      }
      #expect(problem.status == 413 && problem.code == "body_too_large")
    }
  }
}

@Suite struct ServerSentEventParserTests {
  @Test func fieldsFollowTheStandard() {
    var parser = ServerSentEventParser()
    let text =
      "\u{FEFF}: comment\r\nid: 1\r\ndata:a\r\ndata: b\r\n\r\nevent: end\rdata\r\rignored: x\n\ndata: c\n\nid\ndata: d"
    #expect(
      parser.receive(text.utf8) == [
        ServerSentEvent(id: "1", data: "a\nb"), ServerSentEvent(id: "1", name: "end", data: ""),
        ServerSentEvent(id: "1", data: "c"),
      ])
  }

  @Test func splittingMakesNoDifference() {
    let text = Array("id: 7\r\nevent: e\rdata: ä\n\r\ndata: 1\ndata: 2\r\n\r\n".utf8)
    var whole = ServerSentEventParser()
    let expected = whole.receive(text)
    #expect(expected.count == 2)
    for split in 1..<text.count {
      var parser = ServerSentEventParser()
      #expect(parser.receive(text[..<split]) + parser.receive(text[split...]) == expected)
    }
  }
}
