import StrataCore
import StrataLedger
import StrataRuntime
import Synchronization
import TestSupport
import Testing

@Suite struct ClockTests {
  private let start = ContinuousClock.now
  private let said = Timestamp(milliseconds: 1_000_000)

  /// Of a clock that shows `said` at `start`, and is `milliseconds` ahead of that when it is asked so long after.
  private func reading(
    asked: Int64, took: Int64, ahead: Int64 = 0, answeredAfter: Int64? = nil
  ) -> ClockReading {
    let after = asked + (answeredAfter ?? took / 2)
    return ClockReading(
      Timestamp(milliseconds: said.milliseconds + after + ahead), asked: start + .milliseconds(asked),
      heard: start + .milliseconds(asked + took))
  }

  @Test func itCountsOn() {
    let one = reading(asked: 0, took: 10)
    #expect(one.now(at: start + .milliseconds(10)) == said + .milliseconds(10))
    #expect(one.now(at: start + .seconds(60)) == said + .seconds(60))
  }

  @Test func anAnswerThatWasHeldUpChangesNothing() {
    let one = reading(asked: 0, took: 10)
    for answered in [1, 6_000, 11_999] as [Int64] {
      #expect(one.improved(by: reading(asked: 5_000, took: 12_000, answeredAfter: answered)) == one)
    }
    let exact = reading(asked: 5_000, took: 2)
    #expect(one.improved(by: exact) == exact)
  }

  @Test func aClockThatWasSetIsSeenWhateverTheAnswerTook() {
    let one = reading(asked: 0, took: 2)
    for ahead in [-86_400_000, -200, 200, 86_400_000] as [Int64] {
      let later = reading(asked: 5_000, took: 100, ahead: ahead)
      #expect(one.improved(by: later) == later)
    }
  }

  /// Two clocks drift apart: what was exact once is not for ever.
  @Test func whatIsOldGivesWay() {
    let one = reading(asked: 0, took: 2)
    #expect(one.improved(by: reading(asked: 5_000, took: 20)) == one)
    let later = reading(asked: 3_600_000, took: 20)
    #expect(one.improved(by: later) == later)
  }

  /// A server that takes over is waited for, and what is heard then first tells little: it is asked again.
  @Test func aServerThatIsWaitedForIsAskedAgain() async throws {
    let elapsed = Mutex(Duration.zero)
    let asked = Mutex(0)
    let time = Timekeeper(
      wall: .system, executor: nil, now: { [start] in start + elapsed.withLock(\.self) },
      sleep: { _ in throw CancellationError() }, seed: { 0 })
    let clock = LedgerClock(time: time) { [said] in
      let ask = asked.withLock { asked in
        asked += 1
        return asked
      }
      // The other server is 50 ms ahead, and says so after 15 s.
      elapsed.withLock { $0 += ask == 2 ? .seconds(15) : .milliseconds(2) }
      return said + elapsed.withLock(\.self) + (ask == 1 ? .zero : .milliseconds(50))
    }
    try await clock.look()
    try await clock.look()
    let right = said + elapsed.withLock(\.self) + .milliseconds(50)
    #expect(abs((clock.clock.now - right).nanoseconds) <= 1_000_000 && asked.withLock(\.self) == 3)
  }

  @Test func theClockIsTheServers() async throws {
    let bench = try await LedgerBench()
    let machine = WallClock { Timestamp.now + .seconds(86_400) }
    let time = Timekeeper(
      wall: machine, executor: nil, now: { .now }, sleep: { _ in throw CancellationError() }, seed: { 0 })
    let clock = LedgerClock(of: bench.ledger, time: time)
    #expect(clock.clock.now > .now + .seconds(86_000))
    try await clock.look()
    #expect(abs((clock.clock.now - .now).nanoseconds) < Duration.seconds(30).nanoseconds)
  }
}
