public import StrataCore

/// Which running jobs are to end so that waiting ones of higher classes have room: a decision from what is known of workers
/// and of who waits, without any I/O.
///
/// Who waits is looked at class by class, the highest first. One that finds room that is free, or is coming because jobs
/// are being ended already, gets that, and nothing ends for it; so what was decided before is not decided again. For
/// another that has waited for long, jobs of one worker end: only such as may be preempted, of strictly lower classes, none
/// of which could be spared. Of all workers that one is chosen which loses the lowest classes, then the fewest jobs, then
/// the least work.
public struct PreemptionPlan: Hashable, Sendable {
  /// A job that nothing but room is missing for.
  public struct Waiting: Hashable, Sendable {
    public let job: JobID
    public let tier: TierName
    public let priorityClass: PriorityClass
    public let resources: ResourceRequest
    public let since: Timestamp

    public init(
      job: JobID, tier: TierName, priorityClass: PriorityClass, resources: ResourceRequest, since: Timestamp
    ) {
      self.job = job
      self.tier = tier
      self.priorityClass = priorityClass
      self.resources = resources
      self.since = since
    }
  }

  public struct Running: Hashable, Sendable {
    public let job: JobID
    /// Where it waits once it has ended: in its tier, and in those in which it may run otherwise.
    public let tiers: [TierName]
    public let priorityClass: PriorityClass
    public let resources: ResourceRequest
    public let isPreemptible: Bool
    /// Whether it is being ended already.
    public let isEnding: Bool
    public let startedAt: Timestamp

    public init(
      job: JobID, tiers: [TierName], priorityClass: PriorityClass, resources: ResourceRequest, isPreemptible: Bool,
      isEnding: Bool = false, startedAt: Timestamp
    ) {
      self.job = job
      self.tiers = tiers
      self.priorityClass = priorityClass
      self.resources = resources
      self.isPreemptible = isPreemptible
      self.isEnding = isEnding
      self.startedAt = startedAt
    }
  }

  public struct Worker: Hashable, Sendable {
    public let id: WorkerID
    /// In the order in which it looks for work.
    public let tiers: [TierName]
    /// What it has free once everything that it runs is over.
    public let wholeRoom: ResourceRequest
    /// How many more jobs it would take, whatever they need.
    public let slotsLeft: Int
    /// It takes jobs of this class, for one of which it keeps room, and of higher ones; nil where it takes all.
    public let keepsFor: PriorityClass?
    public let running: [Running]

    public init(
      id: WorkerID, tiers: [TierName], wholeRoom: ResourceRequest, slotsLeft: Int, keepsFor: PriorityClass? = nil,
      running: [Running]
    ) {
      self.id = id
      self.tiers = tiers
      self.wholeRoom = wholeRoom
      self.slotsLeft = slotsLeft
      self.keepsFor = keepsFor
      self.running = running
    }
  }

  /// What ends on a worker for one job.
  public struct Choice: Hashable, Sendable {
    public let waiting: Waiting
    public let worker: WorkerID
    /// The lowest class first, and in a class the latest started.
    public let victims: [Running]
  }

  public struct Policy: Hashable, Sendable {
    /// How long a job waits before others end for it.
    public let after: Duration
    /// The most jobs that end by one plan; one that would need more of them waits.
    public let victimsMax: Int
    /// The most jobs that end for one.
    public let victimsOfOneMax: Int

    public init(after: Duration, victimsMax: Int, victimsOfOneMax: Int = .max) {
      self.after = after
      self.victimsMax = victimsMax
      self.victimsOfOneMax = victimsOfOneMax
    }
  }

  public private(set) var choices: [Choice] = []
  private var workers: [WorkerRoom]
  private var victimsLeft: Int
  private let victimsOfOneMax: Int

  /// - Complexity: O(jobs waiting · jobs running · log(jobs running of a worker)).
  public init(for waiting: [Waiting], on workers: [Worker], under policy: Policy, at now: Timestamp) {
    self.workers = workers.map(WorkerRoom.init)
    victimsLeft = policy.victimsMax
    victimsOfOneMax = policy.victimsOfOneMax
    for job in waiting.sorted(by: Self.goesBefore) where !claim(job) && now - job.since >= policy.after {
      choose(for: job, now)
    }
  }

  private static func goesBefore(_ a: Waiting, _ b: Waiting) -> Bool {
    if a.priorityClass != b.priorityClass { return a.priorityClass > b.priorityClass }
    return (a.since, a.job) < (b.since, b.job)
  }

  /// Gives a job room that is free or coming, if there is any.
  private mutating func claim(_ job: Waiting) -> Bool {
    guard let place = workers.indices.first(where: { workers[$0].hasRoom(for: job, without: []) }) else { return false }
    workers[place].give(to: job, without: [])
    return true
  }

  private mutating func choose(for job: Waiting, _ now: Timestamp) {
    var best: (place: Int, victims: [Running])?
    for place in workers.indices {
      let most = min(victimsLeft, victimsOfOneMax)
      guard let victims = workers[place].victims(for: job, atMost: most) else { continue }
      if best.map({ Self.loss(of: victims, now) < Self.loss(of: $0.victims, now) }) ?? true { best = (place, victims) }
    }
    guard let best else { return }
    workers[best.place].give(to: job, without: best.victims)
    victimsLeft -= best.victims.count
    choices.append(Choice(waiting: job, worker: workers[best.place].worker.id, victims: best.victims))
  }

  /// What ending jobs costs: the highest class, how many, and the nanoseconds that they have run.
  private static func loss(of victims: [Running], _ now: Timestamp) -> (Int, Int, Int64) {
    let time = victims.reduce(Int64(0)) { $0.addingReportingOverflow(max(0, (now - $1.startedAt).nanoseconds)).0 }
    return (victims.map(\.priorityClass.rawValue).max() ?? 0, victims.count, time)
  }
}

/// A worker, and what of its room is spoken for while a plan is made.
private struct WorkerRoom: Hashable, Sendable {
  let worker: PreemptionPlan.Worker
  /// What is free or coming, and nobody's yet.
  private var room: ResourceRequest
  private var slots: Int
  /// Jobs that could end, as they would be chosen.
  private var candidates: [PreemptionPlan.Running]

  init(_ worker: PreemptionPlan.Worker) {
    self.worker = worker
    let staying = worker.running.filter { !$0.isEnding }
    room = staying.reduce(worker.wholeRoom) { $0.less($1.resources) }
    slots = worker.slotsLeft + worker.running.count - staying.count
    candidates = staying.filter(\.isPreemptible).sorted {
      if $0.priorityClass != $1.priorityClass { return $0.priorityClass < $1.priorityClass }
      return ($0.startedAt, $0.job) > ($1.startedAt, $1.job)
    }
  }

  private func serves(_ job: PreemptionPlan.Waiting) -> Bool {
    worker.tiers.contains(job.tier) && worker.keepsFor.map { job.priorityClass >= $0 } ?? true
  }

  /// Whether there is room for a job once `victims` are gone.
  func hasRoom(for job: PreemptionPlan.Waiting, without victims: [PreemptionPlan.Running]) -> Bool {
    guard serves(job), slots + victims.count > 0 else { return false }
    return job.resources.fits(in: victims.reduce(room) { $0.adding($1.resources) })
  }

  mutating func give(to job: PreemptionPlan.Waiting, without victims: [PreemptionPlan.Running]) {
    room = victims.reduce(room) { $0.adding($1.resources) }.less(job.resources)
    slots += victims.count - 1
    candidates.removeAll { candidate in victims.contains { $0.job == candidate.job } }
  }

  /// Whether the worker looks for jobs of the tier before it looks for this one: they would get the room again.
  private func goesBefore(_ tier: TierName, _ job: PreemptionPlan.Waiting) -> Bool {
    guard let place = worker.tiers.firstIndex(of: tier), let own = worker.tiers.firstIndex(of: job.tier) else {
      return false
    }
    return place < own
  }

  /// Whether what several give back is kept for the job: what waits in a tier that the worker looks at before would get it.
  private func keepsRoom(for job: PreemptionPlan.Waiting) -> Bool { worker.tiers.first == job.tier }

  /// Jobs that make room for another where they end, none of which could be spared; nil where all do not, or too many would
  /// have to end.
  func victims(for job: PreemptionPlan.Waiting, atMost most: Int) -> [PreemptionPlan.Running]? {
    let most = keepsRoom(for: job) ? most : min(most, 1)
    let lower = candidates.filter { candidate in
      candidate.priorityClass < job.priorityClass && !candidate.tiers.contains { goesBefore($0, job) }
    }
    for highest in Set(lower.map(\.priorityClass)).sorted() {
      let among = lower.filter { $0.priorityClass <= highest }
      guard hasRoom(for: job, without: among) else { continue }
      let one = among.first { hasRoom(for: job, without: [$0]) }
      let found = one.map { [$0] } ?? sparing(among, for: job)
      if found.count <= most { return found }
    }
    return nil
  }

  /// As few of these as make room, those that are first in them.
  private func sparing(_ among: [PreemptionPlan.Running], for job: PreemptionPlan.Waiting) -> [PreemptionPlan.Running] {
    var chosen: [PreemptionPlan.Running] = []
    for victim in among where !hasRoom(for: job, without: chosen) { chosen.append(victim) }
    for place in chosen.indices.reversed() {
      var fewer = chosen
      fewer.remove(at: place)
      if hasRoom(for: job, without: fewer) { chosen = fewer }
    }
    return chosen
  }
}
