import StrataCore
import StrataQueue
import StrataRuntime
import Synchronization

/// The queue's server: it may be killed, come back with less than it had, lose everything, and have its clock set.
final class QueueServer: Sendable {
  /// What is lost when it is killed.
  enum Loss: Hashable, Sendable { case nothing, tail, everything }

  private struct State {
    var memory: MemoryQueue
    var front: any JobQueue
    var epoch = 0
    var isUp = true
    /// Whether something is done to it: one thing at a time.
    var isStruck = false
  }

  private let engine: Engine
  private let judge: Judge
  private let mutation: Mutation?
  private let offset = Offset()
  private let clock: WallClock
  private let state: Mutex<State>
  /// Called when it is there again.
  private let onStart = Mutex<(@Sendable () -> Void)?>(nil)

  init(_ engine: Engine, judge: Judge, mutation: Mutation?) {
    self.engine = engine
    self.judge = judge
    self.mutation = mutation
    let offset = offset
    let wall = engine.wall
    let clock = WallClock { wall.now + offset.now }
    let memory = MemoryQueue(clock: clock, time: engine.timekeeper(wall: wall))
    self.clock = clock
    state = Mutex(State(memory: memory, front: memory))
    replace(memory)
  }

  func whenStarted(_ act: @escaping @Sendable () -> Void) { onStart.withLock { $0 = act } }

  /// Which of its starts this is; nil while it is down.
  var epoch: Int? { state.withLock { $0.isUp ? $0.epoch : nil } }

  /// What programs talk to.
  var front: any JobQueue { state.withLock(\.front) }

  /// The queue itself, in whose isolation all calls are made, and what programs talk to.
  var current: (memory: MemoryQueue, front: any JobQueue) { state.withLock { ($0.memory, $0.front) } }

  /// The queue itself, to look at.
  var memory: MemoryQueue { state.withLock(\.memory) }

  private func replace(_ memory: MemoryQueue) {
    let mutated = mutation?.queue(memory) ?? memory
    let front = WatchedQueue(next: mutated, judge: judge, life: judge.life)
    state.withLock { ($0.memory, $0.front) = (memory, mutation?.asked(front) ?? front) }
  }

  /// Ends it, and starts it again a while later with what it finds.
  func kill(losing loss: Loss) async {
    guard beginStrike() else { return }
    defer { state.withLock { $0.isStruck = false } }
    var disk = await save()
    // What it finds is from up to a second before its end.
    if loss == .tail { await engine.delay(for: engine.duration(.milliseconds(1), .milliseconds(999))) }
    let (old, _) = current
    let last = await old.perform { [self] queue in
      queue.stop()
      state.withLock { state in
        state.isUp = false
        state.epoch += 1
      }
      return Saved(contents: queue.contents, seen: judge.seen)
    }
    if loss == .nothing { disk = last }
    if loss == .everything { disk = Saved(contents: MemoryQueue.Contents(), seen: Judge.Seen()) }
    judge.lose(to: disk.seen, loss)
    await engine.delay(for: engine.duration(.milliseconds(1), .seconds(4)))
    let fresh = MemoryQueue(clock: clock, time: engine.timekeeper(wall: engine.wall))
    await fresh.start(with: disk.contents)
    replace(fresh)
    state.withLock { $0.isUp = true }
    onStart.withLock(\.self)?()
  }

  private func beginStrike() -> Bool {
    state.withLock { state in
      defer { state.isStruck = true }
      return !state.isStruck
    }
  }

  /// What is on its disk, and what the judge has seen of that.
  private struct Saved {
    let contents: MemoryQueue.Contents
    let seen: Judge.Seen
  }

  private func save() async -> Saved {
    await memory.perform { [judge] queue in Saved(contents: queue.contents, seen: judge.seen) }
  }

  /// Somebody empties it while it runs.
  func flush() async {
    guard beginStrike() else { return }
    defer { state.withLock { $0.isStruck = false } }
    await memory.perform { [self] queue in
      queue.lose()
      judge.lose(to: Judge.Seen(), .everything)
      replace(queue)
    }
  }

  /// Sets its clock by so much.
  func setClock(by step: Duration) { offset.add(step) }

  /// Sets its clock right.
  func setClockRight() { offset.clear() }
}

/// By how much a clock is wrong.
private final class Offset: Sendable {
  private let value = Mutex(Duration.zero)

  var now: Duration { value.withLock(\.self) }
  func add(_ step: Duration) { value.withLock { $0 += step } }
  func clear() { value.withLock { $0 = .zero } }
}

/// A program's way to the queue.
struct LinkedQueue: QueueRelay {
  let program: Program
  let server: QueueServer
  let network: Network

  var next: any JobQueue { server.front }

  func pass<Value: Sendable>(
    _ call: @escaping @Sendable (any JobQueue) async throws(QueueError) -> Value
  ) async throws(QueueError) -> Value {
    try await network.carry(
      from: program, to: .queue, of: { [server] in server.epoch }, failure: { QueueError.disconnected($0) }
    ) { [server] () async throws(QueueError) in
      let (memory, front) = server.current
      return try await memory.perform { _ throws(QueueError) in try await call(front) }
    }
  }
}
