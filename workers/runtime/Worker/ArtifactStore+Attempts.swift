public import StrataArtifacts
public import StrataCore
public import StrataQueue

extension ArtifactStore: AttemptArtifacts {
  public func localPath(of artifact: ArtifactReference) async throws(StrataError) -> String? {
    size(of: artifact.digest) == nil ? nil : try path(of: artifact.digest)
  }

  /// The file itself becomes the artifact where that can be: its attempt is over, and nobody else knows it.
  public func store(fileAt path: String, named name: String) async throws(StrataError) -> ArtifactReference {
    let artifact = try put(contentsOf: path, mayConsume: true)
    return ArtifactReference(name: name, digest: artifact.digest, sizeBytes: Int64(artifact.size))
  }

  public func keepCheckpoint(_ files: [CheckpointFile], of lease: Lease) async throws(StrataError) {
    try keepCheckpoint(files, of: lease.job.id, tenant: lease.job.tenant, token: lease.token)
  }

  public func restoreCheckpoint(of job: QueuedJob, to folder: String) async throws(StrataError) {
    try restoreCheckpoint(of: job.id, tenant: job.tenant, into: folder)
  }
}
