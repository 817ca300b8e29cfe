public import StrataQueue

/// Whether jobs are accepted, and how full the queue is.
public struct AdmissionState: Hashable, Sendable {
  /// Why they are not; nil while they are.
  public let reason: String?
  public let load: QueueLoad
  public let bounds: AdmissionBounds
  /// What the queue's server may use; nil where nobody knows.
  public let memoryMaxBytes: Int64?

  /// - Returns: nil where nobody has looked yet.
  init?(_ door: AdmissionDoor) {
    guard let load = door.load else { return nil }
    reason = door.closure?.words
    self.load = load
    bounds = door.bounds
    memoryMaxBytes = door.bounds.memoryBytes(load)
  }
}
