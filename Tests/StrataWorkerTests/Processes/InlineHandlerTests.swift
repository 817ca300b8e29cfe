import StrataCore
import StrataQueue
import StrataWorker
import Synchronization
import Testing

/// Capabilities that a worker runs itself.
@Suite(.timeLimit(.minutes(1))) struct InlineHandlerTests {
  /// A handler made of a closure. No runner of the tests knows it.
  private struct Inline: InlineHandler {
    let definition = Capability(
      name: "test.inline", version: 1, summary: "For tests", tier: .cpu, price: Price(perJob: .zero),
      timeoutSeconds: 60,
      attemptsMax: 3, resources: ResourceRequest(), parameters: [], inputs: 0...0)
    let body: @Sendable (Parameters) throws(AttemptError) -> AttemptProduct

    func run(_ parameters: Parameters) throws(AttemptError) -> AttemptProduct { try body(parameters) }
  }

  private func fixture(
    _ body: @escaping @Sendable (Parameters) throws(AttemptError) -> AttemptProduct
  ) async throws -> WorkerFixture {
    try await WorkerFixture { $0.inlineHandlers = [Inline(body: body)] }
  }

  @Test func whatItSaysIsReported() async throws {
    let fixture = try await fixture { parameters throws(AttemptError) in
      AttemptProduct(summary: .object(["twice": .integer(Int64(2 * (try parameters.number("x"))))]))
    }
    _ = try await fixture.submit("test.inline", #"{"x":21}"#)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .succeeded && outcome.isFinal)
    #expect(report.summaryJSON == #"{"twice":42}"#)
    #expect(report.results.isEmpty && report.log == nil)
    try await fixture.stop()
  }

  @Test func itsProcessorTimeIsMeasured() async throws {
    let fixture = try await fixture { _ throws(AttemptError) in
      let start = ContinuousClock.now
      while ContinuousClock.now - start < .milliseconds(20) {}
      return AttemptProduct()
    }
    _ = try await fixture.submit("test.inline")
    let usage = try await fixture.outcome().report.usage
    #expect(usage.wallMicroseconds >= 20_000)
    #expect(usage.cpuMicroseconds > 0 && usage.cpuMicroseconds <= usage.wallMicroseconds)
    try await fixture.stop()
  }

  @Test func aFailureIsTriedAgainAsAnyOther() async throws {
    let runs = Mutex(0)
    let fixture = try await fixture { _ throws(AttemptError) in
      let run = runs.withLock { runs in
        runs += 1
        return runs
      }
      if run < 3 { throw AttemptError(code: "busy", message: "not now", isRetryable: true) }
      return AttemptProduct()
    }
    _ = try await fixture.submit("test.inline", attemptsMax: 3)
    var endings: [AttemptEnding] = []
    var (outcome, report) = try await fixture.outcome()
    while !outcome.isFinal {
      #expect(report.error?.code == "busy")
      endings.append(outcome.ending)
      (outcome, report) = try await fixture.outcome(after: outcome.position)
    }
    #expect(endings == [.failed, .failed] && outcome.ending == .succeeded && report.error == nil)
    try await fixture.stop()
  }

  @Test func parametersThatAreNoObjectFail() async throws {
    let fixture = try await fixture { _ throws(AttemptError) in AttemptProduct() }
    _ = try await fixture.submit("test.inline", "[1]")
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .failed && outcome.isFinal && report.error?.code == "invalid_input")
    try await fixture.stop()
  }
}
