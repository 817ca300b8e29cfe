package import StrataArtifacts
package import StrataCore
package import StrataRuntime
import Synchronization

/// Removes what attempts have saved once their jobs have ended, on the threads that may wait for the disk: whoever ends
/// jobs waits for none.
package final class CheckpointDrops: Sendable {
  /// Jobs that wait to be seen to; more are left to the regular look at all that is kept.
  static let jobsMax = 100_000

  private struct State {
    var waiting: [JobID] = []
    var isRunning = false
  }

  private let store: ArtifactStore
  private let disk: BlockingPool
  private let state = Mutex(State())

  package init(store: ArtifactStore, disk: BlockingPool) {
    self.store = store
    self.disk = disk
  }

  /// Returns at once.
  package func drop(_ jobs: [JobID]) {
    let isFirst = state.withLock { state in
      guard state.waiting.count + jobs.count <= Self.jobsMax else { return false }
      state.waiting += jobs
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if isFirst { Task { await run() } }
  }

  /// Until nothing waits.
  private func run() async {
    while let jobs = next() { await disk.run { [store] in store.dropCheckpoints(of: jobs) } }
  }

  private func next() -> [JobID]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isRunning = false
        return nil
      }
      defer { state.waiting = [] }
      return state.waiting
    }
  }
}
