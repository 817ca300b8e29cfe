import StrataAPI
import StrataCore

/// How full the queue is, in a line.
enum AdmissionText {
  /// With why no jobs are accepted, where they are not.
  static func of(_ admission: QueueView.Admission) -> String {
    let reason = admission.reason.map { ", no new ones are accepted: \($0)" }
    return fullness(of: admission) + (reason ?? "")
  }

  static func fullness(of admission: QueueView.Admission) -> String {
    let memory = admission.memoryMaxBytes.map {
      "\(admission.memoryUsedBytes.asBytes) of \($0.asBytes) (full at \(admission.fullAtPercent) %)"
    }
    return "\(admission.jobs.counted("job")), \(memory ?? admission.memoryUsedBytes.asBytes)"
  }
}
