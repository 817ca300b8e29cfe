import StrataCore
import StrataRuntime
import Synchronization

/// The jobs that this controller has accepted and could not enqueue, which it puts into the queue once that is there
/// again. A leader's comparison would do so too; a controller that does not lead has nobody to ask for one.
///
/// What a controller does not live to put back the leader finds within seconds (`AcceptedLooks`).
package final class EnqueueRetries: Sendable {
  /// Jobs remembered; more are left to the leader.
  static let jobsMax = 10_000
  /// How often a job is looked at, by looks that came about: once more than it is put back, since somebody else may have
  /// claimed it at the first and then not have succeeded.
  private static let looksMax = 2
  /// Jobs of one look.
  private static let batchMax = 1_000

  private struct State {
    /// How often each has been looked at.
    var looks: [JobID: Int] = [:]
    var trouble: String?
    var waker: AsyncStream<Void>.Continuation?
  }

  private let state = Mutex(State())
  private let reconciler: Reconciler
  private let log: Log
  private let time: Timekeeper

  init(_ reconciler: Reconciler, log: Log, time: Timekeeper = .system) {
    self.time = time
    self.reconciler = reconciler
    self.log = log
  }

  /// Why jobs cannot be put into the queue, while that is so; nil where none waits for it.
  var trouble: String? { state.withLock(\.trouble) }

  func add(_ job: JobID) {
    let isKept = state.withLock { state in
      guard state.looks.count < Self.jobsMax else { return false }
      state.looks[job] = 0
      state.waker?.yield()
      return true
    }
    if !isKept { log.warning("more jobs wait for the queue than are remembered", ["job": "\(job)"]) }
  }

  /// Retries until the task is cancelled. May be called again after it returned.
  package func run() async {
    let (wakes, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.waker = waker }
    waker.yield()
    for await _ in wakes { await putBackAll() }
  }

  private func putBackAll() async {
    var backoff = time.backoff(first: .milliseconds(50), longest: .seconds(2))
    while !Task.isCancelled {
      let jobs = state.withLock { Set($0.looks.keys.prefix(Self.batchMax)) }
      guard !jobs.isEmpty else { return }
      do {
        let missing = try await reconciler.putBack(jobs)
        note(jobs, missing)
        backoff.reset()
      } catch {
        state.withLock { $0.trouble = "\(error)" }
        log.warning("accepted jobs wait for the queue", ["jobs": "\(jobs.count)", "error": "\(error)"])
        await time.pause(backoff.next())
      }
    }
  }

  private func note(_ jobs: Set<JobID>, _ missing: Set<JobID>) {
    state.withLock { state in
      state.trouble = nil
      for job in jobs {
        let looks = (state.looks[job] ?? 0) + 1
        state.looks[job] = missing.contains(job) && looks < Self.looksMax ? looks : nil
      }
    }
  }
}
