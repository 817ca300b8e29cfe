public import StrataCore
public import StrataQueue
import StrataRuntime
import Synchronization

/// Leases jobs, runs them in its slots, and reports how they ended. `LeaseKeeper` has the leases; this runs what is granted.
public final class Worker: Sendable {
  public let configuration: WorkerConfiguration
  let keeper: LeaseKeeper
  let artifacts: any AttemptArtifacts
  let pool: RunnerPool
  let folders: FolderPool
  let log: WorkerLog
  let inlineHandlers: [String: any InlineHandler]
  let attempts = Mutex<[LeaseReference: AttemptExecution]>([:])
  /// The leases whose attempts nobody has asked to end.
  let wanted = Mutex<Set<LeaseReference>>([])
  let shortageReleases: Mutex<ShortageReleases>
  /// Draws how long jobs wait before they are tried again.
  let random: Mutex<any RandomNumberGenerator & Sendable>

  /// - Parameters:
  ///   - log: gets lines for the operator; nothing secret is in them.
  ///   - onReady: called once, when the queue has answered for the first time and so knows this worker.
  public init(
    _ configuration: WorkerConfiguration, queue: any JobQueue, artifacts: any AttemptArtifacts,
    log: @escaping @Sendable (String) -> Void = { _ in }, onReady: @escaping @Sendable () -> Void = {}
  ) {
    self.configuration = configuration
    self.artifacts = artifacts
    self.log = log
    inlineHandlers = Dictionary(configuration.inlineHandlers.map { ($0.definition.name, $0) }) { first, _ in first }
    keeper = LeaseKeeper(configuration, queue: queue, log: log, onReady: onReady)
    pool = RunnerPool(
      configuration.runner, slots: configuration.slots, limits: configuration.limits,
      adoptsOrphans: configuration.adoptsOrphans)
    folders = FolderPool(in: configuration.folder)
    shortageReleases = Mutex(ShortageReleases(releasesMax: configuration.shortageReleasesMax))
    random = Mutex(configuration.random)
  }

  /// Asks it to stop: it asks for no more leases, lets attempts end within the drain grace, and hands the rest
  /// back. The second call ends the grace at once. Safe from any thread, at any time.
  ///
  /// - Parameter grace: instead of the configuration's.
  public func stop(within grace: Duration? = nil) { keeper.stop(within: grace) }

  /// Works until it has been told to stop and holds no lease any more.
  ///
  /// - Throws: if its folder cannot be used. The queue being away is not an error: it is waited for.
  public func run() async throws(StrataError) {
    if configuration.adoptsOrphans { try Subreaper.enable() }
    try FileTree.remove(configuration.folder)
    try FileTree.make(configuration.folder)
    await pool.warmUp()
    await keeper.run(self)
    await pool.drain()
    try FileTree.remove(configuration.folder)
  }
}

extension Worker: AttemptHost {
  /// What could not be stored would be work for nothing.
  package var shortage: String? { artifacts.shortage }

  package func stop(_ lease: LeaseReference, _ reason: StopReason) {
    wanted.withLock { _ = $0.remove(lease) }
    attempts.withLock { $0[lease] }?.stop(reason)
  }

  package func hasten(_ lease: LeaseReference) { attempts.withLock { $0[lease] }?.hasten() }
}
