import StrataRuntime
import Synchronization
import Testing

@Suite struct BatcherTests {
  private let start = ContinuousClock.now

  private func gate(itemsMax: Int = 3, concurrencyMax: Int = 1) -> BatchGate {
    BatchGate(BatchLimits(itemsMax: itemsMax, window: .milliseconds(1), concurrencyMax: concurrencyMax))
  }

  @Test func aLoneItemGoesAtOnce() {
    var gate = gate()
    #expect(gate.arrived(at: start) == .start(count: 1))
    #expect(gate.finished(at: start + .milliseconds(5)) == .none)
    #expect(gate.arrived(at: start + .milliseconds(6)) == .start(count: 1))
  }

  @Test func itemsGatherWhileABatchIsUnderWayAndForAWindowAfterIt() {
    var gate = gate()
    #expect(gate.arrived(at: start) == .start(count: 1))
    #expect(gate.arrived(at: start + .milliseconds(3)) == .none)
    // The first of the next batch came half a window ago.
    let end = start + .milliseconds(3) + .microseconds(500)
    #expect(gate.finished(at: end) == .wake(at: start + .milliseconds(4)))
    #expect(gate.arrived(at: end) == .none)
    #expect(gate.windowEnded(at: start + .milliseconds(4)) == .start(count: 2))
  }

  @Test func aFullBatchDoesNotWait() {
    var gate = gate()
    #expect(gate.arrived(at: start) == .start(count: 1))
    for _ in 0..<4 { #expect(gate.arrived(at: start) == .none) }
    #expect(gate.finished(at: start) == .start(count: 3))
    #expect(gate.finished(at: start + .milliseconds(9)) == .start(count: 1))
  }

  @Test func noMoreBatchesThanAllowedAreUnderWay() {
    var gate = gate(itemsMax: 1, concurrencyMax: 2)
    #expect(gate.arrived(at: start) == .start(count: 1))
    #expect(gate.arrived(at: start) == .start(count: 1))
    #expect(gate.arrived(at: start) == .none)
    #expect(gate.finished(at: start) == .start(count: 1))
  }

  @Test func everyCallerGetsItsOwnAnswer() async {
    let largest = Mutex(0)
    let batcher = Batcher<Int, Int>(BatchLimits(itemsMax: 50)) { items in
      largest.withLock { $0 = max($0, items.count) }
      await Task.yield()
      return items.map { $0 * 2 }
    }
    await withTaskGroup { group in
      for number in 0..<2_000 { group.addTask { #expect(await batcher.submit(number) == number * 2) } }
    }
    #expect(largest.withLock { $0 } <= 50)
  }
}
