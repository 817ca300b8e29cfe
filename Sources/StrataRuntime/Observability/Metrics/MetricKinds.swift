import StrataCore
import Synchronization

/// A count of events since the process began.
public final class Counter: Metric {
  private let count = Atomic<UInt64>(0)

  /// One that nobody reads but its maker; those that are published are made by `Metrics.counter`.
  public init() {}

  public func increment(by amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

  public var value: UInt64 { count.load(ordering: .relaxed) }
  var snapshot: MetricValue { .number(Double(value)) }
}

/// A value as it is now.
public final class Gauge: Metric {
  private let number = AtomicDouble()

  public func set(_ value: Double) { number.store(value) }
  public func add(_ amount: Double) { number.add(amount) }

  public var value: Double { number.load() }
  var snapshot: MetricValue { .number(value) }
}

/// Counts of observed values by size.
public final class Histogram: Metric {
  /// For latencies: 0.5 ms to a minute.
  public static let secondsBuckets = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]

  private let bounds: [Double]
  /// One for each bound and one for what is above all.
  private let counts: [Counter]
  private let sum = AtomicDouble()

  init(buckets: [Double]) {
    bounds = buckets.sorted()
    counts = (0...bounds.count).map { _ in Counter() }
  }

  /// - Complexity: O(log n) in the number of buckets.
  public func observe(_ value: Double) {
    counts[bucket(of: value)].increment()
    sum.add(value)
  }

  /// In seconds.
  public func observe(_ duration: Duration) { observe(duration.seconds) }

  private func bucket(of value: Double) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  var snapshot: MetricValue { .distribution(bounds: bounds, counts: counts.map(\.value), sum: sum.load()) }
}

/// A floating-point number that threads add to.
private final class AtomicDouble: Sendable {
  private let bits = Atomic<UInt64>(0)

  func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
  func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  func add(_ amount: Double) {
    var seen = bits.load(ordering: .relaxed)
    while true {
      let wanted = (Double(bitPattern: seen) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(expected: seen, desired: wanted, ordering: .relaxed)
      if exchanged { return }
      seen = original
    }
  }
}
