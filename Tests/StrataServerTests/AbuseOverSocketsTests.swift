import StrataCore
import StrataServer
import TestSupport
import Testing

@Suite struct AbuseOverSocketsTests {
  /// Each case, and mutations of them all, at a real server: it answers what it refuses, and is there afterwards.
  @Test func theServerAnswersAndStays() async throws {
    try await withServer(limits: AbuseCase.limits) { request in
      _ = try await request.body.collect(limit: 1_000)
      return .text("ok")
    } _: { address, server in
      try await blocking {
        for abuse in AbuseCase.all {
          let client = try RawClient(address)
          client.send(abuse.input)
          client.finishSending()
          let answer = client.receiveToEnd()
          for line in abuse.outcome where line.hasPrefix("refuse ") {
            let words = line.split(separator: " ")
            #expect(answer.contains("HTTP/1.1 \(words[1]) "), "\(abuse.name)")
            #expect(answer.contains("\"code\":\"\(words[2])\""), "\(abuse.name)")
          }
        }
      }
      #expect(await server.currentStatistics().refusals > 40)
      let answer = try await blocking {
        let client = try RawClient(address)
        client.send("GET / HTTP/1.0\r\n\r\n")
        return client.receiveToEnd()
      }
      #expect(answer.hasSuffix("ok"))
    }
  }

  @Test func manyClientsAtOnceEachGetTheirOwnAnswers() async throws {
    try await withServer { request in
      await Task.yield()
      return .json(try await request.body.collect(limit: 1_000))
    } _: { address, server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for client in 0..<8 {
          group.addTask { try await blocking { try talk(to: address, as: client) } }
        }
        try await group.waitForAll()
      }
      let statistics = await server.currentStatistics()
      #expect(statistics.requests == 800 && statistics.answersByClass[2] == 800)
    }
  }
}

/// Sends a hundred requests on one connection, several at a time, in pieces.
private func talk(to address: HTTPAddress, as number: Int) throws {
  var random = SeededGenerator(seed: testSeed &+ UInt64(number))
  let client = try RawClient(address)
  let bodies = (0..<100).map { "client \(number), request \($0)." }
  let requests = bodies.map { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)" }
  var rest = Array(requests.joined().utf8)[...]
  while !rest.isEmpty {
    let count = min(rest.count, Int.random(in: 1...700, using: &random))
    client.send(Array(rest.prefix(count)))
    rest = rest.dropFirst(count)
  }
  var answers = ""
  while let last = bodies.last, !answers.hasSuffix(last), let more = client.receive(), !more.isEmpty {
    answers += String(decoding: more, as: UTF8.self)
  }
  let received = answers.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "." } + "." }
  #expect(received.map(String.init) == bodies, "STRATA_SEED=\(testSeed)")
}
