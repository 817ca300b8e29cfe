import Glibc
import Numerics
import Synchronization
import Testing

@Suite struct ParallelInOrderTests {
  private struct Refusal: Error, Equatable { let index: Int }

  @Test(arguments: [(1, 1), (2, 2), (3, 8), (7, 1)]) func `results are consumed in order, each once`(
    threads: Int, ahead: Int
  ) {
    var order: [Int] = []
    let isComplete = parallelInOrder(
      500, threads: threads, ahead: ahead, { index, _ in index * 3 },
      { index, made in
        #expect(made == index * 3)
        order.append(index)
      })
    #expect(isComplete && order == Array(0..<500))
  }

  @Test func `no more is made ahead than may be`() {
    let made = Mutex(0)
    var consumed = 0
    parallelInOrder(
      300, threads: 3, ahead: 5, { _, _ in made.withLock { $0 += 1 } },
      { _, _ in
        consumed += 1
        #expect(made.withLock { $0 } <= consumed + 5)
      })
    #expect(consumed == 300)
  }

  @Test(arguments: [1, 4]) func `an error of either side ends the work`(threads: Int) {
    let begun = Mutex(0)
    #expect(throws: Refusal(index: 40)) {
      try parallelInOrder(
        100_000, threads: threads, ahead: 8,
        { (index, _) throws(Refusal) in
          begun.withLock { $0 += 1 }
          if index == 40 { throw Refusal(index: index) }
        }, { (_, _) throws(Refusal) in })
    }
    #expect(begun.withLock { $0 } <= 60)
    #expect(throws: Refusal(index: 7)) {
      try parallelInOrder(
        100_000, threads: threads, ahead: 8, { (index, _) throws(Refusal) in index },
        { (index, _) throws(Refusal) in if index == 7 { throw Refusal(index: index) } })
    }
  }

  @Test func `work that is no longer wanted stops, and those who make are told`() {
    let caller = pthread_self()
    let begun = Mutex(0)
    let told = Mutex(0)
    var left = 10
    let isComplete = parallelInOrder(
      1_000, threads: 2, ahead: 4,
      keepGoing: { _ in
        left -= 1
        return left >= 0
      },
      { _, isWanted in
        if pthread_equal(pthread_self(), caller) != 0 {
          while begun.withLock({ $0 }) == 0 { sched_yield() }
        } else {
          begun.withLock { $0 += 1 }
          while isWanted() { sched_yield() }
          told.withLock { $0 += 1 }
        }
      }, { _, _ in })
    #expect(!isComplete && told.withLock { $0 } == 1)
  }
}
