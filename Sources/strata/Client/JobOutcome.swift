import FoundationEssentials
import StrataAPI
import StrataClient
import StrataCore

/// What a finished job came to: its results fetched, its cost and charge told.
struct JobOutcome {
  let server: Server
  let job: JobView

  /// - Parameter folder: where to fetch the results, as `ResultsFolder` prepared it.
  func show(folder: ResultsFolder?, asJSON: Bool, isBrief: Bool) async throws -> ExitStatus {
    try await folder?.fetch(job.results, of: job.id, from: server)
    if asJSON {
      Terminal.print(try JSONText.of(job))
    } else if !isBrief || job.state != .succeeded {
      try await tell(folder: folder)
    }
    return job.state == .succeeded ? .done : .failedJob
  }

  private func tell(folder: ResultsFolder?) async throws {
    var lines = ["job \(job.id) \(job.state.rawValue)"]
    if let error = job.error { lines[0] += ": \(error.message) [\(error.code)]" }
    lines += SummaryText.lines(of: job.summary)
    for result in job.results {
      let place = folder?.path(of: result) ?? result.digest.description
      lines.append("  result   \(result.name.padded(to: 24)) \(result.sizeBytes.asBytes.padded(to: 10)) \(place)")
    }
    let usage = job.attempts.last?.usage ?? AttemptUsage()
    lines.append(
      "  time     \(Duration.microseconds(usage.wallMicroseconds).brief) on tier \(job.tier)"
        + ", \(Duration.microseconds(usage.cpuMicroseconds).brief) of CPU, \(usage.memoryPeakBytes.asBytes) at most")
    lines.append("  cost     \(MicroEuro(micros: job.costMicroeuro)) €")
    lines.append("  charge   \(MicroCredits(micros: job.chargedMicrocredits)) credits")
    let account: AccountView = try await server.get("/v1/account")
    lines.append("  balance  \(MicroCredits(micros: account.availableMicrocredits)) credits available")
    if folder == nil, !job.results.isEmpty { lines.append("  fetch    strata job fetch \(job.id) --out FOLDER") }
    if job.attempts.last?.log != nil { lines.append("  log      strata job logs \(job.id)") }
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
      case .number(let number): text = ((number * 1e6).rounded() / 1e6).plain
      case .integer, .boolean: text = value.description
      case .null, .array, .object: return nil
      }
      return "  \(name.padded(to: 24)) \(text)"
    }
  }
}
