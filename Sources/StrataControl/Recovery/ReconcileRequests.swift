import Synchronization

/// By which anybody asks for a comparison of queue and ledger, whoever is there to make it.
package final class ReconcileRequests: Sendable {
  /// What one comparison was asked for.
  struct Batch: Sendable {
    /// Each once, in the order in which they came.
    var reasons: [Reconciler.Reason] = []
    var unreadable = UnreadableTally()
  }

  private struct State {
    var pending = Batch()
    var waker: AsyncStream<Void>.Continuation?
  }

  private let state = Mutex(State())

  package init() {}

  /// Requests made while a comparison is under way become one, with all their reasons. While nobody listens there is
  /// nothing to note: whoever begins to begins with a comparison.
  package func request(_ reason: Reconciler.Reason, unreadable: UnreadableTally = UnreadableTally()) {
    state.withLock { state in
      guard let waker = state.waker else { return }
      if !state.pending.reasons.contains(reason) { state.pending.reasons.append(reason) }
      state.pending.unreadable.add(unreadable)
      waker.yield()
    }
  }

  /// Yields when there is something to `take`, from now on; what was asked for before is forgotten.
  func open() -> AsyncStream<Void> {
    let (wakes, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0 = State(waker: waker) }
    return wakes
  }

  /// What has been asked for since the last call; no reason where that was nothing.
  func take() -> Batch {
    state.withLock { state in
      defer { state.pending = Batch() }
      return state.pending
    }
  }
}
