import Synchronization

/// By which anybody asks for a comparison of queue and ledger, whoever is there to make it.
package final class ReconcileRequests: Sendable {
  private let entry = Mutex<AsyncStream<Reconciler.Reason>.Continuation?>(nil)

  package init() {}

  /// Requests made while a comparison is under way become one. While nobody listens there is nothing to note: whoever
  /// begins to begins with a comparison.
  package func request(_ reason: Reconciler.Reason) { entry.withLock { _ = $0?.yield(reason) } }

  /// The requests from now on; those before go nowhere.
  func open() -> AsyncStream<Reconciler.Reason> {
    let (requests, continuation) = AsyncStream<Reconciler.Reason>.makeStream(bufferingPolicy: .bufferingNewest(1))
    entry.withLock { $0 = continuation }
    return requests
  }
}
