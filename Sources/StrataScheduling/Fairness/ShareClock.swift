/// Service per unit of weight over time: a piecewise linear curve that rises by capacity / (sum of the weights that
/// share) and rests while nobody does. GPS calls it virtual time.
struct ShareClock: Sendable {
  private(set) var times: [Double] = []
  private(set) var values: [Double] = []
  private let capacity: Double
  /// Weights that share at the end of the curve.
  private(set) var weight = 0

  init(capacity: Double) { self.capacity = capacity }

  var time: Double { times.last ?? 0 }
  var value: Double { values.last ?? 0 }

  /// When the curve reaches `target`, if nothing changes.
  func arrival(at target: Double) -> Double { time + (target - value) * Double(weight) / capacity }

  /// Carries the curve on to `time`, and lets `change` more weight share from there.
  mutating func advance(to time: Double, adding change: Int) {
    let value = weight == 0 || times.isEmpty ? value : value + (time - self.time) * capacity / Double(weight)
    advance(to: time, value: value, adding: change)
  }

  /// The same, where the value there is known and should not be rounded.
  mutating func advance(to time: Double, value: Double, adding change: Int) {
    weight += change
    if time == times.last {
      values[values.count - 1] = value
    } else {
      times.append(time)
      values.append(value)
    }
  }

  /// Level before its beginning and after its end.
  ///
  /// - Complexity: O(log n).
  func value(at time: Double) -> Double {
    let next = firstIndex(in: times) { $0 > time }
    guard next > 0 else { return values.first ?? 0 }
    guard next < times.count else { return value }
    let share = (time - times[next - 1]) / (times[next] - times[next - 1])
    return values[next - 1] + (values[next] - values[next - 1]) * share
  }

  /// The first time at which the curve has reached `value`.
  ///
  /// - Complexity: O(log n).
  func time(of value: Double) -> Double {
    let next = firstIndex(in: values) { $0 >= value }
    guard next > 0, next < times.count else { return next == 0 ? times.first ?? 0 : time }
    let share = (value - values[next - 1]) / (values[next] - values[next - 1])
    return times[next - 1] + (times[next] - times[next - 1]) * share
  }

  /// Where the curve bends between two times.
  func bends(between start: Double, and end: Double) -> ArraySlice<Double> {
    let (from, to) = (firstIndex(in: times) { $0 > start }, firstIndex(in: times) { $0 >= end })
    return from < to ? times[from..<to] : []
  }
}

/// The first place in an ascending array that fits, by bisection; its end where none does.
func firstIndex(in values: [Double], where fits: (Double) -> Bool) -> Int {
  var (low, high) = (0, values.count)
  while low < high {
    let middle = (low + high) / 2
    if fits(values[middle]) { high = middle } else { low = middle + 1 }
  }
  return low
}
