import StrataCore
import StrataRuntime
import StrataSimulation

/// Plays one history after the other.
struct Campaign {
  private let options: Options
  private let began = ContinuousClock.now
  private let beganComputing = ComputingTime.ofProcess

  init(_ options: Options) { self.options = options }

  /// - Returns: whether all was well.
  func run() -> Bool {
    var (done, failed): (UInt64, [UInt64]) = (0, [])
    var (turns, events): (UInt64, UInt64) = (0, 0)
    while !isOver(after: done), options.mutation == nil || failed.isEmpty {
      let seed = options.seed &+ done
      let report = History.play(HistoryPlan(seed: seed), breaking: options.mutation)
      done += 1
      turns += report.turns
      events += report.events
      if options.printsTraces { print("seed \(seed): trace \(String(report.trace, radix: 16))") }
      guard !report.violations.isEmpty else { continue }
      failed.append(seed)
      tell(report)
    }
    let seconds = max((ComputingTime.ofProcess - beganComputing).seconds, 0.001)
    print(
      "\(done) histories, seeds \(options.seed) to \(options.seed &+ (done - 1)): \(events) events, \(turns) turns in "
        + "\(Int(seconds)) s of a core, \(millions(events, in: seconds)) million events a minute; "
        + (failed.isEmpty ? "all was well" : "\(failed.count) broke a promise"))
    return failed.isEmpty
  }

  private func tell(_ report: History.Report) {
    for violation in report.violations.prefix(5) { print("seed \(report.plan.seed): \(violation)") }
    let rule = options.mutation.map { " --break \($0.rawValue)" } ?? ""
    print("  of \(report.plan); replay it with --seed \(report.plan.seed) --histories 1\(rule)")
  }

  private var elapsed: Duration { .now - began }

  private func isOver(after done: UInt64) -> Bool {
    switch options.length {
    case .histories(let count): done >= UInt64(count)
    case .seconds(let seconds): done > 0 && elapsed >= .seconds(seconds)
    }
  }

  private func millions(_ events: UInt64, in seconds: Double) -> String {
    let tenths = Int(Double(events) / seconds * 60 / 100_000)
    return "\(tenths / 10).\(tenths % 10)"
  }
}
