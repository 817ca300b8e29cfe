import Glibc
public import StrataCore
import Synchronization

/// An input of an attempt, on the worker's disk.
public struct InputFile: Hashable, Codable, Sendable {
  /// As the client named it, without any folder.
  public let name: String
  /// Where its bytes are. Only to be read: the file may be shared with other attempts.
  public let path: String
  public let digest: ArtifactDigest
  public let sizeBytes: Int64

  public init(name: String, path: String, digest: ArtifactDigest, sizeBytes: Int64) {
    self.name = name
    self.path = path
    self.digest = digest
    self.sizeBytes = sizeBytes
  }
}

/// What a handler has at hand while it runs one attempt.
public struct AttemptContext: Sendable {
  public let order: WorkOrder
  /// Whose worker runs it: the job's, or that of one of its alternatives; nil where nobody has placed it.
  public let tier: TierName?
  public let parameters: Parameters
  public let inputs: [InputFile]
  /// Private to the attempt and removed after it.
  public let workingFolder: String
  /// The files left directly here are the results.
  public let outputFolder: String
  /// The files left directly here are the next attempt's where this one is preempted or handed back, and are here when it
  /// starts; nil of a job that may not be preempted.
  public let checkpointFolder: String?
  /// Whole cores the attempt may keep busy, at least 1.
  public let cores: Int
  /// More than this, over all processes of the attempt, ends it.
  public let memoryBytes: Int64
  let control: AttemptControl

  init(assignment: Assignment, parameters: Parameters, control: AttemptControl) {
    order = assignment.order
    tier = assignment.tier
    self.parameters = parameters
    inputs = assignment.inputs
    workingFolder = assignment.workingFolder
    outputFolder = assignment.outputFolder
    checkpointFolder = assignment.checkpointFolder
    cores = assignment.cores
    memoryBytes = assignment.order.resources.memoryBytes
    self.control = control
  }

  /// Whether the attempt is to end soon: cancelled, over a limit, or handed back. A handler that looks at this now and
  /// then ends gently; one that does not is killed after a grace.
  public var isCancelled: Bool { control.isCancelled }

  /// Says how far the attempt is.
  ///
  /// - Parameters:
  ///   - fraction: 0…1; nil leaves it as it was.
  ///   - stage: what the attempt is doing, in a few words; nil leaves it as it was.
  public func progress(_ fraction: Double?, stage: String? = nil) {
    control.sendProgress(fraction.map { min(1, max(0, $0)) }, stage)
  }

  /// Writes a line to the attempt's log. Whatever the process prints goes there too.
  public func log(_ line: String) {
    writeFully(Array((line + "\n").utf8), to: STDOUT_FILENO)
  }
}

/// The line between an attempt and its runner.
final class AttemptControl: Sendable {
  private let cancelled = Atomic<Bool>(false)
  private let report: @Sendable (Double?, String?) -> Void

  init(report: @escaping @Sendable (Double?, String?) -> Void) { self.report = report }

  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
  func cancel() { cancelled.store(true, ordering: .relaxed) }
  func sendProgress(_ fraction: Double?, _ stage: String?) { report(fraction, stage) }
}
