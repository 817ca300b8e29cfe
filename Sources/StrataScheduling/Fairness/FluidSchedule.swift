/// The ideal that fair schedulers are measured by: generalised processor sharing (Parekh and Gallager, "A generalized
/// processor sharing approach to flow control in integrated services networks: the single-node case", IEEE/ACM
/// Transactions on Networking 1(3), 1993). At every instant all tenants that have work are served at once, each by its
/// weight's share of the whole capacity; within a tenant, first come is first served.
///
/// Times and amounts are floating-point: good for comparing, not for charging. Weights are whole, so that who shares is
/// never rounded.
public struct FluidSchedule: Sendable {
  public let arrivals: [WorkArrival]
  /// By tenant.
  public let weights: [Int]
  /// Work per second.
  public let capacity: Double

  let clock: ShareClock
  private let services: [TenantService]
  /// By arrival, in the clock's values.
  private let finishTags: [Double]

  /// - Parameters:
  ///   - arrivals: in order of their times.
  ///   - weights: of all tenants, each 1 or more.
  ///   - capacity: work per second of the whole server.
  /// - Complexity: O(n log n) time and O(n) space for n arrivals, whatever the number of tenants.
  public init(arrivals: [WorkArrival], weights: [Int], capacity: Double) throws(FluidScheduleError) {
    try Self.check(arrivals, weights, capacity)
    self.arrivals = arrivals
    self.weights = weights
    self.capacity = capacity
    var sharing = Sharing(weights: weights, capacity: capacity)
    finishTags = arrivals.map { sharing.admit($0) }
    sharing.finish(upTo: .infinity)
    clock = sharing.clock
    services = sharing.services
  }

  /// The work that `tenant` has been served up to `time`.
  ///
  /// - Complexity: O(log n).
  public func service(of tenant: Int, upTo time: Double) -> Double {
    services[tenant].amount(at: clock.value(at: time), weight: weights[tenant])
  }

  /// When an arrival, by its place, has been served in full.
  ///
  /// - Complexity: O(log n).
  public func finish(ofArrival index: Int) -> Double {
    max(clock.time(of: finishTags[index]), arrivals[index].time)
  }

  private static func check(
    _ arrivals: [WorkArrival], _ weights: [Int], _ capacity: Double
  ) throws(FluidScheduleError) {
    guard capacity > 0, capacity.isFinite else { throw .capacity(capacity) }
    // The sum of a million of the greatest weights still fits.
    for (tenant, weight) in weights.enumerated() where !(1...1 << 40).contains(weight) { throw .weight(tenant, weight) }
    var before = -Double.infinity
    for (index, arrival) in arrivals.enumerated() {
      guard arrival.time.isFinite, arrival.time >= before else { throw .time(index) }
      guard weights.indices.contains(arrival.tenant) else { throw .tenant(index) }
      guard arrival.work >= 0, arrival.work.isFinite else { throw .work(index) }
      before = arrival.time
    }
  }
}

/// What one tenant was served, by stretches of the clock's values between which it had nothing to do.
struct TenantService: Sendable {
  private var starts: [Double] = []
  private var ends: [Double] = []
  /// Served before each stretch.
  private var before: [Double] = []

  /// The end of the last stretch, where all that has come is served.
  var end: Double? { ends.last }

  mutating func begin(at value: Double, weight: Int) {
    let served = starts.isEmpty ? 0 : amount(at: .infinity, weight: weight)
    starts.append(value)
    ends.append(value)
    before.append(served)
  }

  mutating func extend(by length: Double) { ends[ends.count - 1] += length }

  func amount(at value: Double, weight: Int) -> Double {
    let stretch = firstIndex(in: starts) { $0 > value } - 1
    guard stretch >= 0 else { return 0 }
    return before[stretch] + Double(weight) * (min(value, ends[stretch]) - starts[stretch])
  }
}

/// The fluid schedule while it is made.
private struct Sharing {
  let weights: [Int]
  private(set) var clock: ShareClock
  private(set) var services: [TenantService]
  private var isSharing: [Bool]
  /// When tenants will have been served. One whose work has grown since has an older, smaller end here too.
  private var ends = PriorityHeap<End>()

  private struct End: Comparable {
    let value: Double
    let tenant: Int
    static func < (a: Self, b: Self) -> Bool { (a.value, a.tenant) < (b.value, b.tenant) }
  }

  init(weights: [Int], capacity: Double) {
    self.weights = weights
    clock = ShareClock(capacity: capacity)
    services = weights.map { _ in TenantService() }
    isSharing = weights.map { _ in false }
  }

  /// - Returns: the clock's value when it will have been served.
  mutating func admit(_ arrival: WorkArrival) -> Double {
    let (tenant, weight) = (arrival.tenant, weights[arrival.tenant])
    finish(upTo: arrival.time)
    clock.advance(to: arrival.time, adding: isSharing[tenant] ? 0 : weight)
    if !isSharing[tenant] { services[tenant].begin(at: clock.value, weight: weight) }
    isSharing[tenant] = true
    services[tenant].extend(by: arrival.work / Double(weight))
    let end = services[tenant].end ?? clock.value
    ends.insert(End(value: end, tenant: tenant))
    return end
  }

  /// Lets those go whose work is served by `time`.
  mutating func finish(upTo time: Double) {
    while let next = ends.first {
      let isCurrent = isSharing[next.tenant] && services[next.tenant].end == next.value
      if isCurrent {
        let instant = clock.arrival(at: next.value)
        guard instant <= time else { return }
        clock.advance(to: max(instant, clock.time), value: next.value, adding: -weights[next.tenant])
        isSharing[next.tenant] = false
      }
      _ = ends.removeFirst()
    }
  }
}
