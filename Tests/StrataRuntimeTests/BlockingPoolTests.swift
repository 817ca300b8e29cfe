import Glibc
import StrataCore
import StrataRuntime
import Synchronization
import Testing

@Suite struct BlockingPoolTests {
  /// Calls that block until they are let go.
  private final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation

    init() { (arrivals, arrival) = AsyncStream.makeStream(of: Void.self) }

    func open() { isOpen.store(true, ordering: .releasing) }

    func pass() {
      arrival.yield()
      while !isOpen.load(ordering: .acquiring) { usleep(100) }
    }
  }

  /// More calls that block than there are threads for tasks, and all of them blocked at once: tasks go on.
  @Test func whatBlocksThereHoldsUpNoTask() async throws {
    let count = 32
    let pool = try BlockingPool(label: "test", threads: count)
    let gate = Gate()
    let calls = (0..<count).map { number in
      Task {
        if number.isMultiple(of: 2) { return await pool.run { gate.pass() } }
        await withTaskExecutorPreference(pool) { gate.pass() }
      }
    }
    var arrivals = gate.arrivals.makeAsyncIterator()
    for _ in 0..<count { await arrivals.next(isolation: #isolation) }
    gate.open()
    for call in calls { await call.value }
  }

  @Test func itsErrorsAreTheCallers() async throws {
    let pool = try BlockingPool(label: "test", threads: 1)
    let error = await #expect(throws: StrataError.self) {
      try await pool.run { () throws(StrataError) in throw StrataError(.conflict, "no") }
    }
    #expect(error?.code == .conflict)
    #expect(await pool.run { 7 } == 7)
  }
}
