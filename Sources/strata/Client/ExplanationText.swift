package import StrataAPI
package import StrataCore

/// Why a job waits, as `strata job explain` tells it.
package enum ExplanationText {
  package static func of(_ explanation: ExplanationView, now: Timestamp = .now) -> String {
    var lines = ["job \(explanation.job) \(words(for: explanation.state))"]
    lines += explanation.reasons.flatMap { ["  \($0.message)"] + remedy(for: $0, of: explanation.job) }
    if let start = explanation.start { lines.append(words(for: start, now)) }
    if !explanation.unknown.isEmpty {
      lines.append("not known:")
      lines += explanation.unknown.map { "  \($0)" }
    }
    return lines.joined(separator: "\n")
  }

  /// What its owner can do about a reason.
  private static func remedy(for reason: ExplanationView.Reason, of job: JobID) -> [String] {
    reason.code == "own_jobs"
      ? ["  ('strata job priority \(job) N' has it start before those of a lower priority; 50 is usual, 100 the most)"]
      : []
  }

  /// What a job waits for, in a line; nil for one that does not wait.
  package static func waiting(_ explanation: ExplanationView) -> String? {
    switch explanation.state {
    case .queued, .scheduled, .blocked:
      explanation.reasons.first.map {
        "strata: not begun yet: \($0.message) ('strata job explain \(explanation.job)' says more)"
      }
    case .running, .succeeded, .failed, .cancelled: nil
    }
  }

  private static func words(for start: StartView, _ now: Timestamp) -> String {
    func wait(_ text: String?) -> String {
      text.flatMap(Timestamp.init(text:)).map { time(max(.zero, $0 - now)) } ?? "?"
    }
    switch start.state {
    case .now: return "starts as soon as a worker asks: one has room for it"
    case .unknown: return "when it starts is not known: \(start.message ?? "the server does not say why")"
    case .expected:
      let certainty = start.confidence.map { "; with \(Int(($0 * 100).rounded())) % certainty " } ?? "; "
      let rough = start.message.map { " (\($0))" } ?? ""
      return
        "starts in about \(wait(start.expectedAt))\(certainty)in \(wait(start.earliestAt)) to \(wait(start.latestAt))\(rough)"
    }
  }

  /// Rough, as such a guess is.
  private static func time(_ wait: Duration) -> String {
    switch wait.seconds {
    case ..<0.001: "1 ms"
    case ..<120: wait.brief
    case ..<7_200: "\(Int((wait.seconds / 60).rounded())) min"
    case ..<172_800: "\(Int((wait.seconds / 3_600).rounded())) h"
    case ..<31_536_000: "\(Int((wait.seconds / 86_400).rounded())) days"
    default: "more than a year"
    }
  }

  private static func words(for state: JobState) -> String {
    switch state {
    case .succeeded, .failed: "has \(state.rawValue)"
    default: "is \(state.rawValue)"
    }
  }
}
