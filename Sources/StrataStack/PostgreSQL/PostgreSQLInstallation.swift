import Glibc
public import StrataCore
import StrataRuntime

/// A PostgreSQL server found on this machine.
public struct PostgreSQLInstallation: Sendable, Hashable {
  /// The folder with `postgres` and `initdb`, absolute.
  public let binaries: String
  public let versionMajor: Int

  package init(binaries: String, versionMajor: Int) {
    self.binaries = binaries
    self.versionMajor = versionMajor
  }

  /// The oldest major version that knows every setting the ledger's connections make.
  public static let versionMajorMin = 14

  /// All that are here, newest first: those of Debian's `/usr/lib/postgresql`, and the one in `PATH`.
  public static func all() async -> [PostgreSQLInstallation] {
    var found: [PostgreSQLInstallation] = []
    for folder in candidates() where !found.contains(where: { $0.binaries == folder }) {
      guard Environment.find("initdb", path: folder) != nil, let major = await versionMajor(folder) else { continue }
      found.append(PostgreSQLInstallation(binaries: folder, versionMajor: major))
    }
    return found.sorted { $0.versionMajor > $1.versionMajor }
  }

  private static func candidates() -> [String] {
    let debian = "/usr/lib/postgresql"
    let versions = Folder.list(debian).map { "\(debian)/\($0)/bin" }
    let inPath = Environment.find("postgres").map { String($0[..<($0.lastIndex(of: "/") ?? $0.endIndex)]) }
    return versions + [inPath].compactMap { $0 }
  }

  /// From "postgres (PostgreSQL) 15.8 (Debian …)".
  private static func versionMajor(_ folder: String) async -> Int? {
    guard let text = try? await Command.output(folder + "/postgres", ["--version"]) else { return nil }
    return parseVersionMajor(text)
  }

  package static func parseVersionMajor(_ text: String) -> Int? {
    guard let close = text.firstIndex(of: ")") else { return nil }
    let digits = text[text.index(after: close)...].drop { $0 == " " }.prefix { $0.isWholeNumber }
    return Int(digits)
  }

  /// The one to run a data folder of version `dataVersion` with; any supported one for a new folder.
  ///
  /// - Throws: `unavailable` if none fits, saying what would.
  public static func choose(from all: [PostgreSQLInstallation], dataVersion: Int?) throws(StrataError)
    -> PostgreSQLInstallation
  {
    guard let dataVersion else {
      if let newest = all.first(where: { $0.versionMajor >= versionMajorMin }) { return newest }
      throw StrataError(
        .unavailable, "there is no PostgreSQL server of version \(versionMajorMin) or later on this machine",
        remedy: "run scripts/install-packages, or apt-get install postgresql")
    }
    if let same = all.first(where: { $0.versionMajor == dataVersion }) { return same }
    let here = all.isEmpty ? "none" : all.map { "\($0.versionMajor)" }.joined(separator: ", ")
    throw StrataError(
      .unavailable, "the data was written by PostgreSQL \(dataVersion), and the versions installed here are: \(here)",
      remedy: "apt-get install postgresql-\(dataVersion), or move the data with pg_dump and pg_restore")
  }
}
