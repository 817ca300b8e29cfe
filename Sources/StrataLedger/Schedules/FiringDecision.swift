package import StrataCore

/// Decides what becomes of schedules' runs from what was read under the locks of accounts and schedules, without any I/O.
package struct FiringDecision {
  /// A schedule as it was locked.
  package struct Locked: Hashable, Sendable {
    package let id: ScheduleID
    package let revision: Int64
    package let decidedAt: Timestamp
    package let overlap: OverlapPolicy
    /// Whether a job of it has not ended.
    package var isBusy: Bool

    package init(id: ScheduleID, revision: Int64, decidedAt: Timestamp, overlap: OverlapPolicy, isBusy: Bool) {
      self.id = id
      self.revision = revision
      self.decidedAt = decidedAt
      self.overlap = overlap
      self.isBusy = isBusy
    }
  }

  /// What is to be noted of one schedule.
  package struct Step: Hashable, Sendable {
    package let firing: ScheduleFiring
    package let outcomes: [ScheduleOutcome]
  }

  /// What the ledger would admit, with what was admitted before it.
  package private(set) var admission: AdmissionDecision
  package private(set) var verdicts: [FiringVerdict] = []
  package private(set) var steps: [Step] = []
  private var locked: [ScheduleID: Locked]

  package init(admission: AdmissionDecision, locked: [Locked]) {
    self.admission = admission
    self.locked = Dictionary(locked.map { ($0.id, $0) }) { first, _ in first }
  }

  package mutating func decide(_ firings: [ScheduleFiring]) {
    for firing in firings { verdicts.append(verdict(on: firing)) }
  }

  private mutating func verdict(on firing: ScheduleFiring) -> FiringVerdict {
    guard var schedule = locked[firing.schedule], schedule.revision == firing.revision,
      schedule.decidedAt == firing.decidedAt
    else { return .stale(firing.submissions.compactMap { admission.known($0.job) }) }
    var outcomes: [ScheduleOutcome] = []
    for run in firing.runs { outcomes.append(outcome(of: run, schedule: &schedule)) }
    // Of two firings of one schedule the second finds it decided.
    locked[firing.schedule] = nil
    steps.append(Step(firing: firing, outcomes: outcomes))
    return .fired(outcomes)
  }

  private mutating func outcome(of run: ScheduleFiring.Run, schedule: inout Locked) -> ScheduleOutcome {
    if schedule.overlap == .skip, schedule.isBusy { return .skipped(.overlap) }
    switch run.submission {
    case .failure(let error): return .refused(error.refusal)
    case .success(let submission):
      admission.decide([submission])
      switch admission.verdicts.last {
      case .accepted(let job)?:
        schedule.isBusy = true
        return .made(job)
      case .refused(let refusal)?: return .refused(ScheduleRefusal(refusal.strataError))
      case .existing?, nil: return .skipped(.notUnique)
      }
    }
  }
}
