import StrataScheduling

// What the queue is compared with: other orders, decided in memory.

/// In order of arrival, passing over what there is no room for: what a plain list with no reservations does.
struct ArrivalOrder: Dispatcher {
  let jobs: [SimulatedJob]
  private var waiting: [Int] = []
  private var taken = 0

  init(jobs: [SimulatedJob]) { self.jobs = jobs }

  mutating func submit(_ places: [Int], at time: Int64) { waiting += places }

  mutating func start(within room: Int, at time: Int64) -> [Int] {
    var (left, started, passed) = (room, [Int](), [Int]())
    while left > 0, taken < waiting.count {
      let place = waiting[taken]
      taken += 1
      if jobs[place].cores <= left {
        left -= jobs[place].cores
        started.append(place)
      } else {
        passed.append(place)
      }
    }
    taken -= passed.count
    waiting.replaceSubrange(taken..<taken + passed.count, with: passed)
    return started
  }

  mutating func finish(_ places: [Int], at time: Int64) {}
}

/// One job of each tenant in turn, whatever it weighs. Jobs of one core.
struct JobRoundRobin: Dispatcher {
  let jobs: [SimulatedJob]
  private var lines: [TenantLine]
  private var turn = 0

  init(jobs: [SimulatedJob], tenants: Int) {
    self.jobs = jobs
    lines = Array(repeating: TenantLine(), count: tenants)
  }

  mutating func submit(_ places: [Int], at time: Int64) {
    for place in places { lines[jobs[place].tenant].append(place) }
  }

  mutating func start(within room: Int, at time: Int64) -> [Int] {
    var (started, missed) = ([Int](), 0)
    while started.count < room, missed < lines.count {
      turn = (turn + 1) % lines.count
      if let place = lines[turn].popFirst() {
        started.append(place)
        missed = 0
      } else {
        missed += 1
      }
    }
    return started
  }

  mutating func finish(_ places: [Int], at time: Int64) {}
}

/// Start-time fair queueing as the paper has it, which knows how long each job runs before it starts (Goyal, Vin and
/// Cheng 1997). Jobs of one core.
struct InformedFairQueueing: Dispatcher {
  let jobs: [SimulatedJob]
  let weights: [Int]
  private var lines: [TenantLine]
  private var tags: [Double]
  private var virtualTime = 0.0

  init(jobs: [SimulatedJob], weights: [Int]) {
    self.jobs = jobs
    self.weights = weights
    lines = weights.map { _ in TenantLine() }
    tags = weights.map { _ in 0 }
  }

  mutating func submit(_ places: [Int], at time: Int64) {
    for place in places {
      let tenant = jobs[place].tenant
      if lines[tenant].isEmpty { tags[tenant] = max(tags[tenant], virtualTime) }
      lines[tenant].append(place)
    }
  }

  mutating func start(within room: Int, at time: Int64) -> [Int] {
    var started: [Int] = []
    while started.count < room, let tenant = nextTenant, let place = lines[tenant].popFirst() {
      virtualTime = max(virtualTime, tags[tenant])
      tags[tenant] += jobs[place].coreSeconds / Double(weights[tenant])
      started.append(place)
    }
    return started
  }

  /// That of the smallest tag.
  private var nextTenant: Int? {
    var next: Int?
    for tenant in lines.indices where !lines[tenant].isEmpty && next.map({ tags[tenant] < tags[$0] }) ?? true {
      next = tenant
    }
    return next
  }

  mutating func finish(_ places: [Int], at time: Int64) {}
}

/// Some tenants before all others, each group in order of arrival: the shortest waits that can be given to them where no
/// running job is stopped. Jobs of one core.
struct FavouredFirst: Dispatcher {
  let jobs: [SimulatedJob]
  let isFavoured: @Sendable (Int) -> Bool
  private var favoured = TenantLine()
  private var others = TenantLine()

  init(jobs: [SimulatedJob], isFavoured: @escaping @Sendable (Int) -> Bool) {
    self.jobs = jobs
    self.isFavoured = isFavoured
  }

  mutating func submit(_ places: [Int], at time: Int64) {
    for place in places {
      if isFavoured(jobs[place].tenant) { favoured.append(place) } else { others.append(place) }
    }
  }

  mutating func start(within room: Int, at time: Int64) -> [Int] {
    (0..<room).compactMap { _ in favoured.popFirst() ?? others.popFirst() }
  }

  mutating func finish(_ places: [Int], at time: Int64) {}
}

/// Jobs of one tenant, the first come first.
struct TenantLine {
  private var places: [Int] = []
  private var taken = 0

  var isEmpty: Bool { taken == places.count }

  mutating func append(_ place: Int) { places.append(place) }

  mutating func popFirst() -> Int? {
    guard taken < places.count else { return nil }
    taken += 1
    return places[taken - 1]
  }
}
