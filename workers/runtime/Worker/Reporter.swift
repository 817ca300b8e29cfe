package import StrataCore
package import StrataQueue
import StrataRuntime
import Synchronization

/// What is to be said of one ended attempt.
package struct AttemptNotice: Sendable {
  let lease: LeaseReference
  let ending: AttemptEnding
  var isRetryable: Bool
  /// How long the job then waits.
  var retryDelay = Duration.zero
  let report: [UInt8]
  /// Why it failed, as the report says; nil where it did not.
  var error: AttemptError?
}

extension AttemptNotice {
  /// A report that is too long makes a failure of a success.
  package init(of lease: LeaseReference, _ ending: AttemptEnding, _ report: AttemptReport) {
    let (bytes, wasCut) = ReportCoding.encode(report, bytesMax: QueueLimits().reportBytesMax)
    self.init(
      lease: lease, ending: wasCut && ending == .succeeded ? .failed : ending,
      isRetryable: !wasCut && report.error?.isRetryable ?? false, report: bytes, error: wasCut ? nil : report.error)
  }

  /// Says whether and when the job is tried again, where the attempt failed.
  ///
  /// - Parameter attempt: its number.
  package func decided(
    after attempt: Int, by policy: RetryPolicy, using random: inout some RandomNumberGenerator
  ) -> AttemptNotice {
    guard ending == .failed, let error else { return self }
    var decided = self
    decided.isRetryable = policy.isRetryable(error)
    if decided.isRetryable { decided.retryDelay = policy.delay(afterAttempt: attempt, using: &random) }
    return decided
  }
}

/// Brings notices to the queue, in batches, and again until it answers: an outcome is never dropped because the queue
/// was away. Successes wait to ride with the next request for leases, until `flush`.
final class Reporter: Sendable {
  private struct Pending {
    /// What the queue has not answered, the oldest first.
    var notices: [AttemptNotice] = []
    /// How those of them go that do not wait any more.
    var ways: [LeaseReference: Way] = [:]
  }

  private enum Way {
    /// On its way with a request for leases.
    case riding
    /// Sent by `run`, again and again. A success whose ride failed is: it may have been for it.
    case walking
  }

  private let queue: any JobQueue
  private let log: WorkerLog
  private let time: Timekeeper
  private let pending = Mutex(Pending())
  private let wake: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation

  init(queue: any JobQueue, log: @escaping WorkerLog, time: Timekeeper) {
    self.time = time
    self.queue = queue
    self.log = log
    (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// Successes wait for `takeRiders` or `flush`, or for what has to be sent anyway.
  func add(_ notices: [AttemptNotice]) {
    pending.withLock { $0.notices += notices }
    if notices.contains(where: { $0.transition != .complete }) { waker.yield() }
  }

  /// Sends what waits for a ride: there is none.
  func flush() {
    if pending.withLock({ !$0.notices.isEmpty }) { waker.yield() }
  }

  /// The successes that are not on their way, for a request for leases to carry: `settle` or `putBack` follows.
  func takeRiders() -> [AttemptNotice] {
    pending.withLock { pending in
      let riders = pending.notices.filter { $0.transition == .complete && pending.ways[$0.lease] == nil }
      for rider in riders { pending.ways[rider.lease] = .riding }
      return riders
    }
  }

  /// The request that carried them was not answered: they are sent without one.
  func putBack(_ riders: [AttemptNotice]) {
    pending.withLock { pending in for rider in riders { pending.ways[rider.lease] = .walking } }
    flush()
  }

  /// What has not been answered.
  var unanswered: [LeaseReference] { pending.withLock { $0.notices.map(\.lease) } }

  /// Reports until the task is cancelled; calls `answered` for the notices that the queue has accepted or refused.
  func run(backoff: Backoff, answered: @Sendable ([LeaseReference]) -> Void) async {
    var backoff = backoff
    for await _ in wake {
      while let batch = nextBatch() {
        do throws(QueueError) {
          let verdicts = try await send(batch)
          backoff.reset()
          settle(batch, verdicts, answered)
        } catch {
          log("the queue did not take \(batch.count) outcomes (\(error)); they are tried again")
          if case .tooLarge = error { trim(batch) }
          guard (try? await time.sleep(for: backoff.next())) != nil else { return }
        }
      }
    }
  }

  /// The oldest notices that go into one call: as many as have one kind of ending.
  private func nextBatch() -> [AttemptNotice]? {
    pending.withLock { pending in
      let free = pending.notices.filter { pending.ways[$0.lease] != .riding }
      guard let first = free.first else { return nil }
      let batch = free.filter { $0.transition == first.transition }
      for notice in batch { pending.ways[notice.lease] = .walking }
      return batch
    }
  }

  private func send(_ batch: [AttemptNotice]) async throws(QueueError) -> [LeaseVerdict] {
    switch batch[0].transition {
    case .complete: try await queue.complete(batch.map(\.result))
    case .release: try await queue.release(batch.map(\.result))
    case .fail: try await queue.fail(batch.map(\.failure))
    }
  }

  /// Takes note of what the queue says of notices that were on their way.
  func settle(_ batch: [AttemptNotice], _ verdicts: [LeaseVerdict], _ answered: ([LeaseReference]) -> Void) {
    let done = Set(batch.map(\.lease))
    pending.withLock { pending in
      pending.notices.removeAll { done.contains($0.lease) }
      for lease in done { pending.ways[lease] = nil }
    }
    for (place, notice) in batch.enumerated() {
      let isStale = verdicts.indices.contains(place) && verdicts[place] == .stale
      if isStale {
        log("job \(notice.lease.job): its lease is over: the queue has had the outcome, or it came too late")
      }
    }
    answered(batch.map(\.lease))
  }

  /// A report over the queue's limit would be refused for ever: its job fails for it instead.
  private func trim(_ batch: [AttemptNotice]) {
    let chosen = Set(batch.map(\.lease))
    pending.withLock { pending in
      pending.notices = pending.notices.map { chosen.contains($0.lease) ? $0.trimmed : $0 }
    }
  }
}

extension AttemptNotice {
  enum Transition { case complete, fail, release }

  var transition: Transition {
    switch ending {
    case .succeeded: .complete
    case .released, .preempted: .release
    case .failed, .cancelled, .expired: .fail
    }
  }

  var result: AttemptResult { AttemptResult(lease: lease, report: report) }
  fileprivate var failure: AttemptFailure {
    AttemptFailure(lease: lease, ending: ending, isRetryable: isRetryable, retryDelay: retryDelay, report: report)
  }
  fileprivate var trimmed: AttemptNotice {
    AttemptNotice(lease: lease, ending: ending == .succeeded ? .failed : ending, isRetryable: false, report: [])
  }
}

/// Where a worker writes what an operator should know.
typealias WorkerLog = @Sendable (String) -> Void
