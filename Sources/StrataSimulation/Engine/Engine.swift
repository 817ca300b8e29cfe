import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// Runs tasks on the thread that calls `run`, one turn at a time, a turn being what a task does from one wait to the next. Which
/// of those that can run goes next is drawn from a seed. Time stands still meanwhile; where none can run, it goes on to the
/// next instant that one waits for.
///
/// So a history is a function of its seed, as far as everything in it waits and starts tasks by a `Timekeeper` of the engine;
/// a turn on another thread is a mistake that ends the program.
final class Engine: TaskExecutor {
  private struct State {
    var random: SeededGenerator
    var runnable: [UnownedJob] = []
    var alarms = Alarms()
    /// By their alarms' numbers. One that was cancelled is not among them.
    var sleepers: [UInt64: CheckedContinuation<Bool, Never>] = [:]
    var lastNumber: UInt64 = 0
    /// Nanoseconds from the start.
    var now: Int64 = 0
    var counts = Counts()
    var trace: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func newNumber() -> UInt64 {
      lastNumber += 1
      return lastNumber
    }
  }

  /// What has happened.
  struct Counts: Hashable, Sendable {
    /// What tasks did from one wait to the next.
    var turns: UInt64 = 0
    /// Requests and answers that arrived, waits that were over, harm that was done.
    var events: UInt64 = 0
  }

  private let state: Mutex<State>
  private let thread = pthread_self()
  /// Durations from here are a function of the seed, though the instant itself is not.
  private let start = ContinuousClock.now

  init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed))) }

  func enqueue(_ job: UnownedJob) {
    precondition(pthread_self() == thread, "something ran outside of the simulation")
    state.withLock { $0.runnable.append(job) }
  }

  func enqueue(_ job: consuming ExecutorJob) { enqueue(UnownedJob(job)) }

  /// Runs until nothing can run and nobody waits for a time, or the given time has come.
  ///
  /// - Returns: whether that was before.
  func run(upTo limit: Duration) -> Bool {
    let me = unsafe asUnownedTaskExecutor()
    while elapsed <= limit {
      if let job = nextTurn() { unsafe job.runSynchronously(on: me) } else if !wakeNext() { return true }
    }
    return false
  }

  private func nextTurn() -> UnownedJob? {
    state.withLock { state in
      guard !state.runnable.isEmpty else { return nil }
      let place = Int(state.random.next() % UInt64(state.runnable.count))
      state.counts.turns += 1
      state.trace.mix(UInt64(place), UInt64(state.runnable.count))
      state.runnable.swapAt(place, state.runnable.count - 1)
      return state.runnable.removeLast()
    }
  }

  private func wakeNext() -> Bool {
    let (sleeper, isThereMore) = state.withLock { state -> (CheckedContinuation<Bool, Never>?, Bool) in
      while let alarm = state.alarms.popFirst() {
        guard let sleeper = state.sleepers.removeValue(forKey: alarm.number) else { continue }
        state.now = max(state.now, alarm.at)
        state.counts.events += 1
        state.trace.mix(UInt64(bitPattern: state.now), alarm.number)
        return (sleeper, true)
      }
      return (nil, false)
    }
    sleeper?.resume(returning: true)
    return isThereMore
  }

  // MARK: Time

  /// How much time has passed.
  var elapsed: Duration { .nanoseconds(state.withLock(\.now)) }

  var now: Timekeeper.Instant { start + elapsed }

  /// Returns when the time has passed, whatever becomes of the task.
  func delay(for duration: Duration) async {
    let number = state.withLock { $0.newNumber() }
    _ = await withCheckedContinuation { set(number, after: duration, $0) }
  }

  /// - Throws: `CancellationError`, at once, where the task is cancelled.
  func sleep(for duration: Duration) async throws {
    let number = state.withLock { $0.newNumber() }
    let isOver = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled {
          continuation.resume(returning: false)
        } else {
          set(number, after: duration, continuation)
        }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: number) }?.resume(returning: false)
    }
    if !isOver { throw CancellationError() }
  }

  private func set(_ number: UInt64, after duration: Duration, _ continuation: CheckedContinuation<Bool, Never>) {
    state.withLock { state in
      state.sleepers[number] = continuation
      let at = state.now.addingReportingOverflow(max(0, duration.nanoseconds))
      state.alarms.insert(Alarms.Alarm(at: at.overflow ? .max : at.partialValue, number: number))
    }
  }

  // MARK: Chance and trace

  /// Draws from the seed.
  func draw<Value>(_ body: (inout SeededGenerator) -> Value) -> Value { state.withLock { body(&$0.random) } }

  /// Whether what happens once in so many times does now.
  func happens(onceIn odds: Int) -> Bool { odds > 0 && draw { Int.random(in: 0..<odds, using: &$0) } == 0 }

  /// Between the two.
  func duration(_ least: Duration, _ most: Duration) -> Duration {
    .nanoseconds(draw { Int64.random(in: least.nanoseconds...max(least, most).nanoseconds, using: &$0) })
  }

  /// Has something that happened count, and tell in the trace.
  func note(_ what: UInt64) {
    state.withLock { state in
      state.counts.events += 1
      state.trace.mix(what, UInt64(bitPattern: state.now))
    }
  }

  var counts: Counts { state.withLock(\.counts) }

  /// A digest of every turn, wait and event so far: two histories with the same one are the same.
  var trace: UInt64 { state.withLock(\.trace) }
}

extension UInt64 {
  /// FNV-1a over words, which is enough to tell two histories apart (Fowler, Noll, Vo).
  fileprivate mutating func mix(_ one: UInt64, _ other: UInt64) {
    self = (self ^ one) &* 0x100_0000_01b3 &+ (self >> 47)
    self = (self ^ other) &* 0x100_0000_01b3 &+ (self >> 47)
  }
}

extension Engine {
  /// The time of a program of the simulation.
  ///
  /// - Parameter wake: called when a wait is over, before its task goes on.
  func timekeeper(wall: WallClock, wake: @escaping @Sendable () async -> Void = {}) -> Timekeeper {
    Timekeeper(
      wall: wall, executor: self, now: { self.now },
      sleep: { duration in
        try await self.sleep(for: duration)
        await wake()
      }, seed: { self.draw { $0.next() } })
  }

  /// A wall clock that was right at the start.
  var wall: WallClock { WallClock { Self.beginning + self.elapsed } }

  /// An instant like any other.
  static let beginning = Timestamp(milliseconds: 1_800_000_000_000)
}
