import StrataCore
import Synchronization

/// Gathers what many tasks submit into batches, so that a costly operation is paid once for many.
///
/// A lone item goes at once. Under load, items gather for a short window after the first of them, or until a batch is
/// full; a bounded number of batches is under way at a time, and while they are, items gather on.
///
/// An item once submitted is carried out even when its caller's task is cancelled: the caller waits, and so learns what
/// became of it.
public final class Batcher<Item: Sendable, Output: Sendable>: Sendable {
  private struct Waiting {
    let item: Item
    let continuation: CheckedContinuation<Output, Never>
  }

  private struct State {
    var gate: BatchGate
    var waiting: [Waiting] = []
  }

  private let state: Mutex<State>
  private let time: Timekeeper
  private let perform: @Sendable ([Item]) async -> [Output]

  /// - Parameter perform: carries out a batch; returns one output for each item, in order.
  public init(
    _ limits: BatchLimits = BatchLimits(), time: Timekeeper = .system,
    perform: @escaping @Sendable ([Item]) async -> [Output]
  ) {
    self.time = time
    state = Mutex(State(gate: BatchGate(limits)))
    self.perform = perform
  }

  /// Has `item` carried out with others, and waits for its output.
  public func submit(_ item: Item) async -> Output {
    await withCheckedContinuation { continuation in
      let now = time.now
      let (action, batch) = state.withLock { state in
        state.waiting.append(Waiting(item: item, continuation: continuation))
        return Self.take(&state, after: state.gate.arrived(at: now))
      }
      carryOut(action, batch)
    }
  }

  private static func take(_ state: inout State, after action: BatchGate.Action) -> (BatchGate.Action, [Waiting]) {
    guard case .start(let count) = action else { return (action, []) }
    let batch = Array(state.waiting.prefix(count))
    state.waiting.removeFirst(count)
    return (action, batch)
  }

  private func carryOut(_ action: BatchGate.Action, _ batch: [Waiting]) {
    switch action {
    case .none: return
    case .wake(let instant):
      time.start { [self] in
        await time.pause(instant - time.now)
        advance { gate, now in gate.windowEnded(at: now) }
      }
    case .start:
      time.start { [self] in
        let outputs = await perform(batch.map(\.item))
        precondition(outputs.count == batch.count, "a batch's operation must answer each item")
        advance { gate, now in gate.finished(at: now) }
        for (waiting, output) in zip(batch, outputs) { waiting.continuation.resume(returning: output) }
      }
    }
  }

  private func advance(_ event: (inout BatchGate, ContinuousClock.Instant) -> BatchGate.Action) {
    let now = time.now
    let (action, batch) = state.withLock { state in
      let action = event(&state.gate, now)
      return Self.take(&state, after: action)
    }
    carryOut(action, batch)
  }
}

/// How a `Batcher` gathers.
public struct BatchLimits: Hashable, Sendable {
  /// Items of one batch.
  public var itemsMax: Int
  /// How long the first item of a batch waits for others, under load.
  public var window: Duration
  /// Batches under way at a time.
  public var concurrencyMax: Int

  public init(itemsMax: Int = 500, window: Duration = .milliseconds(1), concurrencyMax: Int = 1) {
    precondition(itemsMax > 0 && concurrencyMax > 0, "a batch has at least one item, and one is under way at a time")
    self.itemsMax = itemsMax
    self.window = window
    self.concurrencyMax = concurrencyMax
  }
}

/// When the next batch starts: the decisions of `Batcher`, without tasks or clock.
package struct BatchGate {
  package enum Action: Hashable {
    /// Nothing to do; a later event will say.
    case none
    /// Call `windowEnded` at this instant.
    case wake(at: ContinuousClock.Instant)
    /// Start a batch of this many of the oldest items.
    case start(count: Int)
  }

  private let limits: BatchLimits
  private var waiting = 0
  private var underWay = 0
  private var firstArrived: ContinuousClock.Instant?
  private var lastFinished: ContinuousClock.Instant?
  private var isWakePending = false

  package init(_ limits: BatchLimits) { self.limits = limits }

  package mutating func arrived(at now: ContinuousClock.Instant) -> Action {
    waiting += 1
    if firstArrived == nil { firstArrived = now }
    return next(now)
  }

  package mutating func windowEnded(at now: ContinuousClock.Instant) -> Action {
    isWakePending = false
    return next(now)
  }

  package mutating func finished(at now: ContinuousClock.Instant) -> Action {
    underWay -= 1
    lastFinished = now
    return next(now)
  }

  private mutating func next(_ now: ContinuousClock.Instant) -> Action {
    guard waiting > 0, let first = firstArrived, underWay < limits.concurrencyMax else { return .none }
    let windowEnd = first + limits.window
    guard waiting >= limits.itemsMax || isIdle(now) || now >= windowEnd else {
      if isWakePending { return .none }
      isWakePending = true
      return .wake(at: windowEnd)
    }
    let count = min(waiting, limits.itemsMax)
    waiting -= count
    underWay += 1
    firstArrived = waiting > 0 ? now : nil
    return .start(count: count)
  }

  /// Whether nothing was under way for a window's length: then there is nobody to wait for.
  private func isIdle(_ now: ContinuousClock.Instant) -> Bool {
    guard underWay == 0 else { return false }
    guard let lastFinished else { return true }
    return now >= lastFinished + limits.window
  }
}
