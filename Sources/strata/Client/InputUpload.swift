import StrataAPI
import StrataClient
import StrataCore

/// Inputs of a job, by their names for the job, on their way to the server. Artifacts are kept for ever: none should be
/// left behind by what is not even accepted, so the server is asked first.
struct InputUpload {
  let server: Server
  /// `InputFiles.check` has seen them.
  let files: [(name: String, path: String)]

  /// What they will be, for asking: names and sizes count there, digests are not known yet.
  var announced: [ArtifactReference] {
    guard let unknown = ArtifactDigest(bytes: [UInt8](repeating: 0, count: 32)) else { return [] }
    return files.map { ArtifactReference(name: $0.name, digest: unknown, sizeBytes: InputFiles.size(of: $0.path)) }
  }

  func upload() async throws -> [ArtifactReference] {
    var references: [ArtifactReference] = []
    for file in files {
      let progress = TransferProgress(stage: "uploading \(file.name)")
      defer { progress.clear() }
      references.append(
        try await server.upload(file.path, named: file.name) { progress.show($0.sent, of: $0.toSend) })
    }
    return references
  }
}
