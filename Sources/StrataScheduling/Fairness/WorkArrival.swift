/// Work that a tenant asks for at an instant.
public struct WorkArrival: Hashable, Sendable {
  /// Seconds since any beginning.
  public let time: Double
  /// Numbered from 0, as the weights are.
  public let tenant: Int
  /// In any unit (core-seconds): that of the capacity, times a second.
  public let work: Double

  public init(time: Double, tenant: Int, work: Double) {
    self.time = time
    self.tenant = tenant
    self.work = work
  }
}

/// When a real schedule worked on an arrival: from `start` to `end` in seconds, at an even rate.
public struct WorkRun: Hashable, Sendable {
  public let start: Double
  public let end: Double

  public init(start: Double, end: Double) {
    self.start = start
    self.end = end
  }
}

/// Why there is no schedule of something.
public enum FluidScheduleError: Error, Hashable, Sendable {
  case capacity(Double)
  /// The tenant and its weight, which must be 1 or more.
  case weight(Int, Int)
  /// The place of an arrival that comes before the one in front of it, or at no time.
  case time(Int)
  /// The place of an arrival of no tenant.
  case tenant(Int)
  /// The place of an arrival whose work is negative or no number.
  case work(Int)
  /// How many runs were given for how many arrivals.
  case runCount(Int, Int)
  /// The place of a run that begins before its arrival, or ends before it begins.
  case run(Int)
}

extension FluidScheduleError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .capacity(let capacity): "a capacity of \(capacity) serves nobody; give more than 0"
    case .weight(let tenant, let weight): "tenant \(tenant) has the weight \(weight); give 1 or more"
    case .time(let index): "arrival \(index) has no time, or one before that of the arrival in front of it"
    case .tenant(let index): "arrival \(index) belongs to a tenant that has no weight"
    case .work(let index): "the work of arrival \(index) is not 0 or more"
    case .runCount(let runs, let arrivals):
      "\(runs) runs were given for \(arrivals) arrivals; give one, or nil, for each"
    case .run(let index): "run \(index) begins before its arrival or ends before it begins"
    }
  }
}
