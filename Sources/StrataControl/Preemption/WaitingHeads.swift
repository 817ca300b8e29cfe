import StrataCore
package import StrataQueue
package import StrataScheduling

/// Since when nothing but room has been missing for whoever is next in each lane: what looks at the queue tell of it. Pure.
///
/// A job waits since it was accepted, but no longer than its lane has had somebody waiting in all looks: so a job that was
/// submitted for later, or stood behind a limit, does not come with the time that it had to wait for that.
package struct WaitingHeads: Sendable {
  private var since: [Lane: Timestamp] = [:]

  package init() {}

  /// Notes a look. Returns who waits where jobs of lower classes run: for others nothing could end.
  package mutating func note(_ room: QueueRoom) -> [PreemptionPlan.Waiting] {
    // Of whatever tier: a worker may serve several.
    let lowest = room.lanes.filter { $0.value.leased > 0 }.map(\.key.priorityClass).min()
    var (found, known): ([PreemptionPlan.Waiting], [Lane: Timestamp]) = ([], [:])
    for (lane, jobs) in room.lanes {
      guard let job = jobs.nextJob, jobs.next != nil else { continue }
      let start = since[lane] ?? room.time
      known[lane] = start
      guard let lowest, lowest < lane.priorityClass else { continue }
      let accepted = Timestamp(microseconds: job.createdMilliseconds * 1_000)
      found.append(
        PreemptionPlan.Waiting(
          job: job, tier: lane.tier, priorityClass: lane.priorityClass, resources: lane.resources,
          since: max(start, accepted)))
    }
    since = known
    return found
  }
}
