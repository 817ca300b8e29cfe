public import StrataCore
public import StrataQueue
import StrataRuntime

/// Follows the queue's event log once for this process and hands each event to whoever watches its job.
public actor EventHub {
  /// What a watcher is handed.
  public enum Notice: Hashable, Sendable {
    case event(QueueEvent)
    /// Nothing happened for a while: the time to look for oneself, and to tell one's client that one is there.
    case silence
    /// A key was revoked: the time to see whether one's client may still watch.
    case keyRevoked
  }
  public typealias Notices = AsyncStream<Notice>

  /// Events kept for watchers who come back and say what they saw last.
  public static let historyMax = 10_000
  /// Events that wait for a slow watcher; older ones are dropped first, since a later one says more.
  public static let backlogMax = 256
  private static let readMax = 1_000
  private static let pace = ReadingPace(restPerItem: .microseconds(500), restMax: .milliseconds(10))
  /// While nobody watches.
  private static let unwatchedPace = ReadingPace(restPerItem: .milliseconds(5), restMax: .milliseconds(25))

  private let queue: any JobQueue
  private var history: [QueueEvent] = []
  /// In the order in which they came, which is the order in which they are told.
  private var watchers: [JobID: [(number: Int, notices: Notices.Continuation)]] = [:]
  private var nextWatcher = 0
  /// Where reading begins. The log's positions are times of the queue's server: far enough back that no difference of
  /// clocks, and no delay between this hub's making and its first read, loses what a watcher waits for.
  private var position = OutcomePosition(
    milliseconds: UInt64(max(0, Timestamp.now.milliseconds - 60_000)), sequence: 0)

  public init(queue: any JobQueue) { self.queue = queue }

  /// Reads the log until the task is cancelled. An outage of the queue is waited out.
  public func run() async {
    while !Task.isCancelled {
      do {
        let events = try await queue.events(after: position, limit: Self.readMax, waitingUpTo: .seconds(5))
        position = events.last?.position ?? position
        deliver(events)
        let pace = watchers.isEmpty ? Self.unwatchedPace : Self.pace
        if let rest = pace.rest(after: events.count, of: Self.readMax) { try await Task.sleep(for: rest) }
      } catch {
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// The events of `job` from now on, preceded by those after `position` that are still remembered, and a notice of
  /// silence now and then. Ends when the watcher's task does.
  ///
  /// - Parameter interval: how often silence is noticed.
  public func watch(_ job: JobID, after position: OutcomePosition?, silenceEvery interval: Duration = .seconds(15))
    -> Notices
  {
    let watcher = nextWatcher
    nextWatcher += 1
    let (notices, continuation) = Notices.makeStream(bufferingPolicy: .bufferingNewest(Self.backlogMax))
    if let position {
      for event in history where event.job == job && event.position > position { continuation.yield(.event(event)) }
    }
    watchers[job, default: []].append((watcher, continuation))
    let clock = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: interval)
        continuation.yield(.silence)
      }
    }
    continuation.onTermination = { [weak self] _ in
      clock.cancel()
      Task { [weak self] in await self?.unwatch(job, watcher) }
    }
    return notices
  }

  /// Has every watcher look whether its client's key is still valid.
  public func noteRevocation() {
    for watcher in watchers.values.joined() { watcher.notices.yield(.keyRevoked) }
  }

  /// The position of the last event read, or where reading begins.
  public var latest: OutcomePosition { position }

  /// How many watch now.
  package var watcherCount: Int { watchers.values.reduce(0) { $0 + $1.count } }

  private func unwatch(_ job: JobID, _ watcher: Int) {
    watchers[job]?.removeAll { $0.number == watcher }
    if watchers[job]?.isEmpty == true { watchers[job] = nil }
  }

  private func deliver(_ events: [QueueEvent]) {
    for event in events {
      for watcher in watchers[event.job] ?? [] { watcher.notices.yield(.event(event)) }
    }
    history.append(contentsOf: events)
    if history.count > 2 * Self.historyMax { history.removeFirst(history.count - Self.historyMax) }
  }
}
