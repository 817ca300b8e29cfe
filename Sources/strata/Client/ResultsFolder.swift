import FoundationEssentials
import Glibc
import StrataClient
import StrataCore

/// Where a job's results are fetched to.
struct ResultsFolder {
  private let folder: String

  /// Makes the folder if there is none, and sees that it takes files: before the job is paid for, not after.
  init(_ path: String) throws(StrataError) {
    guard !path.isEmpty else { throw StrataError(.invalidInput, "--out names no folder", remedy: "give one") }
    folder = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StrataError(
        .invalidInput, "the folder \(path) cannot be made", remedy: "name another with --out", cause: error)
    }
    guard unsafe access(path, W_OK | X_OK) == 0 else {
      throw StrataError(.invalidInput, "the folder \(path) takes no files", remedy: "name another with --out")
    }
  }

  func path(of result: ArtifactReference) -> String { "\(folder)/\(result.name)" }

  /// Fetches what is not there yet under its name and with its size. A file of that name is replaced.
  func fetch(_ results: [ArtifactReference], of job: JobID, from server: Server) async throws(StrataError) {
    for result in results {
      guard !result.name.contains("/"), result.name != "..", result.name != "." else {
        throw StrataError(.invalidInput, "the server names a result '\(result.name)', which is no file's name")
      }
      let progress = TransferProgress(stage: "fetching \(result.name)")
      defer { progress.clear() }
      do {
        try await server.download(result, to: path(of: result)) {
          progress.show($0.received, of: Int(result.sizeBytes))
        }
      } catch {
        throw StrataError(
          error.code, "the job is done, but \(result.name) could not be fetched: \(error.message)",
          remedy: "try again with strata job fetch \(job) --out FOLDER", cause: error)
      }
    }
  }
}
