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
      }, unknown: explanation.unknown)
  }
}
