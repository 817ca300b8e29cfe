import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataLedger
import StrataRuntime
import Synchronization
import TestSupport
import Testing

/// One stack for all tests of a suite. It has no workers: a test starts its own, so that it knows who runs what, and its
/// tenants are its own, too.
struct OneStack: SuiteTrait, TestScoping {
  @TaskLocal fileprivate static var current: WishStack?

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let stack = try await StackUnderTest(
      workers: 0,
      declared: ResourceRequest(cpuMillicores: Int64(WishStack.coresMax) * 1_000, memoryBytes: 64 << 30))
    do {
      let shared = try WishStack(stack)
      // It takes longest.
      let story = shared.workerKiller
      try await Self.$current.withValue(shared) { try await function() }
      _ = await story.result
      await shared.close()
    } catch {
      await stack.stop()
      throw error
    }
    await stack.stop()
  }

  /// That of the suite that runs.
  static var stack: WishStack { get throws { try #require(current) } }
}

/// A stack without workers, and the means to bring tenants and workers to it.
final class WishStack: Sendable {
  /// What the largest job may ask for.
  static let coresMax = 64

  let stack: StackUnderTest
  private let ledger: Ledger
  private let story = Mutex<Task<WorkerKillerStory, any Error>?>(nil)

  init(_ stack: StackUnderTest) throws {
    self.stack = stack
    ledger = try Ledger(PostgreSQLConfiguration(connectionString: stack.database))
  }

  func close() async { await ledger.close() }

  /// Begun by whoever asks first.
  var workerKiller: Task<WorkerKillerStory, any Error> {
    story.withLock { story in
      let task = story ?? Task { try await WorkerKillerStory(on: self) }
      story = task
      return task
    }
  }

  /// A tenant with credits.
  func tenant(_ name: String) async throws -> Owner {
    let id = try await ledger.createTenant(name: name, plan: "test", credits: MicroCredits(micros: 1_000_000_000_000))
    let key = try await ledger.createKey(tenant: id, name: "test").secret
    return Owner(
      id: id, name: name, key: key,
      client: HTTPClient(try ClientEndpoint("unix://\(stack.folder)/data/run/api.sock"), bearerKey: key))
  }

  /// Runs `body` with a worker process of its own, which it then lets end in good order.
  ///
  /// - Parameter owner: whose jobs it runs alone; nil: anybody's.
  func withWorker(
    for owner: Owner? = nil, slots: Int, cores: Int? = nil, _ body: (RunningCommand) async throws -> Void
  ) async throws {
    let worker = try await startWorker(for: owner, slots: slots, cores: cores)
    do { try await body(worker) } catch {
      await end(worker)
      throw error
    }
    await end(worker)
  }

  /// - Returns: once it takes jobs.
  func startWorker(for owner: Owner?, slots: Int, cores: Int? = nil) async throws -> RunningCommand {
    let ready = "ready-\(JobID())"
    let words = [
      "worker", "--slots", "\(slots)", "--cpu", "\(cores ?? slots)", "--memory", "16G", "--ready-file", path(ready),
    ]
    let worker = try await RunningCommand(words + (owner.map { ["--dedicated-to", "\($0.id)"] } ?? []), on: stack)
    try await waitUntil("the worker takes jobs") { exists(ready) }
    return worker
  }

  /// The second wish hastens what the first one asked for.
  private func end(_ worker: RunningCommand) async {
    worker.interrupt()
    _ = await worker.ended()
  }

  // MARK: What jobs leave

  func path(_ name: String) -> String { stack.folder + "/" + name }
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
  /// Lets go on whoever waits at a gate.
  func open(_ gate: String) { _ = FileManager.default.createFile(atPath: path(gate), contents: nil) }
  /// The lines of a file, in the order in which jobs wrote them.
  func lines(_ name: String) -> [String] {
    ((try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }

  func eventuallyLine(_ line: String, in name: String) async throws {
    try await waitUntil("a job has written '\(line)'", within: .seconds(60)) { lines(name).contains(line) }
  }

  /// A job that runs a script.
  func script(_ text: String, cores: Int = 1, priority: Int? = nil) -> JobRequest {
    JobRequest(
      capability: "command.run", params: ["command": .array(["sh", "-c", text].map(JSONValue.string))],
      priority: priority, resources: .init(cpuMillicores: Int64(cores) * 1_000, memoryBytes: 256 << 20))
  }

  /// A job that writes a line.
  func writing(_ line: String, to file: String, cores: Int = 1, priority: Int? = nil) -> JobRequest {
    script("echo \(line) >> '\(path(file))'", cores: cores, priority: priority)
  }

  /// A job that writes a line and then waits until its gate, named as the line, is opened.
  func waiting(_ line: String, in file: String, cores: Int = 1, priority: Int? = nil) -> JobRequest {
    script(
      "echo \(line) >> '\(path(file))'; until [ -e '\(path(line))' ]; do sleep 0.02; done", cores: cores,
      priority: priority)
  }

  // MARK: What operators do

  func admission() async throws -> QueueView.Admission {
    let queue: QueueView = try await stack.client.send(ClientRequest("GET", ["v1", "queue"])).decode()
    return try #require(queue.admission)
  }

  func patch(_ path: [String], _ body: some Encodable) async throws {
    _ = try await stack.client.send(ClientRequest("PATCH", path, body: try .json(body)))
  }

  func change(_ owner: Owner, _ patch: TenantPatch) async throws {
    try await self.patch(["v1", "tenants", owner.name], patch)
  }
}

/// A tenant as its users see the stack.
struct Owner: Sendable {
  let id: TenantID
  let name: String
  let key: String
  let client: HTTPClient

  func accepted(_ request: JobRequest) async throws -> JobAccepted {
    try await client.send(ClientRequest("POST", ["v1", "jobs"], body: try .json(request))).decode()
  }

  func submit(_ request: JobRequest) async throws -> JobID { try await accepted(request).id }

  func submit(_ requests: [JobRequest]) async throws -> [JobID] {
    let body = BatchRequest(jobs: requests)
    let answer: BatchAccepted = try await client.send(
      ClientRequest("POST", ["v1", "jobs:batch"], body: try .json(body))
    ).decode()
    return answer.items.compactMap { $0.job?.id }
  }

  func job(_ id: JobID) async throws -> JobView {
    try await client.send(ClientRequest("GET", ["v1", "jobs", id.description])).decode()
  }

  /// How a job ended, as its events tell.
  func finished(_ id: JobID) async throws -> JobView {
    let events = ClientRequest("GET", ["v1", "jobs", id.description, "events"], timeout: .seconds(60))
    try await client.events(events) { _ in true }
    return try await job(id)
  }

  func expectSucceeded(_ jobs: [JobID]) async throws {
    for id in jobs {
      let job = try await finished(id)
      #expect(job.state == .succeeded, "\(job)")
    }
  }

  func cancel(_ id: JobID) async throws {
    _ = try await client.send(ClientRequest("DELETE", ["v1", "jobs", id.description]))
  }

  func account() async throws -> AccountView {
    try await client.send(ClientRequest("GET", ["v1", "account"])).decode()
  }

  func explain(_ id: JobID) async throws -> ExplanationView {
    try await client.send(ClientRequest("GET", ["v1", "jobs", id.description, "explain"])).decode()
  }

  /// The problem with which a submission is refused; nil where it is accepted.
  func refusal(of request: JobRequest) async throws -> ProblemDetails? {
    do {
      _ = try await submit(request)
      return nil
    } catch ClientError.refused(let problem) {
      return problem
    }
  }
}
