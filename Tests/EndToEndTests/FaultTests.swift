import Foundation
import StrataAPI
import StrataCore
import StrataRuntime
import TestSupport
import Testing

/// Each fault, done to the real servers and processes: every accepted job still finishes once, is charged once, and
/// leaves no hold open. Lost workers and a Redis that is emptied are in `WishTests`.
@Suite(.serialized) struct FaultTests {
  static let noopPrice: Int64 = 100
  static let noop = JobRequest(capability: "noop")

  /// A job that runs until `gate` is there. Each run that gets through leaves a line in the file `gate`.runs: what a
  /// settlement that ignores a second run cannot hide.
  static func gated(_ gate: String) -> JobRequest {
    let script = "while [ ! -e '\(gate)' ]; do sleep 0.05; done; echo through | tee -a '\(gate).runs'"
    let words = ["sh", "-c", script].map(JSONValue.string)
    return JobRequest(capability: "command.run", params: ["command": .array(words)])
  }

  /// Submits a job that writes its own mark into the file `runs` each time it gets through.
  static func submitMarked(_ stack: StackUnderTest) async throws -> MarkedJob {
    let mark = "mark-\(JobID())"
    let words = ["sh", "-c", "echo \(mark) >>'\(stack.folder)/runs'"].map(JSONValue.string)
    // So short that what a fast machine queues during an outage does not hold all the credits.
    let request = JobRequest(
      capability: "command.run", params: ["command": .array(words)], timeoutSeconds: 60)
    return MarkedJob(id: try await stack.submitPersistently(request), mark: mark)
  }

  func withStack(crashPoint: String? = nil, _ body: (StackUnderTest) async throws -> Void) async throws {
    let stack = try await StackUnderTest(crashPoint: crashPoint)
    do {
      try await body(stack)
    } catch {
      await stack.stop()
      throw error
    }
    await stack.stop()
  }

  /// Submits a gated job and waits until its command runs.
  func startGated(_ stack: StackUnderTest) async throws -> (job: JobID, open: () -> Void) {
    let gate = stack.folder + "/gate"
    let job = try await stack.submit(Self.gated(gate))
    try await waitUntil("the job runs") {
      try await stack.job(job).state == .running && !stack.processes(gate).isEmpty
    }
    return (job, { _ = FileManager.default.createFile(atPath: gate, contents: nil) })
  }

  @Test func runnerKilledInTheMiddleOfAJob() async throws {
    try await withStack { stack in
      let (job, open) = try await startGated(stack)
      let orphans = Set(stack.processes(stack.folder + "/gate"))
      // Idle runners are killed as well; only the busy one costs an attempt.
      for runner in stack.processes("runner") { Foundation.kill(runner, SIGKILL) }
      try await waitUntil("the lost attempt has ended") {
        orphans.isDisjoint(with: stack.processes(stack.folder + "/gate"))
      }
      open()
      try await stack.expectSettledOnce([job])
      #expect(stack.lines(stack.folder + "/gate.runs") == 1)
      let endings = try await stack.job(job).attempts.compactMap(\.ending)
      #expect(endings == [.failed, .succeeded])
    }
  }

  @Test(arguments: ["commit-enqueue:3", "outcome-settlement:2", "settlement-acknowledgement:2"])
  func controllerKilledBetweenTwoActs(_ crashPoint: String) async throws {
    try await withStack(crashPoint: crashPoint) { stack in
      var (jobs, marked): ([JobID], [MarkedJob]) = ([], [])
      for _ in 0..<5 {
        jobs.append(try await stack.submitPersistently(Self.noop))
        marked.append(try await Self.submitMarked(stack))
      }
      try await stack.expectSettledOnce(marked.map(\.id), total: stack.total(of: jobs + marked.map(\.id)))
      try await stack.expectSettledOnce(jobs, price: Self.noopPrice, total: stack.total(of: jobs + marked.map(\.id)))
      // The workers and the queue were well, so no attempt was made twice.
      for job in marked { #expect(stack.runs(of: job) == 1) }
      #expect(
        !FileManager.default.fileExists(atPath: stack.folder + "/crash-point"), "the crash point was never reached")
    }
  }

  @Test func redisKilledAndRestarted() async throws {
    try await withStack { stack in
      let (running, open) = try await startGated(stack)
      let waiting = try await Self.submitMarked(stack)
      try stack.kill("redis-server")
      open()
      let later = try await Self.submitMarked(stack)
      try await stack.expectSettledOnce([running, waiting.id, later.id])
      #expect(stack.lines(stack.folder + "/gate.runs") >= 1)
      for job in [waiting, later] { #expect(stack.runs(of: job) >= 1) }
    }
  }

  @Test(arguments: [SIGQUIT, SIGKILL]) func postgreSQLRestarted(_ signal: Int32) async throws {
    try await withStack { stack in
      let (running, open) = try await startGated(stack)
      try stack.kill("bin/postgres", signal)
      open()
      let later = try await Self.submitMarked(stack)
      try await stack.expectSettledOnce([running, later.id])
      #expect(stack.runs(of: later) == 1)
      #expect(stack.lines(stack.folder + "/gate.runs") == 1)
    }
  }

  /// A second controller on the same servers takes over from one that is frozen and not dead; when that one wakes it has
  /// lost, and does no harm.
  @Test func leaderFrozen() async throws {
    try await withStack { stack in
      let second = try await StackUnderTest(sharing: stack)
      do {
        let frozen = try #require(stack.processes("controller").min())
        let before = try await Self.submitMarked(stack)
        try await stack.expectSettledOnce([before.id])
        Foundation.kill(frozen, SIGSTOP)
        defer { Foundation.kill(frozen, SIGCONT) }
        let jobs = [try await second.submit(Self.noop), try await second.submit(Self.noop)]
        for job in jobs { #expect(try await second.finished(job, within: .seconds(60)).state == .succeeded) }
        Foundation.kill(frozen, SIGCONT)
        let later = try await Self.submitMarked(stack)
        let total = try await stack.total(of: jobs + [before.id, later.id])
        try await stack.expectSettledOnce([later.id], total: total)
        try await stack.expectSettledOnce(jobs, price: Self.noopPrice, total: total)
        for job in [before, later] { #expect(stack.runs(of: job) == 1) }
      } catch {
        await second.stop()
        throw error
      }
      await second.stop()
    }
  }

  @Test func supervisorKilledLeavesNoProcessBehind() async throws {
    try await withStack { stack in
      let (_, open) = try await startGated(stack)
      defer { open() }
      let family = Set(["postgres", "redis-server", "controller", "worker", "runner"].flatMap(stack.processes))
      #expect(family.count >= 5)
      stack.supervisor.signal(SIGKILL)
      try await waitUntil("all of its processes are gone") {
        family.allSatisfy { kill($0, 0) != 0 || isZombie($0) }
      }
    }
  }

  private func isZombie(_ pid: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
    return status.split(separator: ")").last?.split(separator: " ").first == "Z"
  }
}
