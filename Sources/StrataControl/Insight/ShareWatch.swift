package import StrataCore
package import StrataQueue
import StrataRuntime
import Synchronization

/// Looks regularly what tenants receive, so that whoever asks is told of the last minute.
package final class ShareWatch: Sendable {
  /// Between two looks, and how far back they reach.
  static let (interval, length) = (Duration.seconds(10), Duration.seconds(60))
  /// Tenants of a pool that are watched, those with the most jobs waiting.
  static let tenantsMax = 1_000

  private let queue: any JobQueue
  private let window = Mutex(ShareWindow(length: length))

  package init(queue: any JobQueue) { self.queue = queue }

  /// Looks until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// Looks once. A queue that cannot be asked is passed over.
  package func look() async {
    guard let census = try? await queue.census() else { return }
    var standings: [PoolStanding] = []
    for pool in Set(census.lanes.keys.map(\.pool)) {
      if let standing = try? await queue.standing(of: pool, first: Self.tenantsMax) { standings.append(standing) }
    }
    let found = standings
    window.withLock { $0.note(found, at: .now) }
  }

  /// The part of each tenant in what all received in a pool lately.
  package func received(in pool: QueuePool) -> [TenantID: Double] { window.withLock { $0.received(in: pool) } }
}
