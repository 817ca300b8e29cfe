import StrataAPI

/// What a person is told whose submission was accepted, on standard error: the answer's own text is for programs.
enum WarningText {
  /// - Parameter subject: whose they are, where there are several: `job 01m8…`.
  static func tell(_ warnings: [SubmissionWarningView]?, of subject: String? = nil) {
    for warning in warnings ?? [] {
      Terminal.note("strata: warning: \(subject.map { "\($0): " } ?? "")\(warning.detail)")
    }
  }
}
