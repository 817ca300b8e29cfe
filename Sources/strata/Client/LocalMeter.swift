import Capabilities
import StrataAPI
import StrataArtifacts
import StrataCore
import StrataWorker

/// What a job will be held for, by files that are here still: a server that is asked before they are uploaded cannot know.
enum LocalMeter {
  /// - Returns: nil where that is not known, or was said.
  static func units(of request: JobRequest, files: [(name: String, path: String)]) -> Int64? {
    guard request.unitsMax == nil, request.inputs?.isEmpty != false, let registry = try? Catalogue.registry(),
      let checked = try? registry.validate(
        capability: request.capability, parametersJSON: JSONValue.object(request.params ?? [:]).description,
        inputs: files.count)
    else { return nil }
    let inputs = files.map { file in
      InputFile(
        name: file.name, path: file.path, digest: ArtifactDigest(hashing: []), sizeBytes: InputFiles.size(of: file.path)
      )
    }
    return Catalogue.bound(
      of: checked.offer.capability.name, parametersJSON: checked.parametersJSON, inputs: inputs)?.most
  }
}
