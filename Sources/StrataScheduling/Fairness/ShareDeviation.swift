/// How far a tenant's service was from its share of the server, over the window where it was farthest.
public struct ShareDeviation: Hashable, Sendable {
  public let tenant: Int
  /// Seconds. The tenant had work all the time.
  public let window: ClosedRange<Double>
  /// What it got in the window, and what its weight would have given it among those that had work.
  public let received: Double
  public let due: Double

  /// Work got in excess; negative where it got too little.
  public var amount: Double { received - due }
}

/// How far a tenant's service was from that of the fluid schedule since the beginning.
public struct FluidLag: Hashable, Sendable {
  public let tenant: Int
  /// Work by which it lagged at most. A schedule that serves jobs in the order in which the fluid one ends them stays
  /// within the largest job (Parekh and Gallager 1993, theorem 3).
  public let behind: Double
  /// Work by which it led at most.
  public let ahead: Double
}

/// When a tenant counts as having work, and so as sharing the server.
public enum BacklogRule: Hashable, Sendable {
  /// From a job's arrival to its end: for one server, as the theory has it.
  case unfinished
  /// From a job's arrival to its start: for many workers, where who has nothing waiting could use no more of them.
  case waiting
}

extension FluidSchedule {
  /// For each tenant, the greatest difference between what it got and its weighted share, over all windows in which it
  /// always had work; nil for one that never had. The share due in a window is the integral of capacity · weight / (sum
  /// of the weights of those that had work then).
  ///
  /// Start-time fair queueing keeps two tenants that have work within the sum of their largest jobs, each over its
  /// weight (Goyal, Vin and Cheng, "Start-time fair queueing: a scheduling algorithm for integrated services packet
  /// switching networks", IEEE/ACM Transactions on Networking 5(5), 1997, theorem 1).
  ///
  /// - Parameter runs: for each arrival when it was worked on, at an even rate; nil if it never was.
  /// - Complexity: O(n log n) for n arrivals and one server; times the number of jobs that run at once for many.
  public func deviations(
    of runs: [WorkRun?], backlog rule: BacklogRule = .unfinished
  ) throws(FluidScheduleError) -> [ShareDeviation?] {
    try check(runs)
    let backlog = Backlog(of: self, runs, rule)
    let services = receivedServices(runs)
    return weights.indices.map { tenant in
      let weight = Double(weights[tenant])
      let found = backlog.stretches[tenant].map { stretch in
        CurveGap(
          of: services[tenant], over: stretch, capacity: capacity, bends: backlog.clock.bends,
          minus: { weight * backlog.clock.value(at: $0) })
      }
      guard let worst = found.max(by: { $0.spread < $1.spread }) else { return nil }
      return worst.deviation(of: tenant) { weight * backlog.clock.value(at: $0) }
    }
  }

  /// For each tenant, how far its service lagged behind and led the fluid schedule's.
  ///
  /// - Complexity: as that of `deviations`.
  public func lags(of runs: [WorkRun?]) throws(FluidScheduleError) -> [FluidLag] {
    try check(runs)
    let services = receivedServices(runs)
    let start = arrivals.first?.time ?? 0
    let end = max(clock.time, runs.compactMap { $0?.end }.max() ?? start)
    return weights.indices.map { tenant in
      let gap = CurveGap(
        of: services[tenant], over: start...end, capacity: capacity, bends: clock.bends,
        minus: { service(of: tenant, upTo: $0) })
      return FluidLag(tenant: tenant, behind: max(0, -gap.least.gap), ahead: max(0, gap.greatest.gap))
    }
  }

  /// What one server does that works on arrivals in the given order, each in full before the next, never before it has
  /// arrived and never idle otherwise: the runs of a queue that hands jobs out in that order.
  public func runs(inOrder order: [Int]) -> [WorkRun?] {
    var runs = [WorkRun?](repeating: nil, count: arrivals.count)
    var free = -Double.infinity
    for index in order {
      let start = max(free, arrivals[index].time)
      free = start + arrivals[index].work / capacity
      runs[index] = WorkRun(start: start, end: free)
    }
    return runs
  }

  private func check(_ runs: [WorkRun?]) throws(FluidScheduleError) {
    guard runs.count == arrivals.count else { throw .runCount(runs.count, arrivals.count) }
    for (index, run) in runs.enumerated() {
      guard let run else { continue }
      guard arrivals[index].time <= run.start, run.start <= run.end, run.end.isFinite else { throw .run(index) }
    }
  }

  private func receivedServices(_ runs: [WorkRun?]) -> [ReceivedService] {
    var slices = weights.map { _ in [(run: WorkRun, work: Double)]() }
    for (arrival, run) in zip(arrivals, runs) {
      if let run { slices[arrival.tenant].append((run, arrival.work)) }
    }
    return slices.map { ReceivedService($0) }
  }
}
