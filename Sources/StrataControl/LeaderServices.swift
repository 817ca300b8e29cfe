import StrataCore
package import StrataQueue
package import StrataRuntime

/// What a leader does for the jobs that there are: settles, reaps, promotes, reconciles, and looks for what was left behind.
package struct LeaderServices: Sendable {
  let settler: Settler
  let reconciler: Reconciler
  let queue: any JobQueue
  let configuration: ControlPlane.Configuration
  let metrics: ControlMetrics
  let log: Log

  private var time: Timekeeper { configuration.time }

  package init(
    settler: Settler, reconciler: Reconciler, queue: any JobQueue, configuration: ControlPlane.Configuration,
    metrics: ControlMetrics = ControlMetrics(), log: Log = .silent
  ) {
    self.settler = settler
    self.reconciler = reconciler
    self.queue = queue
    self.configuration = configuration
    self.metrics = metrics
    self.log = log
  }

  /// Serves until the task is cancelled.
  package func run() async {
    let reaper = Reaper(
      queue: queue, leaseDuration: configuration.leaseDuration, reconciler: reconciler, metrics: metrics,
      log: log.component("reaper"), time: time)
    let promoter = Promoter(
      queue: queue, metrics: metrics, log: log.component("promoter"), time: time)
    await withTaskGroup { group in
      group.addTask { await settler.run() }
      group.addTask { await reaper.run() }
      group.addTask { await promoter.run() }
      group.addTask { await reconcile() }
      group.addTask { await requestRegularly() }
      group.addTask { await carryOutCancellations() }
      group.addTask { await lookForAccepted() }
      await group.waitForAll()
    }
  }

  /// What is moved aside from here on is watched; the comparison that follows looks for the jobs of all before. Where that
  /// cannot be had soon, jobs are compared without it.
  private func reconcile() async {
    let watch = UnreadableWatch(
      queue: queue, reconciler: reconciler, metrics: metrics, log: log.component("queue"), time: time)
    let start = await watch.start()
    async let watching: Void = watch.run(after: start)
    await reconciler.run()
    await watching
  }

  private func requestRegularly() async {
    while !Task.isCancelled {
      await time.pause(configuration.reconcileInterval)
      if !Task.isCancelled { reconciler.request(.regular) }
    }
  }

  /// An outage is waited out; those who do nothing else tell of it.
  private func carryOutCancellations() async {
    while !Task.isCancelled {
      await time.pause(configuration.cancellationInterval)
      do {
        try await reconciler.carryOutCancellations()
      } catch {
        log.info("cancellations are carried out later", ["error": "\(error)"])
      }
    }
  }

  private func lookForAccepted() async {
    let (age, overlap) = (configuration.acceptedAge, Reconciler.overlap)
    var looks = AcceptedLooks(ages: [age, age + overlap], start: time.wall.now)
    while !Task.isCancelled {
      await time.pause(configuration.acceptedInterval)
      do {
        try await looks.advance(to: time.wall.now) { try await reconciler.restoreAccepted(from: $0, to: $1) }
      } catch {
        log.info("accepted jobs are looked for later", ["error": "\(error)"])
      }
    }
  }
}
