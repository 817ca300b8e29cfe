import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime
import Synchronization

/// Careful clients: each request is repeated, under the same key where it has one, and at the other controller, until it
/// is answered.
final class Clients: Sendable {
  private let world: World
  private let program: String
  /// When they give up.
  private let deadline: ContinuousClock.Instant
  private let history = Mutex(History())

  /// - Parameter program: `strata-faults`, which is what jobs run.
  init(of world: World, program: String, until deadline: ContinuousClock.Instant) {
    self.world = world
    self.program = program
    self.deadline = deadline
  }

  var recorded: History { history.withLock { $0 } }

  /// Sees one request through.
  func see(_ request: Request) async {
    let after = history.withLock { history in request.after.compactMap(history.job) }
    var controller = request.controller
    var tries = 1
    var pause = Duration.milliseconds(20)
    var answer: History.Answer
    while true {
      do throws(ClientError) {
        answer = try await ask(request, after, world.instances[controller].client)
        break
      } catch {
        if case .refused(let problem) = error, problem.status < 500, problem.status != 429 {
          answer = .refused(status: problem.status, code: problem.code ?? "")
          break
        }
        guard ContinuousClock.now + pause < deadline, !Task.isCancelled else {
          answer = .unanswered(error.description)
          break
        }
      }
      try? await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(1))
      controller = (controller + 1) % world.instances.count
      tries += 1
    }
    var entry = History.Entry(request: request, answer: answer)
    (entry.after, entry.tries) = (after, tries)
    history.withLock { [entry] in $0.entries.append(entry) }
  }

  private func ask(
    _ request: Request, _ after: [JobID], _ client: HTTPClient
  ) async throws(ClientError) -> History.Answer {
    let key = "request-\(request.number)"
    switch request.action {
    case .submit(let work):
      let body = work.request(program, world.runsFile, after)
      let accepted: JobAccepted = try await client.post(["v1", "jobs"], body, key: key)
      return .jobs([.accepted(accepted.id)])
    case .submitMany(let works):
      // They all run after what the first of them does.
      let body = BatchRequest(jobs: works.map { $0.request(program, world.runsFile, after) })
      let accepted: BatchAccepted = try await client.post(["v1", "jobs:batch"], body, key: key)
      return .jobs(accepted.items.map { $0.job.map { .accepted($0.id) } ?? .refused(code: $0.error?.code ?? "") })
    case .submitArray(let work, let tasks):
      var body = work.request(program, world.runsFile, [])
      body.array = ArrayRequest(tasks: tasks)
      let accepted: JobAccepted = try await client.post(["v1", "jobs"], body, key: key)
      return .array(ArrayID(high: accepted.id.high, low: accepted.id.low))
    case .cancel(let number):
      guard let job = recorded.job(of: number) else { return .skipped }
      _ = try await client.send(ClientRequest("DELETE", ["v1", "jobs", job.description], timeout: Self.patience))
    case .reprioritise(let number, let priority):
      guard let job = recorded.job(of: number) else { return .skipped }
      try await client.patch(["v1", "jobs", job.description], JobPatch(priority: priority))
    case .limit(let running):
      try await client.patch(
        ["v1", "capabilities", "command.run", "policy"], LimitPatch(runningMax: .some(running)))
    }
    return .done
  }

  /// Takes back what a plan may have limited, so that all can end.
  func lift() async {
    let lifting = Request(number: -1, atMilliseconds: 0, controller: 0, action: .limit(running: nil))
    await see(lifting)
  }

  fileprivate static let patience = Duration.seconds(10)
}

extension HTTPClient {
  fileprivate func post<Answer: Decodable>(
    _ path: [String], _ body: some Encodable, key: String
  ) async throws(ClientError) -> Answer {
    var request = ClientRequest("POST", path, body: try .json(body), timeout: Clients.patience)
    request.headers.append((name: "idempotency-key", value: key))
    return try await send(request).decode()
  }

  fileprivate func patch(_ path: [String], _ body: some Encodable) async throws(ClientError) {
    _ = try await send(ClientRequest("PATCH", path, body: try .json(body), timeout: Clients.patience))
  }
}

extension Request {
  /// The requests whose jobs its own run after.
  var after: [Int] {
    switch action {
    case .submit(let work): work.after
    case .submitMany(let works): works.first?.after ?? []
    default: []
    }
  }
}

extension Work {
  /// What is submitted for it.
  ///
  /// - Parameters:
  ///   - program: what does it.
  ///   - file: where that writes down that it begins and ends.
  func request(_ program: String, _ file: String, _ after: [JobID]) -> JobRequest {
    let words = [program, Work.subcommand, file, "\(milliseconds)", "\(failures)"].map(JSONValue.string)
    var request = JobRequest(
      capability: isNoop ? "noop" : "command.run", params: isNoop ? nil : ["command": .array(words)],
      priority: priority, delaySeconds: delaySeconds.map(Int64.init),
      startWithinSeconds: startWithinSeconds.map(Int64.init), preemptible: isPreemptible ? true : nil)
    request.retry = RetryOverride(
      attemptsMax: attempts, firstDelayMilliseconds: 50, delayMaxMilliseconds: 500,
      retryableCodes: ["exit_status"])
    request.uniqueKey = uniqueKey
    if !after.isEmpty {
      request.after = after
      request.onDependencyFailure = runsInAnyCase ? .run : .fail
    }
    return request
  }
}
