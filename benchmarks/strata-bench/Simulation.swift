import StrataScheduling

/// A job of a simulation. Times are microseconds since its beginning.
struct SimulatedJob: Sendable {
  let submitMicroseconds: Int64
  let runMicroseconds: Int64
  let tenant: Int
  var cores = 1
  /// What it asks for. How long jobs take, the queue learns by capability and resources.
  var capability = "bench"

  var coreSeconds: Double { Double(runMicroseconds) / 1e6 * Double(cores) }
}

/// From when to when a job ran, microseconds.
struct SimulatedRun: Sendable {
  let start: Int64
  let end: Int64
}

/// What decides which of the waiting jobs run next. Jobs are named by their places in the simulation.
protocol Dispatcher {
  /// Jobs that wait from now on, in order of submission.
  mutating func submit(_ places: [Int], at time: Int64) async throws
  /// Jobs that start now; together they need no more than `room` cores.
  mutating func start(within room: Int, at time: Int64) async throws -> [Int]
  /// Jobs that have ended.
  mutating func finish(_ places: [Int], at time: Int64) async throws
}

/// Workers with so many cores, from event to event: jobs come and end when the simulation says, and what starts when a
/// dispatcher decides. No time passes but that of the dispatcher's own calls.
struct Simulation: Sendable {
  /// In order of submission.
  let jobs: [SimulatedJob]
  let cores: Int
  /// Microseconds; what happens from then on is not simulated, and runs still under way end later than it.
  var end = Int64.max

  /// - Returns: by job when it ran; nil where it had not started by the end.
  func run(by dispatcher: inout some Dispatcher) async throws -> [SimulatedRun?] {
    var state = State(self)
    while try await state.step(dispatcher: &dispatcher) {}
    return state.runs
  }

  private struct State {
    private let jobs: [SimulatedJob]
    private let end: Int64
    private(set) var runs: [SimulatedRun?]
    private var free: Int
    private var waiting = 0
    private var next = 0
    /// Arrived while nothing could start: told before anything is decided.
    private var untold: [Int] = []
    /// The last one ends first.
    private var running: [Int] = []

    init(_ simulation: Simulation) {
      jobs = simulation.jobs
      end = simulation.end
      free = simulation.cores
      runs = Array(repeating: nil, count: jobs.count)
    }

    /// All that happens at the next instant. Returns false where nothing happens any more.
    mutating func step(dispatcher: inout some Dispatcher) async throws -> Bool {
      let arrival = next < jobs.count ? jobs[next].submitMicroseconds : .max
      let now = min(arrival, running.last.map(endOf) ?? .max)
      guard now < end else { return false }
      var ended: [Int] = []
      while let last = running.last, endOf(last) == now {
        ended.append(last)
        free += jobs[last].cores
        running.removeLast()
      }
      if !ended.isEmpty {
        try await tell(&dispatcher, now)
        try await dispatcher.finish(ended, at: now)
      }
      while next < jobs.count, jobs[next].submitMicroseconds == now {
        untold.append(next)
        next += 1
      }
      guard free > 0 else { return true }
      try await tell(&dispatcher, now)
      if waiting > 0 { note(try await dispatcher.start(within: free, at: now), at: now) }
      return true
    }

    private mutating func tell(_ dispatcher: inout some Dispatcher, _ now: Int64) async throws {
      guard !untold.isEmpty else { return }
      waiting += untold.count
      try await dispatcher.submit(untold, at: now)
      untold = []
    }

    private mutating func note(_ started: [Int], at now: Int64) {
      waiting -= started.count
      for place in started {
        free -= jobs[place].cores
        runs[place] = SimulatedRun(start: now, end: now + jobs[place].runMicroseconds)
        let own = endOf(place)
        let index = running.firstIndex { endOf($0) < own } ?? running.endIndex
        running.insert(place, at: index)
      }
      precondition(free >= 0, "more was started than there is room for")
    }

    private func endOf(_ place: Int) -> Int64 { runs[place]?.end ?? .max }
  }
}

extension Simulation {
  /// The same for the arithmetic of `FluidSchedule`: the work of each job, and what of it was done before the end.
  func workDone(_ runs: [SimulatedRun?]) -> (arrivals: [WorkArrival], runs: [WorkRun?]) {
    let horizon = end == .max ? runs.compactMap { $0?.end }.max() ?? 0 : end
    let pieces = zip(jobs, runs).map { job, run -> (WorkArrival, WorkRun?) in
      let stop = min(run?.end ?? 0, horizon)
      let done = run.map { Double(stop - $0.start) / 1e6 * Double(job.cores) }
      let arrival = WorkArrival(
        time: Double(job.submitMicroseconds) / 1e6, tenant: job.tenant, work: done ?? job.coreSeconds)
      return (arrival, run.map { WorkRun(start: Double($0.start) / 1e6, end: Double(stop) / 1e6) })
    }
    return (pieces.map(\.0), pieces.map(\.1))
  }
}
