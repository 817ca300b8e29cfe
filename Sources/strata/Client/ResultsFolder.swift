import FoundationEssentials
import Glibc
import StrataClient
import StrataCore

/// Where a job's results are fetched to.
struct ResultsFolder {
  private let folder: String

  /// Sees that the folder takes files, or can be made: before the job is paid for, not after. It is made when results are
  /// fetched.
  init(_ path: String) throws(StrataError) {
    guard !path.isEmpty else { throw StrataError(.invalidInput, "--out names no folder", remedy: "give one") }
    folder = path
    let nearest = Self.nearest(to: path)
    let failure: String? =
      if nearest == path {
        unsafe access(path + "/.", W_OK | X_OK) == 0 ? nil : "takes no files"
      } else {
        Self.takesFolders(nearest) ? nil : "cannot be made in \(nearest)"
      }
    if let failure {
      throw StrataError(.invalidInput, "the folder \(path) \(failure)", remedy: "name another with --out")
    }
  }

  /// Tries it: some folders take none though nothing forbids it, such as /proc.
  private static func takesFolders(_ parent: String) -> Bool {
    var path = Array("\(parent)/.strata-XXXXXX".utf8CString)
    return unsafe mkdtemp(&path) != nil && rmdir(path) == 0
  }

  /// What is there of a path: itself, or the innermost folder in which the rest of it would be made.
  private static func nearest(to path: String) -> String {
    var path = path
    // A link counts, also one that leads nowhere, in whose place nothing can be made.
    while (try? FileManager.default.attributesOfItem(atPath: path)) == nil {
      guard let slash = path.lastIndex(of: "/") else { return "." }
      path = slash == path.startIndex ? "/" : String(path[..<slash])
    }
    return path
  }

  private func make() throws(StrataError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw StrataError(
        .invalidInput, "the folder \(folder) cannot be made", remedy: "name another with --out", cause: error)
    }
  }

  func path(of result: ArtifactReference) -> String { "\(folder)/\(result.name)" }

  /// Makes the folder if there is none, and fetches what is not there yet under its name and with its size. A file of that
  /// name is replaced.
  func fetch(_ results: [ArtifactReference], of job: JobID, from server: Server) async throws(StrataError) {
    try make()
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
