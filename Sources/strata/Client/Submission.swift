import StrataAPI
import StrataClient
import StrataCore

/// Uploads a job's inputs, submits it, and follows it where asked to.
struct Submission {
  private let server: Server
  private let arguments: Arguments

  init(_ arguments: Arguments) throws {
    server = try Server(arguments)
    self.arguments = arguments
    if arguments.has("out"), arguments.command == "submit", !arguments.has("wait") {
      throw UsageError("--out needs --wait: results are fetched when the job is done", command: arguments.command)
    }
  }

  func perform(_ request: JobRequest, files: [String], waits: Bool, showsLog: Bool = false) async throws -> ExitStatus {
    var request = request
    request.inputs = try await upload(files)
    // A key of our own makes the retry of a lost answer find the same job.
    let key = arguments["idempotency-key"] ?? "cli-\(JobID())"
    let accepted: JobAccepted = try await server.post("/v1/jobs", request, idempotencyKey: key)
    guard waits else {
      Terminal.print(arguments.has("json") ? try JSONText.of(accepted) : accepted.id.description)
      return .done
    }
    if !arguments.has("json") {
      Terminal.note(
        "job \(accepted.id) accepted, at most \(MicroCredits(micros: accepted.heldMicrocredits)) credits held")
    }
    let job = try await JobFollower(server: server, showsLog: showsLog).follow(accepted.id)
    return try await JobOutcome(server: server, job: job).show(
      folder: arguments["out"], asJSON: arguments.has("json"), isBrief: showsLog)
  }

  private func upload(_ files: [String]) async throws -> [ArtifactReference] {
    var references: [ArtifactReference] = []
    for file in files {
      let name = String(file.split(separator: "/").last ?? "input")
      let progress = TransferProgress(stage: "uploading \(name)")
      references.append(
        try await server.upload(file, named: name) { progress.show($0.sent, of: $0.toSend) })
      progress.clear()
    }
    return references
  }
}
