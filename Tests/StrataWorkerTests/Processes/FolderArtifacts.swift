import FoundationEssentials
import StrataCore
import StrataWorker
import Synchronization

/// Artifacts in a folder, named by a number instead of their content.
final class FolderArtifacts: AttemptArtifacts {
  private let folder: String
  private let count = Mutex<UInt64>(0)

  init(folder: String) { self.folder = folder }

  func localPath(of artifact: ArtifactReference) async throws(StrataError) -> String? {
    FileManager.default.fileExists(atPath: path(artifact.digest)) ? path(artifact.digest) : nil
  }

  func store(fileAt path: String, named name: String) async throws(StrataError) -> ArtifactReference {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw StrataError(.notFound, "there is no file \(path)")
    }
    return put(bytes, named: name)
  }

  func put(_ bytes: Data, named name: String) -> ArtifactReference {
    let number = count.withLock { count in
      count += 1
      return count
    }
    let digest = ArtifactDigest(bytes: (0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 8))) })!
    _ = FileManager.default.createFile(atPath: path(digest), contents: bytes)
    return ArtifactReference(name: name, digest: digest, sizeBytes: Int64(bytes.count))
  }

  func bytes(of artifact: ArtifactReference) throws -> [UInt8] {
    Array(FileManager.default.contents(atPath: path(artifact.digest)) ?? Data())
  }

  private func path(_ digest: ArtifactDigest) -> String { "\(folder)/\(digest.hexadecimal)" }
}
