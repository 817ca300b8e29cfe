import Synchronization

/// Things that are costly to make, such as coders with megabytes of models, waiting to be used again. There are never more than threads.
final class IdlePool<Item>: Sendable {
  private struct Idle: @unchecked Sendable { var items: [Item] = [] }
  private let make: @Sendable () -> Item
  private let idle = Mutex(Idle())

  init(_ make: @escaping @Sendable () -> Item) { self.make = make }

  /// Lends one that nobody else uses meanwhile.
  func using<Result>(_ body: (inout Item) -> Result) -> Result {
    var item = idle.withLock { $0.items.popLast() } ?? make()
    let result = body(&item)
    nonisolated(unsafe) let used = item
    idle.withLock { unsafe $0.items.append(used) }
    return result
  }
}
