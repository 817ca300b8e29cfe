import StrataCore
import Synchronization

/// How far a job is: one line redrawn in place on a terminal, plain lines in a pipe (one per stage or tenth).
struct ProgressLine {
  private let isInteractive: Bool
  private let start = ContinuousClock.now
  private var lastPlain = ""
  private var isShown = false

  init(isInteractive: Bool = Terminal.isErrorInteractive) { self.isInteractive = isInteractive }

  mutating func show(fraction: Double?, stage: String) {
    let stage = Terminal.harmless(stage.replacing("\n", with: " "))
    if isInteractive {
      Terminal.write("\r\u{1B}[K" + bar(fraction: fraction, stage: stage), to: 2)
      isShown = true
    } else {
      let plain = fraction.map { "\(Int($0 * 10) * 10)% \(stage)" } ?? stage
      guard plain != lastPlain else { return }
      lastPlain = plain
      Terminal.note(plain)
    }
  }

  /// Takes the line away, so that what follows starts at the margin.
  mutating func clear() {
    guard isShown else { return }
    Terminal.write("\r\u{1B}[K", to: 2)
    isShown = false
  }

  private func bar(fraction: Double?, stage: String) -> String {
    let elapsed = (ContinuousClock.now - start).brief
    guard let fraction else { return "  \(stage) … \(elapsed)" }
    let width = max(10, min(40, Terminal.columns - 40))
    let done = Int((min(1, max(0, fraction)) * Double(width)).rounded(.down))
    let blocks = String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
    return String("  \(blocks) \(Int(fraction * 100))% \(stage) \(elapsed)".prefix(Terminal.columns - 1))
  }
}

/// How far an upload or a download is. Small ones show nothing in a pipe.
final class TransferProgress: Sendable {
  /// Between two drawings: more often, nobody sees.
  private static let interval = Duration.milliseconds(100)

  private let line = Mutex((ProgressLine(), nextDrawing: ContinuousClock.now))
  private let stage: String

  init(stage: String) { self.stage = stage }

  func show(_ bytes: Int, of total: Int) {
    guard Terminal.isErrorInteractive, total > 0 else { return }
    line.withLock { state in
      guard state.nextDrawing <= .now else { return }
      state.nextDrawing = .now + Self.interval
      state.0.show(fraction: Double(bytes) / Double(total), stage: stage)
    }
  }

  func clear() { line.withLock { $0.0.clear() } }
}

extension Duration {
  /// For people: `44 µs`, `4 ms`, `4.2 s`, `12 s`, `3 min 20 s`, `10 min`.
  var brief: String {
    let seconds = self.seconds
    if seconds > 0, seconds < 0.001 { return "\(Int((seconds * 1_000_000).rounded(.up))) µs" }
    if seconds < 1 { return "\(Int((seconds * 1_000).rounded(.up))) ms" }
    if seconds < 10 { return "\(((seconds * 10).rounded() / 10).plain) s" }
    if seconds < 120 { return "\(Int(seconds)) s" }
    let (minutes, rest) = Int(seconds).quotientAndRemainder(dividingBy: 60)
    return rest == 0 ? "\(minutes) min" : "\(minutes) min \(rest) s"
  }
}
