import Numerics
import Synchronization
import Testing

@Suite struct ParallelForTests {
  @Test(arguments: [1, 2, 7]) func `every index is done once`(threads: Int) {
    let done = Mutex([Int](repeating: 0, count: 1_000))
    #expect(parallelFor(1_000, threads: threads) { index in done.withLock { $0[index] += 1 } })
    #expect(done.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test func `no more threads work than were given`() {
    let running = Mutex((now: 0, most: 0))
    parallelFor(2_000, threads: 3) { _ in
      running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      running.withLock { $0.now -= 1 }
    }
    #expect(running.withLock { $0.most } <= 3)
  }

  @Test func `one thread works in order`() {
    let order = Mutex([Int]())
    parallelFor(50, threads: 1) { index in order.withLock { $0.append(index) } }
    #expect(order.withLock { $0 } == Array(0..<50))
  }

  @Test func `work that is no longer wanted stops`() {
    let done = Mutex(0)
    var left = 10
    let isComplete = parallelFor(
      1_000, threads: 1,
      keepGoing: { _ in
        left -= 1
        return left >= 0
      }
    ) { _ in done.withLock { $0 += 1 } }
    #expect(!isComplete)
    #expect(done.withLock { $0 } == 10)
  }

  @Test func `nothing to do is done`() { #expect(parallelFor(0, threads: 4) { _ in }) }
}
