import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataQueue
import StrataRuntime
import StrataServer
import Synchronization
import TestSupport
import Testing

/// `strata restart` while the stack is used: nobody is turned away, and no job runs twice for it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RestartTests {
  private func withStack(workers: Int = 1, _ body: (StackUnderTest) async throws -> Void) async throws {
    let stack = try await StackUnderTest(workers: workers)
    do {
      try await leavingNothing(in: stack.folder + "/data") { try await body(stack) }
    } catch {
      await stack.stop()
      throw error
    }
    await stack.stop()
  }

  @Test func underLoadNoRequestFailsAndNoAttemptIsRepeated() async throws {
    try await withStack(workers: 2) { stack in
      let load = try PlainLoad(on: stack)
      async let jobs = load.run(clients: 4)
      try await waitUntil("jobs are taken") { load.answers > 50 }
      for round in 1...2 {
        let before = load.answers
        let restart = try await strata(["restart"], on: stack)
        #expect(restart.code == 0, "\(restart.errors)")
        for name in ["controller", "worker-1", "worker-2"] {
          #expect(restart.errors.contains("\(name) restarted (process "), "round \(round): \(restart.errors)")
        }
        try await waitUntil("jobs are taken by the next one") { load.answers > before + 50 }
      }
      load.finish()
      let accepted = try await jobs
      #expect(accepted.count > 150)
      try await stack.expectSettledOnce(accepted)
      for job in accepted { #expect(try await stack.job(job).attempts.count == 1) }
    }
  }

  /// What waits by events goes on at the next controller.
  @Test func whoWaitsForAJobIsTold() async throws {
    try await withStack { stack in
      let gate = stack.folder + "/gate"
      let command = try await RunningCommand(
        ["run", "--", "sh", "-c", "mkfifo '\(gate)'; read line < '\(gate)'; echo through"], on: stack)
      try await waitUntil("the job runs") { FileManager.default.fileExists(atPath: gate) }
      let restart = try await strata(["restart", "controller"], on: stack)
      #expect(restart.code == 0, "\(restart.errors)")
      try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
      let result = await command.ended()
      #expect(result.code == 0 && result.output.contains("through"), "\(result.errors)")
    }
  }

  @Test func aWorkersJobsEndFirst() async throws {
    try await withStack { stack in
      let (job, gate) = try await startGated(stack, "gate")
      let restart = try await RunningCommand(["restart", "worker-1"], on: stack)
      try await waitUntil("it waits") { restart.errors.contains("waiting for worker-1: its running jobs end first") }
      #expect(try await stack.job(job).state == .running)
      try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
      let result = await restart.ended()
      #expect(result.code == 0 && result.errors.contains("worker-1 restarted"), "\(result.errors)")
      #expect(try await stack.finished(job).attempts.compactMap(\.ending) == [.succeeded])
    }
  }

  @Test func aWorkersJobsAreHandedBackWhereTheyHaveNoTime() async throws {
    try await withStack { stack in
      let (job, gate) = try await startGated(stack, "gate")
      try FileManager.default.removeItem(atPath: gate)
      let result = try await strata(["restart", "worker-1", "--job-grace", "0"], on: stack)
      #expect(result.code == 0, "\(result.errors)")
      try await waitUntil("the job runs again") { FileManager.default.fileExists(atPath: gate) }
      try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
      #expect(try await stack.finished(job).attempts.compactMap(\.ending) == [.released, .succeeded])
    }
  }

  /// As it hastens `down`: but it says for how long the jobs may go on.
  @Test func anotherRestartHastensTheOneThatWaits() async throws {
    try await withStack { stack in
      let (job, gate) = try await startGated(stack, "gate")
      try FileManager.default.removeItem(atPath: gate)
      let first = try await RunningCommand(["restart", "worker-1"], on: stack)
      try await waitUntil("it says how it is hastened") {
        first.errors.contains("'strata restart worker-1 --job-grace 0' hands them back")
      }
      let second = try await strata(["restart", "worker-1", "--job-grace", "0"], on: stack)
      #expect(second.code == 0 && second.errors.contains("worker-1 restarted"), "\(second.errors)")
      let result = await first.ended()
      #expect(result.code == 0 && result.errors.contains("worker-1 restarted"), "\(result.errors)")
      #expect(second.errors.split(separator: " ").last == result.errors.split(separator: " ").last)
      try await waitUntil("the job runs again") { FileManager.default.fileExists(atPath: gate) }
      try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
      #expect(try await stack.finished(job).attempts.compactMap(\.ending) == [.released, .succeeded])
    }
  }

  /// Whichever of the two comes first, and however little later the other does.
  @Test(.timeLimit(.minutes(3))) func anotherRestartHastensTheOneThatHasJustBegun() async throws {
    try await withStack { stack in
      for round in 0..<3 {
        let (job, gate) = try await startGated(stack, "gate-\(round)")
        try FileManager.default.removeItem(atPath: gate)
        let first = try await RunningCommand(["restart", "worker-1"], on: stack)
        let second = try await strata(["restart", "worker-1", "--job-grace", "0"], on: stack)
        #expect(second.code == 0, "\(second.errors)")
        try await waitUntil("the job runs again") { FileManager.default.fileExists(atPath: gate) }
        try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
        #expect(await first.ended().code == 0)
        #expect(try await stack.finished(job).attempts.compactMap(\.ending).last == .succeeded)
      }
    }
  }

  @Test func whoNoLongerWaitsIsToldWhatGoesOn() async throws {
    try await withStack { stack in
      let (job, gate) = try await startGated(stack, "gate")
      let restart = try await RunningCommand(["restart", "worker-1"], on: stack)
      try await waitUntil("it waits") { restart.errors.contains("its running jobs end first") }
      restart.interrupt()
      let result = await restart.ended()
      #expect(result.code == 130, "\(result.errors)")
      #expect(result.errors.contains("worker-1 is being restarted all the same"), "\(result.errors)")
      // It has gone on, and is waited for again.
      async let again = strata(["restart", "worker-1"], on: stack)
      try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
      #expect(try await again.code == 0)
      #expect(try await stack.finished(job).attempts.compactMap(\.ending) == [.succeeded])
    }
  }

  /// The jobs have what `down` gives them, not at once the end because their worker was told before.
  @Test func aStopDuringARestartGivesItsOwnGrace() async throws {
    try await withStack { stack in
      let data = stack.folder + "/data"
      let (_, gate) = try await startGated(stack, "gate")
      let restart = try await RunningCommand(["restart", "worker-1"], on: stack)
      try await waitUntil("it waits") { restart.errors.contains("waiting for worker-1") }
      async let down = strata("down", "--data-dir", data, "--job-grace", "10m")
      try await waitUntil("it is stopping") { FileManager.default.fileExists(atPath: data + "/run/stopping") }
      try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
      #expect(try await down.code == 0)
      let refused = await restart.ended()
      #expect(refused.code == 4 && refused.errors.contains("the stack is being stopped"), "\(refused.errors)")
      let end = try String(contentsOfFile: stack.folder + "/runs-through", encoding: .utf8)
      #expect(end == "through\n")
    }
  }

  @Test func aVersionThatDoesNotStartLeavesTheOneBefore() async throws {
    try await withStack { stack in
      let control = HTTPClient(.unix(path: stack.folder + "/data/run/up.sock"))
      let before = stack.processes("controller").min()
      func refusal(_ program: String, layout: Int) async throws -> String {
        let request = try order(of: "controller", program, layout: layout)
        return "\(String(describing: await #expect(throws: ClientError.self) { _ = try await control.send(request) }))"
      }
      let failed = try await refusal("/bin/false", layout: RedisQueue.layout)
      #expect(failed.contains("controller ended during its start with exit code 1"), "\(failed)")
      let absent = try await refusal("/nonexistent/strata", layout: RedisQueue.layout)
      #expect(absent.contains("there is no program /nonexistent/strata"), "\(absent)")
      let other = try await refusal(StackUnderTest.binary, layout: RedisQueue.layout + 1)
      #expect(other.contains("keeps the queue in another layout"), "\(other)")
      #expect(stack.processes("controller").min() == before)
      try await stack.expectSettledOnce([try await stack.submit(JobRequest(capability: "noop"))])
      // And the next one is started from the program before.
      let restart = try await strata(["restart", "controller"], on: stack)
      #expect(restart.code == 0, "\(restart.errors)")
    }
  }

  /// What runs is what was restarted to, whatever has become of its file.
  @Test func aProgramWhoseFileIsGoneIsStartedAgainAllTheSame() async throws {
    try await withStack { stack in
      let copy = stack.folder + "/strata"
      try FileManager.default.copyItem(atPath: StackUnderTest.binary, toPath: copy)
      let restart = try await shell("'\(copy)' restart --data-dir '\(stack.folder)/data'")
      #expect(restart.code == 0, "\(restart.errors)")
      try FileManager.default.removeItem(atPath: copy)
      for part in ["controller", "worker"] {
        try stack.kill(part)
        let job = try await stack.submitPersistently(JobRequest(capability: "noop"))
        #expect(try await stack.finished(job).state == .succeeded)
      }
    }
  }

  /// A version that does not last is what another is wanted for.
  @Test func whatEndsAgainAndAgainIsReplacedByWhatDoesNot() async throws {
    try await withStack { stack in
      let (flaky, mark) = (stack.folder + "/flaky", stack.folder + "/bad")
      try "#!/bin/sh\ntest -e '\(mark)' && exit 1\nexec '\(StackUnderTest.binary)' \"$@\"\n"
        .write(toFile: flaky, atomically: false, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: flaky)
      let control = HTTPClient(.unix(path: stack.folder + "/data/run/up.sock"))
      for (service, part) in [("controller", "controller"), ("worker-1", "worker")] {
        _ = try await control.send(try order(of: service, flaky))
        try "".write(toFile: mark, atomically: false, encoding: .utf8)
        // The one before may still be leaving.
        Foundation.kill(try #require(stack.processes(part).max()), SIGKILL)
        try await waitUntil("it has ended twice") {
          let log = try String(contentsOfFile: stack.folder + "/data/log/up.log", encoding: .utf8)
          return log.split(separator: "\n").contains { $0.contains(service) && $0.contains("during its start") }
        }
        let restart = try await strata(["restart", service], on: stack)
        #expect(restart.code == 0 && restart.errors.contains("\(service) restarted (process"), "\(restart.errors)")
        try FileManager.default.removeItem(atPath: mark)
        let job = try await stack.submitPersistently(JobRequest(capability: "noop"))
        #expect(try await stack.finished(job).state == .succeeded)
      }
    }
  }

  /// The sockets are the supervisor's: a controller that crashed is waited for instead of being found gone.
  @Test func aCrashedControllerRefusesNobody() async throws {
    try await withStack { stack in
      for _ in 0..<3 {
        let victim = try #require(stack.processes("controller").max())
        Foundation.kill(victim, SIGKILL)
        // Whom it has accepted already it takes along.
        try await waitUntil("it is gone") { ProcessStatistics.read(victim).map(\.isZombie) ?? true }
        // Once, and not as a careful client does.
        let job = try await stack.submit(JobRequest(capability: "noop"))
        #expect(try await stack.finished(job).state == .succeeded)
      }
    }
  }

  @Test func whatCannotBeRestartedIsSaid() async throws {
    let nowhere = try await strata("restart", "--data-dir", "/tmp/strata-none-\(JobID())")
    #expect(nowhere.code != 0 && nowhere.errors.contains("there is no stack's data folder"), "\(nowhere.errors)")
    try await withStack { stack in
      let stranger = try await strata(["restart", "worker-9"], on: stack)
      #expect(stranger.code == 2 && stranger.errors.contains("it has controller, worker-1"), "\(stranger.errors)")
      _ = try await strata("down", "--data-dir", stack.folder + "/data")
      let stopped = try await strata(["restart"], on: stack)
      #expect(stopped.code == 4 && stopped.errors.contains("nothing runs in"), "\(stopped.errors)")
    }
  }

  /// What asks the supervisor for a restart, as the command does.
  private func order(
    of service: String, _ program: String, layout: Int = RedisQueue.layout
  ) throws -> ClientRequest {
    let body = [
      "program": JSONValue.string(program), "layout": .number(Double(layout)), "job_grace_seconds": .number(0),
    ]
    return ClientRequest("POST", ["services", service, "restart"], body: try .json(body), timeout: nil)
  }

  /// Submits a job that waits at a pipe, and waits until it does.
  private func startGated(_ stack: StackUnderTest, _ name: String) async throws -> (job: JobID, gate: String) {
    let gate = stack.folder + "/" + name
    // Open before it can be seen: whoever sees it may remove it.
    let script = """
      mkfifo '\(gate).new'; exec 3<> '\(gate).new'; mv '\(gate).new' '\(gate)'
      read line <&3; echo through >> '\(stack.folder)/runs-through'
      """
    let words = ["sh", "-c", script].map(JSONValue.string)
    let job = try await stack.submit(JobRequest(capability: "command.run", params: ["command": .array(words)]))
    try await waitUntil("the job runs") { FileManager.default.fileExists(atPath: gate) }
    return (job, gate)
  }
}

/// Clients that submit one job after the other, each on a connection that it keeps until an answer says that it ends,
/// and that try nothing twice.
private final class PlainLoad: Sendable {
  private struct State {
    var accepted: [JobID] = []
    var isOver = false
  }

  /// Both are passed on from one controller to the next.
  private let addresses: [HTTPAddress]
  private let key: String
  private let state = Mutex(State())

  init(on stack: StackUnderTest) throws {
    let told = try String(contentsOfFile: stack.folder + "/data/run/http-address", encoding: .utf8)
    let port = told.split(separator: ":").last.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    addresses = [
      .unix(path: stack.folder + "/data/run/api.sock"), .tcp(host: "127.0.0.1", port: port ?? 0),
    ]
    key = try String(contentsOfFile: stack.folder + "/data/api-key", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  var answers: Int { state.withLock { $0.accepted.count } }
  func finish() { state.withLock { $0.isOver = true } }

  /// - Returns: the jobs that were accepted.
  func run(clients: Int) async throws -> [JobID] {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<clients {
        group.addTask {
          let address = self.addresses[number % self.addresses.count]
          try await blocking {
            while !self.state.withLock({ $0.isOver }) { try self.useConnection(to: address) }
          }
        }
      }
      try await group.waitForAll()
    }
    return state.withLock { $0.accepted }
  }

  private func useConnection(to address: HTTPAddress) throws {
    let client = try RawClient(address)
    while !state.withLock({ $0.isOver }) {
      let body = #"{"capability":"noop"}"#
      client.send(
        "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(key)\r\nContent-Type: application/json\r\n"
          + "Idempotency-Key: \(JobID())\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      let answer = client.receive(until: "}\n")
      guard answer.hasPrefix("HTTP/1.1 202"), let id = Self.job(in: answer) else {
        throw Missing(description: "an answer; this came: \(answer)")
      }
      state.withLock { $0.accepted.append(id) }
      if answer.lowercased().contains("connection: close") { return }
    }
  }

  private static func job(in answer: String) -> JobID? {
    guard let body = answer.range(of: "\r\n\r\n") else { return nil }
    return try? JSONDecoder().decode(JobAccepted.self, from: Data(answer[body.upperBound...].utf8)).id
  }
}
