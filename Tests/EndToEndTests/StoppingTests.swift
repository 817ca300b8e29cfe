import Foundation
import StrataAPI
import StrataCore
import StrataRuntime
import TestSupport
import Testing

/// `strata down` says "stopped" when nothing of the stack is left, whatever was done to it, and not before.
@Suite(.serialized) struct StoppingTests {
  /// A job that hears no SIGTERM, with a child in a session of its own that hears none either. It writes down its
  /// processes' numbers.
  private static func stubborn(_ file: String) -> JobRequest {
    let script =
      "trap '' TERM; setsid sleep 1000 & echo $$ $! > '\(file).new'; mv '\(file).new' '\(file)'; sleep 1000; wait"
    return JobRequest(
      capability: "command.run", params: ["command": .array(["sh", "-c", script].map(JSONValue.string))])
  }

  /// Starts a stubborn job: the numbers of all processes of the stack, and those of the job.
  private func startStubborn(_ stack: StackUnderTest) async throws -> (job: JobID, family: Set<Int32>) {
    let file = stack.folder + "/numbers"
    let job = try await stack.submit(Self.stubborn(file))
    try await waitUntil("the job runs") { FileManager.default.fileExists(atPath: file) }
    let own = try String(contentsOfFile: file, encoding: .utf8).split(whereSeparator: \.isWhitespace)
    let names = ["postgres", "redis-server", "controller", "worker", "runner", "sentinel"]
    let family = Set(names.flatMap(stack.processes) + own.compactMap { Int32($0) })
    #expect(family.count >= 10)
    return (job, family)
  }

  /// Those that live, or wait to be buried by nobody but a machine's first process.
  private func living(_ family: Set<Int32>) -> [Int32] {
    family.filter { ProcessStatistics.read($0).map { !$0.isZombie } ?? false }
  }

  @Test(.timeLimit(.minutes(3))) func twoDownsEndAStubbornJobAndBothWaitForIt() async throws {
    try await withStack { stack in
      let data = stack.folder + "/data"
      let (job, family) = try await startStubborn(stack)
      async let first = strata("down", "--data-dir", data, "--grace", "120")
      try await waitUntil("it is stopping") { FileManager.default.fileExists(atPath: data + "/run/stopping") }
      let second = try await strata("down", "--data-dir", data, "--grace", "120")
      #expect(living(family) == [])
      #expect(second.status == .exited(0) && second.errors.contains("stopped"), "\(second.errors)")
      #expect(try await first.status == .exited(0))

      // Nothing is in the way of the next start, and the job was handed back, to be run again.
      let again = try await strata("up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data)
      #expect(again.status == .exited(0), "\(again.errors)")
      let attempts = try await stack.job(job).attempts
      #expect(attempts.compactMap(\.ending) == [.released])
    }
  }

  /// The job ends once it is let go, long after the usual grace: it keeps its attempt, and is done before `down` is.
  @Test(.timeLimit(.minutes(3))) func aLongJobHasTheTimeThatItIsGiven() async throws {
    try await withStack { stack in
      let (data, gate) = (stack.folder + "/data", stack.folder + "/gate")
      let script = "mkfifo '\(gate)'; read line < '\(gate)'; echo done > '\(stack.folder)/done'"
      let words = ["sh", "-c", script].map(JSONValue.string)
      let job = try await stack.submit(JobRequest(capability: "command.run", params: ["command": .array(words)]))
      try await waitUntil("the job runs") { FileManager.default.fileExists(atPath: gate) }
      async let down = strata("down", "--data-dir", data, "--job-grace", "10m")
      try await waitUntil("it is stopping") { FileManager.default.fileExists(atPath: data + "/run/stopping") }
      try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
      let stopped = try await down
      #expect(stopped.status == .exited(0), "\(stopped.errors)")
      #expect(stopped.errors.contains("running jobs have 10 min to end"), "\(stopped.errors)")
      #expect(FileManager.default.fileExists(atPath: stack.folder + "/done"))
      let again = try await strata("up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data, "--job-grace", "1h")
      #expect(again.status == .exited(0), "\(again.errors)")
      let ended = try await stack.job(job)
      #expect(ended.state == .succeeded && ended.attempts.compactMap(\.ending) == [.succeeded])
    }
  }

  /// It has the grace that `down` gives, and the queue is there until it has reported.
  @Test(.timeLimit(.minutes(3))) func aWorkerThatWasStartedByHandStopsWithItsStack() async throws {
    let stack = try await StackUnderTest(workers: 0)
    let (data, gate) = (stack.folder + "/data", stack.folder + "/gate")
    let address = try String(contentsOfFile: data + "/run/http-address", encoding: .utf8)
    let worker = try await RunningCommand(
      ["worker", "--slots", "1", "--ready-file", stack.folder + "/ready"], on: stack)
    try await waitUntil("the worker is there") {
      FileManager.default.fileExists(atPath: stack.folder + "/ready")
    }
    let words = ["sh", "-c", "mkfifo '\(gate)'; read line < '\(gate)'"].map(JSONValue.string)
    let job = try await stack.submitPersistently(
      JobRequest(capability: "command.run", params: ["command": .array(words)]))
    try await waitUntil("the job runs") { FileManager.default.fileExists(atPath: gate) }
    async let down = strata("down", "--data-dir", data, "--job-grace", "10m")
    try await waitUntil("it is stopping") { FileManager.default.fileExists(atPath: data + "/run/stopping") }
    try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
    #expect(try await down.status == .exited(0))
    #expect(await worker.ended().code == 0)
    let again = try await strata("up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data, "--workers", "0")
    #expect(again.status == .exited(0), "\(again.errors)")
    #expect(try String(contentsOfFile: data + "/run/http-address", encoding: .utf8) == address, "port 0 is any, once")
    #expect(try await stack.job(job).attempts.compactMap(\.ending) == [.succeeded])
    _ = try await strata("down", "--data-dir", data)
    await stack.stop()
  }

  /// What `up` was told holds for a `down` that says nothing, which waits so long; a second one does not.
  @Test(.timeLimit(.minutes(3))) func whatTheStackWasToldHoldsUntilSomebodyIsInAHurry() async throws {
    try await withStack { stack in
      let data = stack.folder + "/data"
      let (job, _) = try await startStubborn(stack)
      _ = try await strata("down", "--data-dir", data)
      let again = try await strata("up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data, "--job-grace", "1h")
      #expect(again.status == .exited(0), "\(again.errors)")
      try await waitUntil("the job runs again") { try await stack.job(job).state == .running }
      let early = try await strata("down", "--data-dir", data, "--job-grace", "1h", "--grace", "1")
      #expect(early.status == .exited(5) && early.errors.contains("have 60 min to end"), "\(early.errors)")
      let longer = try await strata("down", "--data-dir", data, "--job-grace", "2h", "--grace", "1")
      #expect(longer.status == .exited(3) && longer.errors.contains("is stopping already"), "\(longer.errors)")
      #expect(try await stack.job(job).state == .running, "who asks for longer hurries nobody")
      let second = try await strata("down", "--data-dir", data, "--grace", "100")
      #expect(second.status == .exited(0), "\(second.errors)")
    }
  }

  @Test(.timeLimit(.minutes(3))) func aKilledSupervisorsSentinelIsWaitedFor() async throws {
    try await withStack { stack in
      let data = stack.folder + "/data"
      let (_, family) = try await startStubborn(stack)
      try stack.kill("worker", SIGSTOP)
      stack.supervisor.signal(SIGKILL)
      _ = await stack.supervisor.wait()
      let result = try await strata("down", "--data-dir", data, "--grace", "120")
      #expect(living(family) == [])
      #expect(result.status == .exited(0) && result.errors.contains("stopped"), "\(result.errors)")
    }
  }

  @Test(.timeLimit(.minutes(3))) func leftoversOfAStackWithoutASentinelAreEndedByTheNextStart() async throws {
    try await withStack { stack in
      let data = stack.folder + "/data"
      let (_, family) = try await startStubborn(stack)
      try stack.kill("worker", SIGSTOP)
      try stack.kill("sentinel")
      stack.supervisor.signal(SIGKILL)
      _ = await stack.supervisor.wait()
      let again = try await strata("up", "--detach", "--http", "127.0.0.1:0", "--data-dir", data)
      #expect(again.status == .exited(0), "\(again.errors)")
      #expect(living(family) == [])
    }
  }
}
