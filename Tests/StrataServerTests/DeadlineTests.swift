import StrataServer
import TestSupport
import Testing

@Suite struct DeadlineTests {
  private var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.headDeadline = .milliseconds(40)
    limits.bodyWindow = .milliseconds(40)
    limits.idleDeadline = .milliseconds(40)
    return limits
  }

  /// What a client receives that sends `text` and then is silent.
  private func answer(to text: String) async throws -> String {
    let answer = AsyncStream<String>.makeStream()
    try await withServer(limits: limits) { request in
      .json(try await request.body.collect(limit: 10_000))
    } _: { address, _ in
      answer.continuation.yield(
        try await blocking {
          let client = try RawClient(address)
          client.send(text)
          return client.receiveToEnd()
        })
      answer.continuation.finish()
    }
    var whole = ""
    for await part in answer.stream { whole += part }
    return whole
  }

  @Test func aSilentConnectionIsClosed() async throws { #expect(try await answer(to: "") == "") }

  @Test func aHeadThatStopsIsRefused() async throws {
    let answer = try await answer(to: "GET / HTTP/1.1\r\nHos")
    #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("head_timeout"))
  }

  @Test func aBodyThatStopsIsRefused() async throws {
    let answer = try await answer(to: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("body_timeout"))
  }

  @Test func aConnectionIsClosedAfterItsAnswer() async throws {
    let answer = try await answer(to: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("abc"))
  }
}
