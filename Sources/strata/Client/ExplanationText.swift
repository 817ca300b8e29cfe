import StrataAPI
import StrataCore

/// Why a job waits, as `strata job explain` tells it.
enum ExplanationText {
  static func of(_ explanation: ExplanationView) -> String {
    var lines = ["job \(explanation.job) \(words(for: explanation.state))"]
    lines += explanation.reasons.map { "  \($0.message)" }
    if !explanation.unknown.isEmpty {
      lines.append("not known:")
      lines += explanation.unknown.map { "  \($0)" }
    }
    return lines.joined(separator: "\n")
  }

  private static func words(for state: JobState) -> String {
    switch state {
    case .succeeded, .failed: "has \(state.rawValue)"
    default: "is \(state.rawValue)"
    }
  }
}
