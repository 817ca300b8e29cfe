public import StrataCore
public import StrataLedger
import StrataQueue

/// A tier with its workers and what waits for them.
public struct TierReport: Hashable, Sendable {
  public let name: TierName
  /// What is known of it; nil where only the queue knows it: of one that was removed, or whose first worker has come just
  /// now.
  public let definition: TierDefinition?
  /// Workers that serve it.
  public internal(set) var workers = 0
  /// Those of them that are dedicated to a tenant, lending or not.
  public internal(set) var dedicated = 0
  /// Jobs that they would run at once, and how many more they would take now.
  public var slots: Int { running + slotsFree }
  public internal(set) var slotsFree = 0
  /// What they have free where they would take more jobs, and what they have when nothing runs.
  public internal(set) var free = ResourceRequest.none
  public internal(set) var room = ResourceRequest.none
  public internal(set) var waiting = 0
  public internal(set) var running = 0
  /// Jobs that wait for their time.
  public internal(set) var delayed = 0
  public let limit: RunningLimit

  /// What a look at the queue tells of tiers: those that jobs may ask for, and those that the queue knows. Pure.
  static func all(
    _ room: QueueRoom, tiers: [TierName: TierDefinition], limits: [TierName: RunningLimit]
  ) -> [TierReport] {
    var reports: [TierName: TierReport] = [:]
    func report(_ name: TierName) -> TierReport {
      reports[name] ?? TierReport(name: name, definition: tiers[name], limit: limits[name] ?? RunningLimit())
    }
    for name in tiers.keys { reports[name] = report(name) }
    for (lane, jobs) in room.lanes { reports[lane.tier] = report(lane.tier).with(jobs, in: lane) }
    for worker in room.workers where worker.deadline > room.time {
      for tier in worker.tiers { reports[tier] = report(tier).with(worker) }
    }
    return reports.values.sorted { $0.name.rawValue < $1.name.rawValue }
  }

  private func with(_ jobs: QueueRoom.Waiting, in lane: Lane) -> TierReport {
    var report = self
    report.waiting += jobs.ready
    report.running += jobs.leased
    report.delayed += jobs.delayed
    return report
  }

  private func with(_ worker: QueueRoom.Worker) -> TierReport {
    var report = self
    report.workers += 1
    if worker.dedication != nil { report.dedicated += 1 }
    report.room = report.room.adding(worker.capacity?.wholeRoom ?? .none)
    guard let slots = worker.idle[name] else { return report }
    report.slotsFree += slots
    report.free = report.free.adding(worker.free ?? .none)
    return report
  }
}

extension ControlPlane {
  /// The tiers with their workers, their room and their jobs.
  public func tierReports() async throws(StrataError) -> [TierReport] {
    let gates = try await gates().filter { $0.kind == .tier }
    let limits = gates.reduce(into: [TierName: RunningLimit]()) { limits, gate in
      if let name = TierName(rawValue: gate.name) { limits[name] = gate.limit }
    }
    do { return TierReport.all(try await queue.room(), tiers: tierBook.tiers, limits: limits) } catch {
      throw StrataError(.unavailable, "the queue cannot be reached", remedy: "try again in a moment", cause: error)
    }
  }
}

extension ResourceRequest {
  static let none = ResourceRequest(cpuMillicores: 0, memoryBytes: 0, gpuThousandths: 0)
}
