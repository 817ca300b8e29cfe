package import StrataCore
package import StrataQueue
package import StrataRuntime
import Synchronization

/// Looks regularly whether jobs are consumed, and keeps what it saw last for whoever asks: `/readyz`, the metrics.
///
/// Every controller looks, whether it leads or not: what stands still is the leader's to move, and a leader that cannot may
/// not be able to tell.
package final class ConsumptionWatch: Sendable {
  private let queue: any JobQueue
  private let interval: Duration
  private let services: ServiceRecord
  private let unsettled: @Sendable () -> Timestamp?
  private let log: Log
  private let state: Mutex<State>

  private struct State {
    var standstill: Standstill
    var told: Set<Standstill.Cause> = []
  }

  /// - Parameters:
  ///   - services: told what runs.
  ///   - unsettled: when the oldest attempt ended that the settler has still to read.
  package init(
    queue: any JobQueue, patience: Duration, interval: Duration, services: ServiceRecord = ServiceRecord(),
    unsettled: @escaping @Sendable () -> Timestamp? = { nil }, log: Log = .silent
  ) {
    self.queue = queue
    self.interval = interval
    self.services = services
    self.unsettled = unsettled
    self.log = log
    state = Mutex(State(standstill: Standstill(patience: patience, gapMax: max(interval * 4, .seconds(1)))))
  }

  /// What stands still now.
  package var obstacles: [(cause: Standstill.Cause, message: String)] {
    state.withLock { $0.standstill.obstacles(at: .now) }
  }

  /// Looks until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: interval)
    }
  }

  /// Looks once. Where the queue cannot be looked at, nothing is known: others tell of that.
  package func look() async {
    let room = try? await queue.room()
    if let room { services.noteLook(room) }
    let new = state.withLock { state -> [String] in
      if let room {
        state.standstill.note(room, unsettled: unsettled(), at: .now)
      } else {
        state.standstill.reset()
      }
      let found = state.standstill.obstacles(at: .now)
      defer { state.told = Set(found.map(\.cause)) }
      return found.filter { !state.told.contains($0.cause) }.map(\.message)
    }
    for message in new { log.error("consumption stands still", ["because": message]) }
  }
}
