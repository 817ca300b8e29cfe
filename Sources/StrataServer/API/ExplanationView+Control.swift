import StrataAPI
import StrataControl
import StrataCore

extension ExplanationView {
  init(_ explanation: Explanation) {
    self.init(
      job: explanation.job, state: explanation.state,
      reasons: explanation.reasons.map(Reason.init), unknown: explanation.unknown,
      start: explanation.start.map { StartView($0, now: .now) })
  }
}

extension ExplanationView.Reason {
  init(_ reason: Explanation.Reason) {
    self.init(
      code: reason.code.rawValue, message: reason.message, count: reason.count, limit: reason.limit,
      until: reason.until?.text, jobs: reason.jobs.isEmpty ? nil : reason.jobs)
  }
}

extension StartView {
  init(_ outlook: StartOutlook, now: Timestamp) {
    switch outlook {
    case .now: self.init(state: .now)
    case .after(let span):
      self.init(
        state: .expected, expectedAt: (now + span.expected).text, earliestAt: (now + span.earliest).text,
        latestAt: (now + span.latest).text, confidence: span.confidence, code: span.isRough ? "few_observed" : nil,
        message: span.isRough
          ? "a rough guess: only \(span.observed.counted("attempt")) ended on its tier lately" : nil)
    case .unknown(let code, let reason): self.init(state: .unknown, code: code, message: reason)
    }
  }
}
