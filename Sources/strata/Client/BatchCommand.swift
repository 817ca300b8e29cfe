import FoundationEssentials
package import StrataAPI
import StrataCore
import StrataServer
import Synchronization

extension Command {
  static let batch = Command(
    name: "batch", arguments: "\(BatchVerb.usage) FILE|ID", argumentsMax: 2,
    summary: "Submit many jobs from a file, and show or follow them together",
    details: """
      submit  the jobs of FILE (- for standard input), one on each line, as JSON: {"capability": "command.run", "params":
              {"command": ["echo", "hello"]}, "labels": {"project": "x"}}, as the API takes them. The batch's identifier is
              printed; lines that are refused are told, and the others submitted all the same
      show    how many of its jobs have ended, and how
      wait    follow it until all have ended
      close   take no more jobs into one that was kept open: it is finished once those that it has have ended

      ID may be shortened here as in 'strata job'. 'strata jobs|cancel|retry --batch ID' lists its jobs, cancels them, does
      those that failed again, and takes the whole. Inputs are named by what an upload has answered; for files of this machine
      there is 'strata submit --batch ID'.

      Example: strata batch submit jobs.jsonl --wait
      """,
    options: [
      .flag("wait", "follow it to its end (submit)"), .flag("keep-open", "let more jobs join it later (submit)"),
      .option("batch", "ID", "the open batch to join, which stays open unless --wait is given (submit)"),
      .option("idempotency-key", "KEY", "submitting again with the same key finds the same jobs (submit)"),
      JobOptions.patienceOption, .dataDirectory, .json,
    ],
    run: { arguments in
      guard let verb = arguments.positional.first.flatMap(BatchVerb.init(rawValue:)), arguments.positional.count == 2
      else {
        throw UsageError("expected strata batch submit FILE, or strata batch show|wait|close ID", command: "batch")
      }
      if verb != .submit, let stray = ["wait", "keep-open", "batch", "idempotency-key"].first(where: arguments.has) {
        throw UsageError("--\(stray) is for 'strata batch submit'", command: "batch")
      }
      return try await BatchAction(server: { try Server(arguments) }, arguments: arguments).perform(verb)
    })
}

/// What `strata batch` can do.
enum BatchVerb: String, CaseIterable {
  case submit, show, wait, close

  static let usage = allCases.map(\.rawValue).joined(separator: "|")
}

/// One use of `strata batch`.
struct BatchAction {
  /// Jobs of one request, which is what the server takes.
  private static let chunkMax = 1_000
  /// Of a key, behind which each request puts its number.
  private static let keyBytesMax = 240
  /// Bytes of one request's jobs: the server takes 16 MiB.
  private static let chunkBytesMax = 12 << 20

  let server: () throws -> Server
  let arguments: Arguments

  private var asJSON: Bool { arguments.has("json") }
  private var word: String { arguments.positional[1] }

  func perform(_ verb: BatchVerb) async throws -> ExitStatus {
    switch verb {
    case .submit: return try await submit()
    case .show: return try show(try await server().get(["v1", "batches", try await id().description]))
    case .close:
      let answer: BatchAccepted = try await server().post(
        "/v1/jobs:batch", BatchRequest(jobs: [], batch: try await id()), idempotencyKey: "cli-\(JobID())")
      return try show(answer.batch)
    case .wait: return try await wait(try await id())
    }
  }

  private func id() async throws -> BatchID { try await BatchName.resolve(word, on: server) }

  private func show(_ batch: BatchView) throws -> ExitStatus {
    Terminal.print(asJSON ? try JSONText.of(batch) : BatchText.of(batch))
    return .done
  }

  private func wait(_ id: BatchID) async throws -> ExitStatus {
    let server = try server()
    let batch = try await Submission.tellingOfInterruption(of: id, noun: "batch", stop: "cancel --batch") {
      try await BatchFollower(server: server).follow(id)
    }
    _ = try show(batch)
    return batch.succeeded == batch.total ? .done : .failedJob
  }

  private func submit() async throws -> ExitStatus {
    let lines = try BatchLines(of: word)
    let chunks = lines.chunks(of: Self.chunkMax, bytesMax: Self.chunkBytesMax)
    guard !chunks.isEmpty else { throw UsageError("\(word) has no jobs in it", command: "batch") }
    let key = try JobOptions.idempotencyKey(arguments, bytesMax: Self.keyBytesMax)
    let server = try server()
    let given = try await JobOptions.batch(arguments)
    // Nobody waits for a batch that others may still join.
    let staysOpen = arguments.has("keep-open") || given != nil && !arguments.has("wait")
    var tally = BatchTally()
    for (place, chunk) in chunks.enumerated() {
      let isLast = place == chunks.count - 1
      let request = BatchRequest(
        jobs: chunk.map(\.job), batch: given ?? tally.batch?.id, keepOpen: !isLast || staysOpen ? true : nil)
      let answer: BatchAccepted = try await server.post(
        "/v1/jobs:batch", request, idempotencyKey: "\(key)-\(place)", patience: try JobOptions.patience(arguments))
      tally.note(answer, of: chunk)
      if place == 0, !isLast {
        Terminal.note(
          "batch \(answer.batch.id): where this breaks off, the same command with --idempotency-key \(key) goes on")
      }
    }
    tally.tellRest()
    guard let batch = tally.batch else { return .done }
    if arguments.has("wait") {
      if !asJSON { Terminal.note("batch \(batch.id) of \(batch.total.counted("job")) accepted") }
      let ended = try await wait(batch.id)
      return tally.refused > 0 ? .refused : ended
    }
    Terminal.print(
      asJSON ? try JSONText.of(BatchAccepted(batch: batch, items: tally.answers)) : batch.id.description)
    return tally.refused > 0 ? .refused : .done
  }
}

/// What has become of the lines of a file so far.
private struct BatchTally {
  /// Refusals that are told one by one.
  private static let toldMax = 20

  private(set) var batch: BatchView?
  private(set) var answers: [JobVerdict] = []
  private(set) var refused = 0

  mutating func note(_ answer: BatchAccepted, of lines: [BatchLines.Line]) {
    for (line, verdict) in zip(lines, answer.items) {
      WarningText.tell(verdict.job?.warnings, of: "line \(line.number)")
      guard let error = verdict.error else { continue }
      refused += 1
      if refused <= Self.toldMax { Terminal.note("strata: line \(line.number): \(error.detail) [\(error.code)]") }
    }
    batch = answer.batch
    answers += answer.items
  }

  func tellRest() {
    guard refused > Self.toldMax else { return }
    Terminal.note("strata: \((refused - Self.toldMax).counted("more line")) refused; --json tells of each")
  }
}

/// The jobs of a file, one on each line.
struct BatchLines {
  struct Line {
    /// From 1.
    let number: Int
    let job: JobRequest
    let bytes: Int
  }

  /// Of one line: what the server takes of one job.
  private static let lineBytesMax = 256 << 10
  /// Bytes that are taken: what is read of them takes ten times as much memory. Of more, the file can be cut.
  private static let bytesMax: Int64 = 128 << 20

  let lines: [Line]

  /// - Throws: `invalidInput`, naming the first line that is no job; nothing is submitted then.
  init(of path: String) throws {
    let file = try path == "-" ? InputFiles.spoolStandardInput() : InputFiles.check([path])[0]
    guard InputFiles.size(of: file) <= Self.bytesMax else {
      throw StrataError(
        .invalidInput, "\(path) has more than \(Self.bytesMax.asBytes)",
        remedy: "cut it, and join the batch with --batch")
    }
    let data = try Data(contentsOf: URL(filePath: file))
    lines = try data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap {
      try Self.line($0.offset + 1, Data($0.element), of: path)
    }
  }

  private static func line(_ number: Int, _ bytes: Data, of path: String) throws(StrataError) -> Line? {
    guard bytes.contains(where: { $0 > 0x20 }) else { return nil }
    guard bytes.count <= lineBytesMax else {
      throw StrataError(
        .invalidInput, "line \(number) of \(path) has \(bytes.count) bytes, at most \(lineBytesMax) are taken",
        remedy: "nothing was submitted: put large values into an input")
    }
    // As the server reads it: what it would refuse is found before anything is submitted, nothing is dropped.
    do throws(HTTPRefusal) {
      let job = try JSONCoding.decode(
        JobRequest.self, from: [UInt8](bytes), members: JobRequest.members, fractions: JobRequest.fractions)
      return Line(number: number, job: job, bytes: bytes.count)
    } catch {
      let what = "line \(number) of \(path == "-" ? "standard input" : path)"
      throw StrataError(.invalidInput, "\(what): \(error.detail)", remedy: "nothing was submitted: mend it")
    }
  }

  func chunks(of most: Int, bytesMax: Int) -> [[Line]] {
    var (chunks, bytes): ([[Line]], Int) = ([], 0)
    for line in lines {
      if let last = chunks.last, last.count < most, bytes + line.bytes <= bytesMax {
        chunks[chunks.count - 1].append(line)
        bytes += line.bytes
      } else {
        chunks.append([line])
        bytes = line.bytes
      }
    }
    return chunks
  }
}

/// Watches a batch until all its jobs have ended, showing how far it is.
struct BatchFollower {
  /// How often it is looked at.
  private static let interval = Duration.seconds(1)

  let server: Server

  /// - Returns: the finished batch.
  func follow(_ id: BatchID) async throws -> BatchView {
    let progress = Mutex(ProgressLine())
    var outage = Outage(of: "batch", "\(id)")
    while true {
      do {
        let batch: BatchView = try await server.get(["v1", "batches", id.description])
        outage.end()
        if batch.finishedAt != nil {
          progress.withLock { $0.clear() }
          return batch
        }
        progress.withLock { $0.show(batch) }
      } catch {
        try outage.bear(error)
        progress.withLock { $0.show(fraction: nil, stage: Outage.stage) }
      }
      try await Task.sleep(for: Self.interval)
    }
  }
}

extension ProgressLine {
  fileprivate mutating func show(_ batch: BatchView) {
    let ended = batch.total - batch.running
    let words = "\(ended) of \(batch.total.counted("job"))" + (batch.open ? ", and more may join" : "")
    show(fraction: Double(ended) / Double(max(1, batch.total)), stage: words)
  }
}

/// A batch as a person reads it.
package enum BatchText {
  package static func of(_ batch: BatchView) -> String {
    let state = batch.finishedAt != nil ? "finished" : batch.open ? "open: more jobs may join it" : "running"
    let rows: [RequestText.Row] = [
      ("batch", batch.id.description), ("state", state), ("created", batch.createdAt), ("finished", batch.finishedAt),
      ("jobs", "\(batch.total)"), ("running", "\(batch.running) have not ended"), ("succeeded", "\(batch.succeeded)"),
      ("failed", "\(batch.failed)"), ("cancelled", "\(batch.cancelled)"),
    ]
    return rows.compactMap { row in row.value.map { row.name.padded(to: 12) + $0 } }.joined(separator: "\n")
  }
}
