import ControlTestSupport
import StrataControl
import StrataCore
import StrataQueue
import Testing

/// A job's log, and its cancellation, where the queue tells less than one would like.
@Suite struct JobRoutesTests {
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
