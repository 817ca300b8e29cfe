import StrataRuntime
import StrataServer
import TestSupport
import Testing

@Suite struct StreamTests {
  /// What a client receives that asks `request` of a server that answers everything with `stream`.
  private func answer(
    to request: String = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", _ stream: HTTPStream
  ) async throws -> String {
    let answer = AsyncStream<String>.makeStream()
    try await withServer { _ in
      HTTPResponse(.ok, body: .stream(stream))
    } _: { address, _ in
      answer.continuation.yield(
        try await blocking {
          let client = try RawClient(address)
          client.send(request)
          return client.receiveToEnd()
        })
      answer.continuation.finish()
    }
    return await answer.stream.reduce("", +)
  }

  @Test func anUnknownLengthIsChunked() async throws {
    let answer = try await answer(
      HTTPStream { writer in
        try await writer.write("hello, ")
        try await writer.write("")
        try await writer.write("world")
      })
    #expect(answer.contains("transfer-encoding: chunked\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n"))
  }

  @Test func inHTTP10TheEndOfTheConnectionEndsTheBody() async throws {
    let stream = HTTPStream { try await $0.write("hello") }
    let answer = try await answer(to: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", stream)
    #expect(answer.contains("connection: close\r\n") && !answer.contains("chunked"))
    #expect(answer.hasSuffix("\r\n\r\nhello"))
  }

  @Test func aDeclaredLengthIsKeptTo() async throws {
    let exact = try await answer(HTTPStream(length: 5) { try await $0.write("hello") })
    #expect(exact.contains("content-length: 5\r\n") && exact.hasSuffix("\r\n\r\nhello"))
    let tooMuch = try await answer(
      HTTPStream(length: 5) { writer in
        try await writer.write("hell")
        try await writer.write("o, world")
      })
    #expect(tooMuch.hasSuffix("\r\n\r\nhell"))
  }

  @Test func aProducerThatFailsLeavesTheBodyVisiblyIncomplete() async throws {
    struct Failure: Error {}
    let answer = try await answer(
      HTTPStream { writer in
        try await writer.write("hello")
        throw Failure()
      })
    #expect(answer.hasSuffix("5\r\nhello\r\n"))
  }

  @Test func aProducerMayRunElsewhereThanOnTheLoop() async throws {
    let elsewhere = try EventLoop(label: "elsewhere")
    defer { elsewhere.stop() }
    let count = 2_000
    let answer = try await answer(
      HTTPStream { writer in
        try await Task(executorPreference: elsewhere) {
          for _ in 0..<count { try await writer.write([UInt8](repeating: 0x61, count: 1_000)) }
        }.value
      })
    #expect(answer.utf8.count { $0 == 0x61 } >= count * 1_000)
    #expect(answer.hasSuffix("\r\n0\r\n\r\n"))
  }

  @Test func headOfAStreamDoesNotStartItsProducer() async throws {
    let request = "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    let answer = try await answer(to: request, HTTPStream { _ in Issue.record("the producer was called") })
    #expect(answer.hasSuffix("\r\n\r\n"))
  }
}
