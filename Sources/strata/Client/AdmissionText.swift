import StrataAPI
import StrataCore

/// How full the queue is, in a line.
enum AdmissionText {
  static func of(_ admission: QueueView.Admission) -> String {
    let memory = admission.memoryMaxBytes.map {
      "\(admission.memoryUsedBytes.asBytes) of \($0.asBytes) (full at \(admission.fullAtPercent) %)"
    }
    let parts = [
      admission.jobs.counted("job"), memory ?? admission.memoryUsedBytes.asBytes,
      admission.reason.map { "no new ones are accepted: \($0)" },
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}
