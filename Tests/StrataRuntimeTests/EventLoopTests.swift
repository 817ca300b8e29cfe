import StrataRuntime
import Testing

@Suite struct EventLoopTests {
  @Test func tasksPreferringTheLoopRunOnItsThread() async throws {
    let loop = try EventLoop(label: "test-loop")
    defer { loop.stop() }
    let wasOnLoop = await Task(executorPreference: loop) { loop.isCurrent }.value
    #expect(wasOnLoop)
    #expect(!loop.isCurrent)
  }

  @Test func timersFireInOrderOfTheirDeadlinesAndCancelledOnesNever() async throws {
    let loop = try EventLoop(label: "test-loop")
    defer { loop.stop() }
    let order = await withCheckedContinuation { (done: CheckedContinuation<[Int], Never>) in
      loop.execute {
        nonisolated(unsafe) var order: [Int] = []
        loop.schedule(after: .milliseconds(20)) {
          order.append(3)
          done.resume(returning: order)
        }
        loop.schedule(after: .milliseconds(10)) { order.append(2) }
        loop.schedule(after: .milliseconds(5)) { order.append(9) }.cancel()
        loop.schedule(after: .zero) { order.append(1) }
      }
    }
    #expect(order == [1, 2, 3])
  }

  @Test func tasksEnqueuedFromManyThreadsAllRun() async throws {
    let loop = try EventLoop(label: "test-loop")
    defer { loop.stop() }
    let sum = await withTaskGroup(of: Int.self) { group in
      for value in 1...1_000 {
        group.addTask { await Task(executorPreference: loop) { value }.value }
      }
      return await group.reduce(0, +)
    }
    #expect(sum == 500_500)
  }
}
