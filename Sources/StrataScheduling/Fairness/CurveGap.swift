/// What one tenant got over time: a curve that is straight between its bends, and may jump.
struct ReceivedService {
  /// In order; the rate holds from the bend on.
  private(set) var times: [Double] = []
  /// Before and after the jump at each bend.
  private(set) var levels: [(before: Double, after: Double)] = []
  private(set) var rates: [Double] = []

  private struct Change {
    let time: Double
    var rate = 0.0
    var jump = 0.0
    var runs = 0
  }

  init(_ slices: [(run: WorkRun, work: Double)]) {
    let changes = slices.flatMap { run, work in
      let seconds = run.end - run.start
      guard seconds > 0 else { return [Change(time: run.start, jump: work)] }
      return [
        Change(time: run.start, rate: work / seconds, runs: 1), Change(time: run.end, rate: -work / seconds, runs: -1),
      ]
    }
    var runs = 0
    for change in changes.sorted(by: { $0.time < $1.time }) {
      if change.time != times.last { bend(at: change.time) }
      runs += change.runs
      levels[levels.count - 1].after += change.jump
      // So that nothing rounded remains while nothing runs.
      rates[rates.count - 1] = runs == 0 ? 0 : rates[rates.count - 1] + change.rate
    }
  }

  private mutating func bend(at time: Double) {
    let level = level(at: time).after
    let rate = rates.last ?? 0
    times.append(time)
    levels.append((level, level))
    rates.append(rate)
  }

  /// What it has got before and after what comes at `time` itself.
  func level(at time: Double) -> (before: Double, after: Double) {
    let bend = firstIndex(in: times) { $0 > time } - 1
    guard bend >= 0 else { return (0, 0) }
    if times[bend] == time { return levels[bend] }
    let level = levels[bend].after + rates[bend] * (time - times[bend])
    return (level, level)
  }

  /// The rate from `time` on.
  func rate(from time: Double) -> Double {
    let bend = firstIndex(in: times) { $0 > time } - 1
    return bend < 0 ? 0 : rates[bend]
  }

  func bends(between start: Double, and end: Double) -> ArraySlice<Double> {
    let (from, to) = (firstIndex(in: times) { $0 > start }, firstIndex(in: times) { $0 >= end })
    return from < to ? times[from..<to] : []
  }
}

/// Where what a tenant got, less a curve that it is measured by, is least and greatest within a stretch of time.
///
/// The difference over any window is one value of this curve less another one, so the greatest of them is the greatest
/// value less the least.
struct CurveGap {
  private(set) var least: (time: Double, gap: Double, received: Double) = (0, .infinity, 0)
  private(set) var greatest: (time: Double, gap: Double, received: Double) = (0, -.infinity, 0)

  var spread: Double { greatest.gap - least.gap }

  /// - Parameters:
  ///   - capacity: the greatest slope of `curve`, which is 0 at least and changes only at `bends`.
  init(
    of service: ReceivedService, over stretch: ClosedRange<Double>, capacity: Double,
    bends: (Double, Double) -> ArraySlice<Double>, minus curve: (Double) -> Double
  ) {
    func look(at time: Double) {
      let (before, after) = service.level(at: time)
      let subtracted = curve(time)
      note(time, before, before - subtracted)
      note(time, after, after - subtracted)
    }
    var start = stretch.lowerBound
    look(at: start)
    for end in Array(service.bends(between: start, and: stretch.upperBound)) + [stretch.upperBound] {
      // Without service the gap only shrinks, and with all of the server it only grows; between, it may turn.
      let rate = service.rate(from: start)
      if rate > 0, rate < capacity { bends(start, end).forEach(look) }
      look(at: end)
      start = end
    }
  }

  private mutating func note(_ time: Double, _ received: Double, _ gap: Double) {
    if gap < least.gap { least = (time, gap, received) }
    if gap > greatest.gap { greatest = (time, gap, received) }
  }

  func deviation(of tenant: Int, due curve: (Double) -> Double) -> ShareDeviation {
    let (first, last) = least.time <= greatest.time ? (least, greatest) : (greatest, least)
    return ShareDeviation(
      tenant: tenant, window: first.time...last.time, received: last.received - first.received,
      due: curve(last.time) - curve(first.time))
  }
}
