public import StrataArtifacts
public import StrataCore
public import StrataLedger
public import StrataQueue
public import StrataRuntime

/// The controller: everything a client may ask of the jobs, and the services that move them along.
///
/// Several may run against one Redis and one PostgreSQL: each accepts jobs, and one at a time, the leader, settles,
/// reconciles and reaps.
public final class ControlPlane: Sendable {
  public struct Configuration: Sendable {
    /// What is known of tiers from the start, as those of the local workers, who have not asked for jobs yet: `publish`
    /// notes the sizes of their workers in the ledger, and their rates where they have none. Declared sizes are not.
    public var tiers: [TierDefinition]
    /// How other tiers come to be known.
    public var tierLimits = TierLimits()
    /// How long a worker owns its leases without a heartbeat.
    public var leaseDuration: Duration
    /// A full comparison of queue and ledger is made this often, as a precaution.
    public var reconcileInterval = Duration.seconds(600)
    /// How often the leader looks for jobs that shall be cancelled and are not yet: those whose owners were heard while
    /// the queue was away.
    public var cancellationInterval = Duration.seconds(5)
    /// How often the leader looks for jobs that were accepted and are not in the queue, and how old they are then: any
    /// controller that lives has enqueued them by that time. They are looked for once more when they are older by
    /// `Reconciler.overlap`.
    public var acceptedInterval = Duration.seconds(5)
    public var acceptedAge = Duration.seconds(15)
    /// How often a controller that does not lead looks whether another does, and settles.
    public var followerInterval = Duration.seconds(5)
    /// How long a key's tenant is remembered: a key revoked through another controller works at most this much longer.
    public var keyMemory = Duration.seconds(5)
    /// Bytes of one job's parameters and inputs, as JSON; the queue's own limit must be as large.
    public var payloadBytesMax = QueueLimits().payloadBytesMax
    /// How full the queue may become before no more jobs are accepted.
    public var admission = AdmissionBounds()
    /// Rows that one page of a listing may read to find jobs in a state that only the queue knows.
    public var listingScanMax = 5_000
    /// `/readyz` fails when the settler, of whichever controller, has been stuck this long, or nobody has led.
    public var settlerSilenceMax = Duration.seconds(20)
    /// `/readyz` fails when what could move has stood for so long, by this controller's own looks: jobs that a worker has
    /// room for, jobs whose time has come, leases of silent workers, outcomes.
    public var standstillMax = Duration.seconds(60)
    /// How often this controller looks whether jobs are consumed.
    public var consumptionInterval = Duration.seconds(5)
    /// How long `/readyz` waits for the queue and for the ledger.
    public var probeTimeout = Duration.seconds(2)
    /// Calls that may wait for the artifacts' disk at once: reading and writing of uploads and results.
    public var diskThreads = 4
    /// A job that has been preempted so often is not any more: every attempt begins anew unless the job saves what it has,
    /// and after so many it shall get to its end.
    public var preemptionsMax = 20
    /// How often the leader looks whether jobs are to be preempted.
    public var preemptionInterval = Preempter.interval
    /// What schedules may be.
    public var schedules = ScheduleLimits()
    /// What tenants may be.
    public var tenants = TenantLimits()
    /// What arrays may be, and how many of their tasks are made at a time.
    public var arrays = ArrayLimits()
    /// What instants of jobs are compared with, and what delays count by: in a controller the ledger's (`LedgerClock`).
    public var clock = WallClock.system
    /// By which services wait.
    public var time = Timekeeper.system

    public init(tiers: [TierDefinition], leaseDuration: Duration = .seconds(10)) {
      self.tiers = tiers
      self.leaseDuration = leaseDuration
    }
  }

  public let catalogue: any CapabilityCatalogue
  public let events: EventHub
  let ledger: Ledger
  private let leadership: Leadership
  let queue: any JobQueue
  let configuration: Configuration
  package let admission: AdmissionService
  let authenticator: Authenticator
  package let settler: Settler
  let follower: FollowerWatch
  package let consumption: ConsumptionWatch
  package let shares: ShareWatch
  let tierBook: TierBook
  package let tierWatch: TierWatch
  let store: ArtifactStore
  /// For all that blocks on the artifacts' disk.
  public let disk: BlockingPool
  package let reconciler: Reconciler
  private let metrics: ControlMetrics
  let log: Log

  public init(
    ledger: Ledger, leadership: Leadership, queue: any JobQueue, catalogue: any CapabilityCatalogue,
    store: ArtifactStore, configuration: Configuration, metrics: Metrics = Metrics(), log: Log
  ) throws(StrataError) {
    disk = try BlockingPool(label: "artifacts", threads: configuration.diskThreads)
    self.ledger = ledger
    self.leadership = leadership
    self.queue = queue
    self.catalogue = catalogue
    self.configuration = configuration
    self.log = log
    self.store = store
    let drops = CheckpointDrops(store: store, disk: disk)
    events = EventHub(queue: queue)
    let counts = ControlMetrics(metrics)
    self.metrics = counts
    tierBook = TierBook(configuration.tiers)
    tierWatch = TierWatch(
      book: tierBook, ledger: ledger, queue: queue, limits: configuration.tierLimits, log: log.component("tiers"))
    authenticator = Authenticator(ledger: ledger, memory: configuration.keyMemory)
    settler = Settler(
      ledger: ledger, queue: queue, lanes: LaneRule(tierBook, clock: configuration.clock),
      metrics: counts, log: log.component("settler"), time: configuration.time, forget: { drops.drop($0) })
    reconciler = Reconciler(
      ledger: ledger, queue: queue, settler: settler, metrics: counts, log: log.component("reconciler"),
      time: configuration.time)
    follower = FollowerWatch(
      ledger: ledger, queue: queue, settler: settler, patience: configuration.settlerSilenceMax,
      interval: configuration.followerInterval, log: log.component("follower"), time: configuration.time)
    consumption = ConsumptionWatch(
      queue: queue, patience: max(configuration.standstillMax, configuration.leaseDuration * 3),
      interval: configuration.consumptionInterval, services: settler.services,
      unsettled: { [settler] in settler.unsettled },
      log: log.component("consumption"))
    shares = ShareWatch(queue: queue)
    let check = DraftCheck(catalogue: catalogue, payloadBytesMax: configuration.payloadBytesMax)
    admission = AdmissionService(
      check: check, tiers: tierWatch, ledger: ledger, queue: queue,
      inputs: InputCheck(ledger: ledger, store: store, disk: disk),
      meter: WorkMeter(catalogue: catalogue, store: store, disk: disk),
      settler: settler, reconciler: reconciler, bounds: configuration.admission, metrics: counts,
      log: log.component("admission"), clock: configuration.clock, time: configuration.time)
  }

  var cancellation: Cancellation {
    Cancellation(ledger: ledger, queue: queue, entrance: admission.entrance, settler: settler, log: log)
  }

  // MARK: Services

  /// Puts the prices of this binary in force; unchanged ones keep their version. Makes the tiers of the local workers
  /// known, whose rates come into force where they have none: those that an operator set stay.
  public func publish() async throws(StrataError) {
    let listings = catalogue.capabilities.flatMap { capability in
      [Capability.Listing(name: capability.name, price: capability.price)] + capability.soldAs
    }
    let sightings = configuration.tiers.flatMap { tier in
      tier.workers.map { TierSighting(tier: tier.name, size: $0) }
    }
    do throws(LedgerError) {
      let priced = try await ledger.publish(prices: listings)
      let rated = try await ledger.note(sightings, rates: configuration.tiers.map(\.rate))
      let changed = priced.union(rated.map(\.rawValue))
      if !changed.isEmpty {
        log.info("new prices or rates in force", ["names": changed.sorted().joined(separator: " ")])
      }
      try await tierWatch.read()
    } catch {
      throw error.strataError
    }
  }

  /// Runs the services that every controller has, until the task is cancelled.
  ///
  /// - Parameter queueSessions: yields whenever the connection to the queue's server was made anew.
  public func serve(queueSessions: AsyncStream<RedisConnection.Session>) async {
    await withTaskGroup { group in
      group.addTask { await self.events.run() }
      group.addTask { await self.admission.entrance.retries.run() }
      group.addTask { await self.admission.room.run() }
      group.addTask { await self.follower.run() }
      group.addTask { await self.consumption.run() }
      group.addTask { await self.shares.run() }
      group.addTask { await self.tierWatch.run() }
      group.addTask {
        for await _ in queueSessions {
          self.settler.startOver()
          self.reconciler.request(.serverChanged)
        }
      }
      await group.waitForAll()
    }
  }

  /// Leads whenever no other controller does, and runs the leader's services then, until the task is cancelled.
  public func lead() async {
    while !Task.isCancelled {
      do {
        let term = try await leadership.lead(.controller)
        log.info("leading")
        await serve(term)
      } catch is CancellationError {
        return
      } catch {
        log.warning("leadership lost or not to be had; trying again", ["error": "\(error)"])
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  /// Runs the leader's services until the term or the task ends.
  private func serve(_ term: LeaderTerm) async {
    await withTaskGroup { group in
      group.addTask { await self.runLeaderServices() }
      await withTaskCancellationHandler {
        await term.ended()
      } onCancel: {
        Task { await term.resign() }
      }
      group.cancelAll()
    }
  }

  private func runLeaderServices() async {
    let services = LeaderServices(
      settler: settler, reconciler: reconciler, queue: queue, configuration: configuration, metrics: metrics, log: log)
    await withTaskGroup { group in
      group.addTask { await services.run() }
      group.addTask { await self.keeper().run() }
      group.addTask { await self.arrayKeeper().run() }
      group.addTask { await self.preempter().run() }
      group.addTask { await self.tierWatch.runLooks() }
      group.addTask { await self.keepHouse() }
      await group.waitForAll()
    }
  }

  private func keeper() -> ScheduleKeeper {
    ScheduleKeeper(
      ledger: ledger, admission: admission, metrics: metrics, log: log.component("schedules"),
      clock: configuration.clock)
  }

  private func arrayKeeper() -> ArrayKeeper {
    ArrayKeeper(
      ledger: ledger, admission: admission, endings: settler.endings, limits: configuration.arrays,
      log: log.component("arrays"), clock: configuration.clock)
  }

  private func preempter() -> Preempter {
    Preempter(
      queue: queue, ledger: ledger, preemptionsMax: configuration.preemptionsMax, metrics: metrics,
      log: log.component("preemption"), interval: configuration.preemptionInterval)
  }

  /// Removes what nobody needs any more. What is left over is seen to next time.
  private func keepHouse() async {
    while !Task.isCancelled {
      await configuration.time.pause(configuration.reconcileInterval)
      if !Task.isCancelled {
        _ = try? await ledger.expireKeys()
        await dropCheckpointsOfFinished()
      }
    }
  }

  /// What was saved by an attempt that did not know that its job was finished. What is left over is seen to next time.
  private func dropCheckpointsOfFinished() async {
    let jobs = await disk.run { [store] in (try? store.jobsWithCheckpoints()) ?? [] }
    guard !jobs.isEmpty, let states = try? await ledger.states(of: jobs) else { return }
    await disk.run { [store] in store.dropCheckpoints(of: jobs.filter { states[$0]?.isFinal == true }) }
  }

  /// Brings the gauges up to date, for whoever is about to read them.
  public func measure() async {
    let census = try? await queue.census()
    let oldest = try? await queue.outcomes(after: nil, limit: 1, waitingUpTo: .zero)
    metrics.observe(
      census, lag: oldest.map { $0.first.map { .now - $0.endedAt } ?? .zero }, tiers: tierBook.inOrder.map(\.name))
    metrics.observe(admission.room.door)
    metrics.observe(consumption.obstacles.map(\.cause))
  }

  // MARK: Clients

  /// - Returns: whose API key `secret` is; nil for no key of ours.
  public func authenticate(_ secret: String) async throws(StrataError) -> Principal? {
    do { return try await authenticator.principal(for: secret) } catch { throw error.strataError }
  }

  /// What `submit` would find before it looks for the inputs: checks, the price and the account's credits.
  ///
  /// - Throws: the refusal. Nothing is stored either way, and what is accepted now may be refused in a moment.
  public func check(_ draft: JobDraft, tenant: TenantID) async throws(StrataError) -> AdmissionPreview {
    if let array = draft.array {
      return try await admission.preview(draft, as: array, limits: configuration.arrays, tenant: tenant)
    }
    return try await admission.preview(draft, tenant: tenant)
  }

  /// Checks, holds for, stores and enqueues a job; of an array, the whole of it is stored and its tasks are made as there
  /// is room for them. Returns once it is committed.
  public func submit(_ draft: JobDraft, tenant: TenantID) async throws(StrataError) -> AdmittedJob {
    if let array = draft.array {
      return try await admission.submit(draft, as: array, limits: configuration.arrays, tenant: tenant)
    }
    return try await admission.submit(draft, tenant: tenant)
  }
}
