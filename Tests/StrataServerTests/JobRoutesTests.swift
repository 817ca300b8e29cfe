import ControlTestSupport
import StrataControl
import StrataCore
import StrataQueue
import Testing

/// A job's request, its log, and its cancellation, where the queue tells less than one would like.
@Suite struct JobRoutesTests {
  /// Whoever looks at one job sees what it was asked to do; a listing of many would be long with that.
  @Test func aJobShowsWhatWasAskedFor() async throws {
    try await APIBench.with { bench in
      let input = try await bench.fixture.upload("some bytes")
      let files = [#"{"name":"in","digest":"\#(input.digest)","size_bytes":\#(input.sizeBytes)}"#]
      let body =
        #"{"capability":"command.run","params":{"command":["echo","hi"]},"inputs":[\#(files[0])],"timeout_seconds":7,"#
        + #""resources":{"cpu_millicores":500}}"#
      let id = try #require(try await bench.submit(body).json["id"]?.stringValue)
      let job = try await bench.ask("GET", "/v1/jobs/\(id)")
      #expect(job.json["params"] == .object(["command": .array([.string("echo"), .string("hi")])]), "\(job.body)")
      #expect(job.json["timeout_seconds"] == .integer(7) && job.json["attempts_max"] == .integer(3))
      #expect(job.body.contains(#""cpu_millicores":500"#) && job.body.contains(#""name":"in""#))
      let list = try await bench.ask("GET", "/v1/jobs")
      #expect(list.body.contains(id) && !list.body.contains("params") && !list.body.contains("\(input.digest)"))
      #expect(list.body.contains(#""cpu_millicores":500"#))
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)", key: bench.otherKey).status == 404)
    }
  }

  @Test func aLogIsEmptyBeyondItsEnd() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit()
      let lease = try await bench.fixture.lease()[0]
      for offset in [99, 1 << 29, Int.max] {
        let answer = try await bench.ask("GET", "/v1/jobs/\(id)/log?offset=\(offset)")
        #expect(answer.status == 200 && answer.body.isEmpty, "\(offset)")
      }
      try await bench.fixture.complete([lease])
      try await bench.fixture.settler().drain()
      let answer = try await bench.ask("GET", "/v1/jobs/\(id)/log?offset=\(Int.max)")
      #expect(answer.status == 200 && answer.body.isEmpty)
    }
  }

  @Test func anAttemptThatPrintedNothingHasNoLogOfAnother() async throws {
    try await APIBench.with { bench in
      let fixture = bench.fixture
      let id = try await fixture.submit()
      let first = try await fixture.lease()[0]
      _ = try await fixture.queue.progress([ProgressReport(lease: first.reference, log: Array("of the first".utf8))])
      try await fixture.fail(first, code: "crashed")
      let second = try await fixture.lease()[0]
      try await fixture.complete([second])
      try await fixture.settler().drain()
      let log = try await bench.ask("GET", "/v1/jobs/\(id)/log")
      #expect(log.status == 200 && log.body == "" && log.headers["log-attempt"] == "\(second.token.rawValue)")
      // What the last attempt printed is told while it is kept, though no artifact has it.
      let other = try await fixture.submit()
      let only = try await fixture.lease()[0]
      _ = try await fixture.queue.progress([ProgressReport(lease: only.reference, log: Array("last words".utf8))])
      try await fixture.complete([only])
      try await fixture.settler().drain()
      #expect(try await bench.ask("GET", "/v1/jobs/\(other)/log").body == "last words")
    }
  }

  @Test func aCancellationIsAcceptedThoughTheQueueIsAway() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit()
      bench.fixture.queue.fail(.cancel, with: .disconnected("gone"))
      let answer = try await bench.ask("DELETE", "/v1/jobs/\(id)")
      #expect(answer.status == 202 && answer.json["state"]?.stringValue == "queued")
      try await bench.fixture.control.reconciler.carryOutCancellations()
      try await bench.fixture.settler().drain()
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)").json["state"]?.stringValue == "cancelled")
    }
  }
}
