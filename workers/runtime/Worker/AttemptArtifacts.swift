public import StrataCore

/// Where a worker gets the inputs of attempts and leaves their results. The artifact store is one.
public protocol AttemptArtifacts: Sendable {
  /// A path to the artifact's bytes on this machine, only to be read; nil if the store does not hold it.
  func localPath(of artifact: ArtifactReference) async throws(StrataError) -> String?

  /// Stores the file at `path` under its digest. Returns once it is safe.
  func store(fileAt path: String, named name: String) async throws(StrataError) -> ArtifactReference

  /// Why nothing can be stored now for want of room; nil while something can.
  var shortage: String? { get }
}

extension AttemptArtifacts {
  public var shortage: String? { nil }
}
