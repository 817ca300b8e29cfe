public import StrataArtifacts
public import StrataCore
public import StrataQueue

/// Where a worker gets the inputs of attempts and leaves their results. The artifact store is one.
public protocol AttemptArtifacts: Sendable {
  /// A path to the artifact's bytes on this machine, only to be read; nil if the store does not hold it.
  func localPath(of artifact: ArtifactReference) async throws(StrataError) -> String?

  /// Stores the file at `path` under its digest. Returns once it is safe.
  func store(fileAt path: String, named name: String) async throws(StrataError) -> ArtifactReference

  /// Keeps files that an attempt has saved for the next one of its job, instead of what earlier ones kept.
  ///
  /// - Parameter files: nobody writes to them any more; they may be gone from where they are.
  func keepCheckpoint(_ files: [ArtifactStore.CheckpointFile], of lease: Lease) async throws(StrataError)

  /// Copies what was last kept for an attempt of a job into a folder.
  func restoreCheckpoint(of job: QueuedJob, to folder: String) async throws(StrataError)

  /// Why nothing can be stored now for want of room; nil while something can.
  var shortage: String? { get }
}

extension AttemptArtifacts {
  public func keepCheckpoint(_ files: [ArtifactStore.CheckpointFile], of lease: Lease) async throws(StrataError) {}
  public func restoreCheckpoint(of job: QueuedJob, to folder: String) async throws(StrataError) {}
  public var shortage: String? { nil }
}
