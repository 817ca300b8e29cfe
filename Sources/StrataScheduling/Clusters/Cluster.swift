/// A cluster while it is simulated, from event to event.
struct Cluster {
  private let jobs: [RigidJob]
  private let discipline: ClusterDiscipline
  private var starts: [Int64]
  private var free: Int
  /// Jobs in line, in order of submission.
  private var waiting: [Int] = []
  /// In order of the ends that their owners have told.
  private var running: [Promise] = []
  private var ends = PriorityHeap<End>()

  private struct End: Comparable {
    let time: Int64
    let job: Int
    static func < (a: Self, b: Self) -> Bool { (a.time, a.job) < (b.time, b.job) }
  }

  /// When processors are free again at the latest.
  private struct Promise: Comparable {
    let time: Int64
    let job: Int
    let processors: Int
    static func < (a: Self, b: Self) -> Bool { (a.time, a.job) < (b.time, b.job) }
  }

  init(jobs: [RigidJob], processors: Int, discipline: ClusterDiscipline) {
    self.jobs = jobs
    self.discipline = discipline
    free = processors
    starts = jobs.map(\.submitMilliseconds)
  }

  /// - Returns: when each job starts.
  mutating func run() -> [Int64] {
    var next = 0
    while true {
      let arrival = next < jobs.count ? jobs[next].submitMilliseconds : nil
      // All that happens at one instant happens before anything is decided.
      guard let now = [arrival, ends.first?.time].compactMap({ $0 }).min() else { return starts }
      while let end = ends.first, end.time == now { finish(end) }
      while next < jobs.count, jobs[next].submitMilliseconds == now {
        waiting.append(next)
        next += 1
      }
      startWhatFits(at: now)
    }
  }

  private mutating func startWhatFits(at now: Int64) {
    var started = 0
    while started < waiting.count, jobs[waiting[started]].processors <= free {
      start(waiting[started], at: now)
      started += 1
    }
    waiting.removeFirst(started)
    if discipline == .easyBackfilling, free > 0, let head = waiting.first { backfill(behind: head, at: now) }
  }

  /// Starts each waiting job, in order, that fits now, and either ends before the head's reservation begins or uses
  /// processors that the head leaves over.
  private mutating func backfill(behind head: Int, at now: Int64) {
    var reservation = reservation(for: jobs[head].processors)
    var started: Set<Int> = []
    for job in waiting.dropFirst() where free > 0 {
      let (processors, end) = (jobs[job].processors, now + jobs[job].requestedMilliseconds)
      let endsInTime = end <= reservation.time
      guard processors <= free, endsInTime || processors <= reservation.left else { continue }
      if !endsInTime { reservation.left -= processors }
      start(job, at: now)
      started.insert(job)
    }
    if !started.isEmpty { waiting.removeAll { started.contains($0) } }
  }

  /// When so many processors are free if all running jobs end as told, and how many more are free then.
  private func reservation(for processors: Int) -> (time: Int64, left: Int) {
    var available = free
    var time = Int64.max
    for promise in running {
      if available >= processors, promise.time > time { break }
      available += promise.processors
      time = promise.time
    }
    return (time, available - processors)
  }

  private mutating func start(_ job: Int, at now: Int64) {
    starts[job] = now
    free -= jobs[job].processors
    ends.insert(End(time: now + jobs[job].runMilliseconds, job: job))
    let promise = promise(of: job)
    running.insert(promise, at: place(of: promise))
  }

  private mutating func finish(_ end: End) {
    _ = ends.removeFirst()
    free += jobs[end.job].processors
    running.remove(at: place(of: promise(of: end.job)))
  }

  private func promise(of job: Int) -> Promise {
    Promise(time: starts[job] + jobs[job].requestedMilliseconds, job: job, processors: jobs[job].processors)
  }

  /// The first place in `running` that is not before `promise`.
  private func place(of promise: Promise) -> Int {
    var (low, high) = (0, running.count)
    while low < high {
      let middle = (low + high) / 2
      if running[middle] < promise { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
