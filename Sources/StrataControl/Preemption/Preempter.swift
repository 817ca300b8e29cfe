import StrataCore
package import StrataLedger
package import StrataQueue
package import StrataRuntime
import StrataScheduling

/// Has jobs that may be preempted end where jobs of higher classes have waited for their room. The leader does; what ends is
/// `PreemptionPlan`'s to say.
///
/// It looks regularly, and at all that runs only where somebody has waited for long. One job of each lane is made room for
/// at a look.
package struct Preempter: Sendable {
  /// Jobs that end at one look: so many that save what they have at once are a load that a cluster bears.
  package static let victimsMax = 100
  /// Jobs that end for one. Where several do, their worker keeps for it what the first ones give back until the last has gone.
  package static let victimsOfOneMax = 16
  /// For how long at most: every victim has saved what it has by then, and been torn down where it had to be.
  package static let reservationMax = Duration.seconds(PreemptionTerms.graceSecondsMax + 30)
  /// Between two looks.
  package static let interval = Duration.seconds(2)

  private let queue: any JobQueue
  private let ledger: Ledger
  private let preemptionsMax: Int
  private let metrics: ControlMetrics
  private let log: Log
  private let interval: Duration

  /// - Parameter preemptionsMax: a job that has been preempted so often is not any more.
  package init(
    queue: any JobQueue, ledger: Ledger, preemptionsMax: Int, metrics: ControlMetrics = ControlMetrics(),
    log: Log = .silent, interval: Duration = Preempter.interval
  ) {
    self.queue = queue
    self.ledger = ledger
    self.preemptionsMax = preemptionsMax
    self.metrics = metrics
    self.log = log
    self.interval = interval
  }

  /// Looks until the task is cancelled. An outage of queue or ledger is waited out; others tell of it.
  package func run() async {
    var heads = WaitingHeads()
    while !Task.isCancelled {
      do { try await look(&heads) } catch { log.info("nobody is preempted for the moment", ["error": "\(error)"]) }
      try? await Task.sleep(for: interval)
    }
  }

  /// Looks once.
  package func look(_ heads: inout WaitingHeads) async throws {
    guard let patience = QueuePolicy(try await ledger.queueOrder()).preemptAfter else {
      heads = WaitingHeads()
      return
    }
    let room = try await queue.room()
    let waiting = heads.note(room)
    guard waiting.contains(where: { room.time - $0.since >= patience }) else { return }
    let loads = try await queue.running().filter { $0.deadline > room.time }
    let spared = try await spared(among: loads)
    let plan = PreemptionPlan(
      for: waiting, on: loads.compactMap { PreemptionPlan.Worker($0, sparing: spared) },
      under: PreemptionPlan.Policy(
        after: patience, victimsMax: Self.victimsMax, victimsOfOneMax: Self.victimsOfOneMax), at: room.time)
    let lanes = room.lanes.reduce(into: [JobID: Lane]()) { lanes, entry in
      if let job = entry.value.nextJob { lanes[job] = entry.key }
    }
    for choice in plan.choices where try await hasRoomReserved(for: choice, lanes[choice.waiting.job]) {
      let isForSomething = try await carryOut(choice, loads)
      if !isForSomething, choice.victims.count > 1, let lane = lanes[choice.waiting.job] {
        _ = try await queue.reserve(lane, on: choice.worker, for: .zero)
      }
    }
  }

  /// Whether what several jobs give back will be there together: one worker keeps room in a pool at a time.
  private func hasRoomReserved(for choice: PreemptionPlan.Choice, _ lane: Lane?) async throws(QueueError) -> Bool {
    guard choice.victims.count > 1 else { return true }
    guard let lane else { return false }
    return try await queue.reserve(lane, on: choice.worker, for: Self.reservationMax)
  }

  /// Jobs that have been preempted often enough.
  private func spared(among loads: [WorkerLoad]) async throws -> Set<JobID> {
    let candidates = loads.flatMap(\.running).filter(\.isPreemptible).map(\.lease.job)
    if candidates.isEmpty { return [] }
    return Set(try await ledger.preemptions(of: candidates).filter { $0.value >= preemptionsMax }.keys)
  }

  /// - Returns: whether any job ends.
  private func carryOut(_ choice: PreemptionPlan.Choice, _ loads: [WorkerLoad]) async throws(QueueError) -> Bool {
    let victims = Set(choice.victims.map(\.job))
    let leases = loads.first { $0.id == choice.worker }?.running.map(\.lease).filter { victims.contains($0.job) } ?? []
    let asked = leases.map { Preemption(lease: $0, preemptor: choice.waiting.priorityClass) }
    let verdicts = try await queue.preempt(asked)
    let told = zip(asked, verdicts).filter { $0.1 == .signalled }.map(\.0.lease.job)
    metrics.preemptions.increment(by: UInt64(told.count))
    if told.isEmpty { return false }
    log.info(
      "jobs end so that one of a higher class has their room",
      [
        "jobs": told.map(\.description).joined(separator: " "), "worker": "\(choice.worker)",
        "for": "\(choice.waiting.job)", "class": "\(choice.waiting.priorityClass.rawValue)",
      ])
    return true
  }
}

extension PreemptionPlan.Worker {
  /// - Returns: nil for one that has never asked for jobs, as nobody knows what it could run, and for one that is dedicated
  ///   to a tenant: what it runs is not ended for others.
  fileprivate init?(_ load: WorkerLoad, sparing spared: Set<JobID>) {
    guard let capacity = load.capacity, !capacity.isDedicated else { return nil }
    self.init(
      id: load.id, tiers: capacity.tiers, wholeRoom: capacity.wholeRoom, slotsLeft: capacity.slotsLeft,
      keepsFor: capacity.keepsFor,
      running: load.running.map { one in
        PreemptionPlan.Running(
          job: one.lease.job, tiers: one.lane.placements.map(\.tier), priorityClass: one.lane.priorityClass,
          resources: one.lane.resources,
          isPreemptible: one.isPreemptible && !spared.contains(one.lease.job), isEnding: one.isEnding,
          startedAt: one.startedAt)
      })
  }
}
