import ControlTestSupport
import StrataClient
import StrataControl
import StrataCore
import StrataQueue
import StrataServer
import Synchronization
import Testing

/// A queue that is full, over HTTP, and clients that wait for it.
@Suite struct BackpressureTests {
  private static let full = QueueLoad(jobs: 9, memoryUsedBytes: 90, memoryMaxBytes: 100)

  @Test func aFullQueueIsToldWithWhenToComeBack() async throws {
    try await APIBench.with { bench in
      bench.fixture.queue.show(Self.full)
      await bench.fixture.control.lookAtRoom()
      for (path, body) in [
        ("/v1/jobs", #"{"capability":"test.echo"}"#), ("/v1/jobs:check", #"{"capability":"test.echo"}"#),
        ("/v1/jobs:batch", #"{"jobs":[{"capability":"test.echo"}]}"#),
      ] {
        let refused = try await bench.ask("POST", path, body)
        #expect(refused.status == 503 && refused.code == "queue_full", "\(path): \(refused.body)")
        #expect(refused.headers["retry-after"] == "5", "\(path)")
      }
      // What is wrong with a request is wrong whenever it comes.
      let wrong = try await bench.submit(#"{"capability":"nothing"}"#)
      #expect(wrong.status == 404 && wrong.headers["retry-after"] == nil)
      let ready = try await bench.ask("GET", "/readyz", key: "")
      #expect(ready.status == 200 && ready.body.contains("warning: no jobs are accepted"))
      let queue = try await bench.ask("GET", "/v1/queue", key: bench.operatorKey).body
      #expect(queue.contains(#""memory_used_bytes":90,"open":false"#), "\(queue)")
      bench.fixture.queue.show(nil)
      await bench.fixture.control.lookAtRoom()
      #expect(try await bench.submit().status == 202)
    }
  }

  @Test func aTenantWithTooManyJobsIsToldSo() async throws {
    try await APIBench.with {
      $0.admission.tenantWaitingMax = 1
    } _: { bench in
      #expect(try await bench.submit().status == 202)
      let refused = try await bench.submit()
      #expect(refused.status == 429 && refused.code == "too_many_waiting" && refused.headers["retry-after"] == "5")
    }
  }

  /// A server that refuses so often, and then does not.
  private func withRefusals(
    _ count: Int, status: HTTPStatus = .serviceUnavailable, retryAfter: Duration? = .seconds(5),
    _ body: @escaping @Sendable (HTTPClient) async throws -> Void
  ) async throws {
    let rest = Atomic(count)
    try await withServer { _ in
      guard rest.subtract(1, ordering: .relaxed).oldValue <= 0 else {
        throw HTTPRefusal(status, "queue_full", "the queue is full", retryAfter: retryAfter)
      }
      return .json([UInt8]("{}".utf8))
    } _: { address, _ in
      try await body(HTTPClient(try ClientEndpoint(address.description)))
    }
  }

  private final class Pauses: Sendable {
    private let taken = Mutex<[Duration]>([])
    private let told = Mutex<[Duration]>([])

    /// One that does not really wait.
    func patience(_ budget: Duration) -> RetryPatience {
      RetryPatience(budget: budget) { _, pause in
        self.told.withLock { $0.append(pause) }
      } pause: { pause in
        self.taken.withLock { $0.append(pause) }
      }
    }

    var all: [Duration] {
      #expect(told.withLock(\.self) == taken.withLock(\.self))
      return taken.withLock(\.self)
    }
  }

  @Test func aClientComesBackWhenItIsToldTo() async throws {
    try await withRefusals(3) { client in
      let pauses = Pauses()
      let answer = try await client.send(ClientRequest("GET", []), patience: pauses.patience(.seconds(60)))
      #expect(answer.status == 200 && pauses.all == Array(repeating: .seconds(5), count: 3))
    }
  }

  @Test func itsPatienceHasAnEnd() async throws {
    try await withRefusals(100) { client in
      let pauses = Pauses()
      let error = await #expect(throws: ClientError.self) {
        try await client.send(ClientRequest("GET", []), patience: pauses.patience(.seconds(12)))
      }
      guard case .refused(let problem)? = error else {
        Issue.record("the refusal should have been thrown")
        return
      }
      #expect(problem.code == "queue_full" && problem.retryAfter == .seconds(5) && pauses.all.count == 2)
    }
    // A server that says 'at once' is not asked without end.
    try await withRefusals(100, retryAfter: .zero) { client in
      let pauses = Pauses()
      _ = await #expect(throws: ClientError.self) {
        try await client.send(ClientRequest("GET", []), patience: pauses.patience(.seconds(3)))
      }
      #expect(pauses.all == Array(repeating: .seconds(1), count: 3))
    }
  }

  @Test func whatNamesNoTimeIsNotWaitedFor() async throws {
    for (status, pause) in [(HTTPStatus.serviceUnavailable, nil), (.paymentRequired, Duration.seconds(1))] {
      try await withRefusals(1, status: status, retryAfter: pause) { client in
        let pauses = Pauses()
        _ = await #expect(throws: ClientError.self) {
          try await client.send(ClientRequest("GET", []), patience: pauses.patience(.seconds(60)))
        }
        #expect(pauses.all.isEmpty)
      }
    }
  }
}
