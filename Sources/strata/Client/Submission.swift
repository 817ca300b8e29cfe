import Glibc
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime

/// Uploads a job's inputs, submits it, and follows it where asked to. Whatever can be wrong is found before anything is
/// uploaded: on this side, and by asking the server whether it would take the job.
struct Submission {
  /// What a shell expects of a program that a signal ended: 128 and the signal's number.
  private static let interruptedStatusBase: Int32 = 128

  private let server: Server
  private let asJSON: Bool
  private let idempotencyKey: String
  /// Whether the key is one that was given, so that an earlier submission may have it.
  private let isKeyGiven: Bool
  /// How long a server that takes no jobs at the moment is asked again.
  private let patience: Duration
  private let folder: ResultsFolder?
  private let waits: Bool
  private let showsLog: Bool

  /// - Parameters:
  ///   - waits: whether to follow the job to its end.
  ///   - showsLog: whether to show what it prints, rather than how far it is.
  init(_ arguments: Arguments, waits: Bool, showsLog: Bool = false) throws {
    if arguments.has("out"), !waits {
      throw UsageError(
        "--out needs a job that is waited for; fetch the results later with 'strata job fetch ID --out FOLDER'",
        command: arguments.command)
    }
    if arguments.has("out"), arguments.has("array") {
      throw UsageError(
        "--out is not for --array; fetch results of each task with 'strata job fetch ARRAY[INDEX] --out FOLDER'",
        command: arguments.command)
    }
    server = try Server(arguments)
    folder = try arguments["out"].map(ResultsFolder.init)
    asJSON = arguments.has("json")
    patience = try JobOptions.patience(arguments)
    let suffix = arguments.has("split") ? SplitJob.keySuffix.utf8.count : 0
    idempotencyKey = try JobOptions.idempotencyKey(arguments, bytesMax: 255 - suffix)
    isKeyGiven = arguments.has("idempotency-key")
    (self.waits, self.showsLog) = (waits, showsLog)
  }

  /// - Parameters:
  ///   - request: its inputs follow the files.
  ///   - files: inputs by their names for the job; `InputFiles.check` has seen them.
  ///   - split: how it is split over workers; nil for one job.
  func perform(
    _ request: JobRequest, files: [(name: String, path: String)], split: SplitJob? = nil
  ) async throws -> ExitStatus {
    var request = request
    let parts = try await split?.parts(of: request, files: files.count, on: server)
    let inputs = InputUpload(server: server, files: files)
    let results = request.inputs ?? []
    if !files.isEmpty {
      var asked = request
      asked.inputs = inputs.announced.map(JobInput.artifact) + results
      if parts == nil { asked.unitsMax = request.unitsMax ?? LocalMeter.units(of: request, files: files) }
      let _: JobCheck = try await server.post(
        "/v1/jobs:check", asked, idempotencyKey: idempotencyKey, patience: patience)
      // With a key that was given, the parts may be there already.
      if let parts, !isKeyGiven {
        let _: JobCheck = try await server.post("/v1/jobs:check", parts.tasks(of: asked), patience: patience)
      }
    }
    request.inputs = try await inputs.upload().map(JobInput.artifact) + results
    let accepted: JobAccepted
    var array: JobID?
    if let parts {
      let made = try await submit(parts, of: request)
      (accepted, array) = (made.whole, made.array)
    } else {
      accepted = try await submit(request)
    }
    if !asJSON, let repeated = RepeatText.of(accepted, isKeyGiven: isKeyGiven, uniqueKey: request.uniqueKey) {
      Terminal.note(repeated)
    }
    WarningText.tell(accepted.warnings)
    if waits, let tasks = accepted.tasks {
      return try await follow(ArrayID(accepted.id), tasks: tasks, isRepeat: accepted.isRepeat)
    }
    guard waits else {
      Terminal.print(
        asJSON ? try JSONText.of(SplitAccepted(accepted: accepted, array: array)) : accepted.id.description)
      return .done
    }
    if !asJSON, !accepted.isRepeat {
      Terminal.note(
        "job \(accepted.id) accepted, at most \(MicroCredits(micros: accepted.heldMicrocredits)) credits held")
    }
    let job = try await Self.tellingOfInterruption(of: accepted.id) {
      try await JobFollower(
        server: server, logDescriptor: showsLog ? asJSON ? STDERR_FILENO : STDOUT_FILENO : nil, tellsOfWaiting: !asJSON
      ).follow(accepted.id)
    }
    return try await JobOutcome(server: server, job: job).show(folder: folder, asJSON: asJSON, isBrief: showsLog)
  }

  private func submit(_ request: JobRequest, keySuffix: String = "") async throws -> JobAccepted {
    try await server.post(
      "/v1/jobs", request, idempotencyKey: idempotencyKey + keySuffix, patience: patience)
  }

  /// The parts, and then the job that puts them together.
  private func submit(
    _ parts: SplitJob.Parts, of request: JobRequest
  ) async throws -> (whole: JobAccepted, array: JobID) {
    let tasks = try await submit(parts.tasks(of: request), keySuffix: SplitJob.keySuffix)
    if tasks.isRepeat, tasks.state == .cancelled {
      throw StrataError(
        .conflict, "the parts of this Idempotency-Key, array \(tasks.id), are cancelled", remedy: "use a new key")
    }
    let most = MicroCredits(micros: tasks.estimate.chargeMaxMicrocredits)
    if !tasks.isRepeat {
      Terminal.note("array \(tasks.id) of \(parts.count.counted("part")) accepted, at most \(most) credits together")
    }
    do {
      return (try await submit(parts.whole(of: request, from: tasks.id)), tasks.id)
    } catch let refusal as StrataError where SplitJob.isRefusal(refusal.code) && !tasks.isRepeat {
      await withdraw(tasks.id)
      throw refusal
    } catch {
      Terminal.note(
        "array \(tasks.id) goes on; the same command with --idempotency-key \(idempotencyKey) puts its parts together, and strata array cancel \(tasks.id) stops it"
      )
      throw error
    }
  }

  /// Cancels parts that nobody would put together.
  private func withdraw(_ array: JobID) async {
    do {
      let _: ArrayView = try await server.delete("/v1/arrays/\(array)")
      Terminal.note("array \(array) is cancelled: what puts its parts together was refused")
    } catch {
      Terminal.note(
        "what puts the parts of array \(array) together was refused, and the array goes on (\(error)); strata array cancel \(array) stops it"
      )
    }
  }

  private func follow(_ array: ArrayID, tasks: Int, isRepeat: Bool) async throws -> ExitStatus {
    if !asJSON, !isRepeat { Terminal.note("array \(array) of \(tasks.counted("task")) accepted") }
    return try await ArrayFollower(server: server).show(array, asJSON: asJSON)
  }

  /// Waits for a job; a Ctrl-C ends the waiting, not the job, and says so.
  ///
  /// - Parameters:
  ///   - noun: what it is, and the command for it.
  ///   - stop: the command that stops it, where that is not one of that command's.
  static func tellingOfInterruption<Value: Sendable, Tag>(
    of job: Identifier<Tag>, noun: String = "job", stop: String? = nil,
    _ wait: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let requests = try Signals.terminationRequests()
    let listener = Task {
      for await request in requests {
        Terminal.note(
          """

          strata: no longer waiting; \(noun) \(job) goes on.
            strata \(noun) wait \(job)     waits again
            strata \(stop ?? "\(noun) cancel") \(job)   stops it
          """)
        exit(interruptedStatusBase + request.signal)
      }
    }
    defer { listener.cancel() }
    return try await wait()
  }
}
