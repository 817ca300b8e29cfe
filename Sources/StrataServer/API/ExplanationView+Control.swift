import StrataAPI
import StrataControl
import StrataCore

extension ExplanationView {
  init(_ explanation: Explanation) {
    self.init(
      job: explanation.job, state: explanation.state,
      reasons: explanation.reasons.map {
        Reason(
          code: $0.code.rawValue, message: $0.message, count: $0.count, limit: $0.limit, until: $0.until?.text,
          jobs: $0.jobs.isEmpty ? nil : $0.jobs)
      }, unknown: explanation.unknown, start: explanation.start.map { StartView($0, now: .now) })
  }
}

extension StartView {
  init(_ outlook: StartOutlook, now: Timestamp) {
    switch outlook {
    case .now: self.init(state: .now)
    case .after(let span):
      self.init(
        state: .expected, expectedAt: (now + span.expected).text, earliestAt: (now + span.earliest).text,
        latestAt: (now + span.latest).text, confidence: span.confidence)
    case .unknown(let code, let reason): self.init(state: .unknown, code: code, message: reason)
    }
  }
}
