import FoundationEssentials
import StrataAPI
import StrataClient
import StrataCore

/// What a finished job came to: its results fetched, its cost and charge told.
struct JobOutcome {
  let server: Server
  let job: JobView

  func show(folder: String?, asJSON: Bool, isBrief: Bool) async throws -> ExitStatus {
    if let folder { try await fetch(into: folder) }
    if asJSON {
      Terminal.print(try JSONText.of(job))
    } else if !isBrief || job.state != .succeeded {
      try await tell(folder: folder)
    }
    return job.state == .succeeded ? .done : .failedJob
  }

  private func fetch(into folder: String) async throws {
    try makeFolder(folder)
    for result in job.results {
      guard !result.name.contains("/"), result.name != "..", result.name != "." else {
        throw StrataError(.invalidInput, "the server names a result '\(result.name)', which is no file's name")
      }
      let progress = TransferProgress(stage: "fetching \(result.name)")
      try await server.download(result, to: "\(folder)/\(result.name)") {
        progress.show($0.received, of: Int(result.sizeBytes))
      }
      progress.clear()
    }
  }

  private func makeFolder(_ path: String) throws(StrataError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StrataError(
        .invalidInput, "the folder \(path) cannot be made", remedy: "name another with --out", cause: error)
    }
  }

  private func tell(folder: String?) async throws {
    var lines = ["job \(job.id) \(job.state.rawValue)"]
    if let error = job.error { lines[0] += ": \(error.message) [\(error.code)]" }
    lines += SummaryText.lines(of: job.summary)
    for result in job.results {
      let place = folder.map { "\($0)/\(result.name)" } ?? result.digest.description
      lines.append("  result   \(result.name.padded(to: 24)) \(result.sizeBytes.asBytes.padded(to: 10)) \(place)")
    }
    let usage = job.attempts.last?.usage ?? AttemptUsage()
    lines.append(
      "  time     \(Duration.microseconds(usage.wallMicroseconds).brief) on tier \(job.tier)"
        + ", \(Duration.microseconds(usage.cpuMicroseconds).brief) of CPU, \(usage.memoryPeakBytes.asBytes) at most")
    lines.append("  cost     \(MicroEuro(micros: job.costMicroeuro)) €")
    lines.append(
      "  charge   \(MicroCredits(micros: job.chargedMicrocredits)) credits"
        + " (held \(MicroCredits(micros: job.heldMicrocredits)))")
    let account: AccountView = try await server.get("/v1/account")
    lines.append("  balance  \(MicroCredits(micros: account.availableMicrocredits)) credits available")
    Terminal.print(lines.joined(separator: "\n"))
  }
}

/// The plain values of a job's summary, one line each.
enum SummaryText {
  static func lines(of summary: JSONValue?) -> [String] {
    guard case .object(let members) = summary else { return [] }
    return members.sorted { $0.key < $1.key }.compactMap { name, value in
      let text: String
      switch value {
      case .string(let words): text = words
      case .integer, .number, .boolean: text = value.description
      case .null, .array, .object: return nil
      }
      return "  \(name.padded(to: 24)) \(text)"
    }
  }
}

extension Int64 {
  /// `17 B`, `3.2 MB` (powers of ten).
  var asBytes: String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(self)
    var unit = 0
    while value >= 1_000, unit < units.count - 1 {
      value /= 1_000
      unit += 1
    }
    return unit == 0 ? "\(self) B" : "\((value * 10).rounded() / 10) \(units[unit])"
  }
}
