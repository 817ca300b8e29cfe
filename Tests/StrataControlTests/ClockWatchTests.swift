import ControlTestSupport
import StrataControl
import StrataCore
import StrataQueue
import Testing

@Suite struct ClockWatchTests {
  private let clock = HeldClock()

  private func queue() async throws -> MemoryQueue {
    let queue = MemoryQueue(clock: clock.clock)
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    return queue
  }

  private func isAbout(_ duration: Duration, _ seconds: Int64) -> Bool {
    abs((duration - .seconds(seconds)).nanoseconds) < Duration.seconds(2).nanoseconds
  }

  @Test func aClockThatIsSetIsSeenBothWays() async throws {
    let queue = try await queue()
    var watch = ClockWatch()
    for _ in 0..<3 { #expect(try await watch.look(at: queue)) }
    #expect(watch.pending == .zero)
    clock.advance(by: .seconds(3_600))
    _ = try await watch.look(at: queue)
    #expect(isAbout(watch.pending, 3_600))
    // What is not put right yet is not forgotten.
    clock.advance(by: .seconds(-7_200))
    _ = try await watch.look(at: queue)
    #expect(isAbout(watch.pending, -3_600))
    watch.settle()
    _ = try await watch.look(at: queue)
    #expect(watch.pending == .zero)
  }

  /// A leader that was not there sees it by the tokens that were given out before.
  @Test func whoBeginsToLookSeesThatItWasSetBack() async throws {
    let queue = try await queue()
    let job = QueuedJob(
      id: JobID(), tenant: TenantID(), lane: Lane(tier: .cpu, capability: "noop"), attemptsMax: 3, payload: [])
    _ = try await queue.enqueue([job])
    _ = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 1, for: .seconds(10))
    clock.advance(by: .seconds(-86_400))
    var watch = ClockWatch()
    _ = try await watch.look(at: queue)
    #expect(isAbout(watch.pending, -86_400))
    // Since when nobody knows; between two looks it was between them.
    #expect(watch.pendingFor >= ClockWatch.unseenMax)
    watch.settle()
    _ = try await watch.look(at: queue)
    #expect(watch.pending == .zero && watch.pendingFor < ClockWatch.unseenMax)
    // The server was another since: what was put right may be lost.
    watch.forget()
    _ = try await watch.look(at: queue)
    #expect(isAbout(watch.pending, -86_400))
  }
}
