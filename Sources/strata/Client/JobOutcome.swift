import FoundationEssentials
import StrataAPI
import StrataClient
import StrataCore

/// What a finished job came to: its results fetched, its cost and charge told.
struct JobOutcome {
  let server: Server
  let job: JobView

  /// - Parameters:
  ///   - folder: where to fetch the results, as `ResultsFolder` prepared it.
  ///   - isBrief: whether standard output is the command's own: then only a failure is told, on standard error.
  func show(folder: ResultsFolder?, asJSON: Bool, isBrief: Bool) async throws -> ExitStatus {
    try await folder?.fetch(job.results, of: job.id, from: server)
    if asJSON {
      Terminal.print(try JSONText.of(job))
    } else if !isBrief {
      Terminal.print(try await account(folder: folder))
    } else if job.state != .succeeded {
      Terminal.note(try await account(folder: folder))
    }
    if isBrief, let ending = CommandEnding(job) { Terminal.note("strata: \(ending.words).") }
    return job.state == .succeeded ? .done : .failedJob
  }

  private func account(folder: ResultsFolder?) async throws -> String {
    var lines = ["job \(job.id) \(job.state.rawValue)"]
    if let error = job.error { lines[0] += ": \(error.message) [\(error.code)]" }
    lines += SummaryText.lines(of: job.summary)
    for result in job.results {
      let place = folder?.path(of: result) ?? result.digest.description
      lines.append("  result   \(result.name.padded(to: 24)) \(result.sizeBytes.asBytes.padded(to: 10)) \(place)")
    }
    let usage = job.attempts.last?.usage ?? AttemptUsage()
    lines.append("  time     \(UsageText.of(usage, at: " on tier \(job.attempts.last?.tier ?? job.tier)"))")
    lines.append("  cost     \(MicroEuro(micros: job.costMicroeuro)) €")
    lines.append("  charge   \(MicroCredits(micros: job.chargedMicrocredits)) credits")
    let account: AccountView = try await server.get("/v1/account")
    lines.append("  balance  \(MicroCredits(micros: account.availableMicrocredits)) credits available")
    if folder == nil, !job.results.isEmpty { lines.append("  fetch    strata job fetch \(job.id) --out FOLDER") }
    if job.attempts.last?.log != nil { lines.append("  log      strata job logs \(job.id)") }
    return lines.joined(separator: "\n")
  }
}

/// How the command of a failed job ended, as its summary tells.
enum CommandEnding {
  case status(Int64)
  case signal(Int64)

  init?(_ job: JobView) {
    guard job.state == .failed, case .object(let summary)? = job.summary else { return nil }
    switch (summary["exit_status"], summary["signal"]) {
    case (.integer(let status)?, _): self = .status(status)
    case (_, .integer(let signal)?): self = .signal(signal)
    default: return nil
    }
  }

  var words: String {
    switch self {
    case .status(let status): "the command exited with status \(status); for any failed job the status here is 1"
    case .signal(let signal): "the command was ended by signal \(signal); for any failed job the status here is 1"
    }
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
