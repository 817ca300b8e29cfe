import StrataCore
import StrataQueue
import StrataRuntime
import Synchronization

/// Gathers progress and live log of all attempts and sends them a few times a second in one call. While the queue is
/// away only the newest progress and the first bytes of each log are kept; the whole log is an artifact.
final class ProgressPump: Sendable {
  private struct Gathered {
    var fraction: Double?
    var stage: String?
    var log: [UInt8] = []
  }

  private let queue: any JobQueue
  private let interval: Duration
  private let logBytesMax: Int
  private let time: Timekeeper
  private let pending = Mutex<[LeaseReference: Gathered]>([:])
  private let wake: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation

  init(queue: any JobQueue, interval: Duration, logBytesMax: Int = QueueLimits().liveLogBytesMax, time: Timekeeper) {
    self.time = time
    self.queue = queue
    self.interval = interval
    self.logBytesMax = logBytesMax
    (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func progress(_ lease: LeaseReference, _ fraction: Double?, _ stage: String?) {
    gather(lease) { gathered in
      gathered.fraction = fraction ?? gathered.fraction
      gathered.stage = stage.map(Self.shortened) ?? gathered.stage
    }
  }

  /// The queue's limit for a stage is 255 bytes.
  private static func shortened(_ stage: String) -> String {
    var text = stage
    while text.utf8.count > 255 { text.removeLast(1 + (text.count - 1) / 8) }
    return text
  }

  func log(_ lease: LeaseReference, _ bytes: [UInt8]) {
    gather(lease) { $0.log += bytes.prefix(logBytesMax - $0.log.count) }
  }

  private func gather(_ lease: LeaseReference, _ change: (inout Gathered) -> Void) {
    pending.withLock { change(&$0[lease, default: Gathered()]) }
    waker.yield()
  }

  /// Sends what there is of one attempt, or of all; calls `stale` for leases that the queue no longer grants. What
  /// could not be sent is kept.
  func flush(only lease: LeaseReference? = nil, stale: (LeaseReference) -> Void) async {
    let batch = pending.withLock { pending in
      let chosen = pending.filter { lease == nil || $0.key == lease }
      for key in chosen.keys { pending[key] = nil }
      return Array(chosen)
    }
    if batch.isEmpty { return }
    do throws(QueueError) {
      let verdicts = try await queue.progress(batch.map { Self.report($0.key, $0.value) })
      for (item, verdict) in zip(batch, verdicts) where verdict == .stale { stale(item.key) }
    } catch {
      // What the queue will never take is not tried again.
      if case .tooLarge = error { return }
      if lease == nil { keep(batch) }
    }
  }

  private static func report(_ lease: LeaseReference, _ gathered: Gathered) -> ProgressReport {
    ProgressReport(lease: lease, fraction: gathered.fraction, stage: gathered.stage, log: gathered.log)
  }

  private func keep(_ batch: [(key: LeaseReference, value: Gathered)]) {
    pending.withLock { pending in
      for (lease, old) in batch {
        let new = pending[lease] ?? Gathered()
        pending[lease] = Gathered(
          fraction: new.fraction ?? old.fraction, stage: new.stage ?? old.stage,
          log: old.log + new.log.prefix(logBytesMax - old.log.count))
      }
    }
  }

  func forget(_ lease: LeaseReference) { pending.withLock { $0[lease] = nil } }

  /// Sends until the task is cancelled.
  func run(stale: @Sendable (LeaseReference) -> Void) async {
    for await _ in wake {
      guard (try? await time.sleep(for: interval)) != nil else { return }
      await flush(stale: stale)
      if pending.withLock({ !$0.isEmpty }) { waker.yield() }
    }
  }
}
