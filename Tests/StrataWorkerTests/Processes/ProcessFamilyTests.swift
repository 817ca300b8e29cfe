import FoundationEssentials
import Glibc
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import Testing

/// Nothing that an attempt starts outlives it, and all of it is metered.
@Suite(.timeLimit(.minutes(2))) struct ProcessFamilyTests {
  private static let burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"

  /// A grandchild in a session of its own that nobody waits for.
  private static let escapee = "(setsid sh -c 'echo pid $$; exec sleep 1000' &)"

  @Test func grandchildrenEndWithTheirAttempt() async throws {
    let fixture = try await WorkerFixture()
    let job = try await fixture.shell("\(Self.escapee); sleep 0.2")
    let pid = try #require(Int32(try await fixture.line(of: job, beginning: "pid ")))
    let (outcome, _) = try await fixture.outcome()
    #expect(outcome.ending == .succeeded && !isAlive(pid))
    try await fixture.stop()
  }

  @Test func grandchildrenAreKilledWithAStubbornCommand() async throws {
    let fixture = try await WorkerFixture { $0.limits.stopGrace = .milliseconds(50) }
    let job = try await fixture.shell("trap '' TERM; \(Self.escapee); while :; do sleep 1; done")
    let pid = try #require(Int32(try await fixture.line(of: job, beginning: "pid ")))
    _ = try await fixture.queue.cancel([job])
    let (outcome, _) = try await fixture.outcome()
    #expect(outcome.ending == .cancelled && !isAlive(pid))
    try await fixture.stop()
  }

  @Test func grandchildrenAreMetered() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.shell(
      "sh -c 'sh -c \"\(Self.burn.replacing("$", with: "\\$"))\"'; (setsid sh -c '\(Self.burn)' &); sleep 3")
    let usage = try await fixture.outcome().report.usage
    // Two burners of the same length: one waited for, one that nobody waits for.
    let single = try await burnMicroseconds()
    #expect(usage.cpuMicroseconds > single, "\(usage) against \(single)")
    try await fixture.stop()
  }

  private func burnMicroseconds() async throws -> Int64 {
    let exit = try await ChildProcess.spawn(ProcessSpecification("/bin/sh", ["-c", Self.burn])).wait()
    return exit.usage.processorTime.nanoseconds / 1_000
  }

  @Test func whatIsKilledIsMeteredToo() async throws {
    let fixture = try await WorkerFixture { $0.limits.stopGrace = .milliseconds(10) }
    _ = try await fixture.shell("trap '' TERM; while :; do :; done", timeoutSeconds: 1)
    let (_, report) = try await fixture.outcome()
    // It had a whole second to itself, or a share of it on a busy machine.
    #expect(report.error?.code == "timeout" && report.usage.cpuMicroseconds > 50_000)
    #expect(report.usage.memoryPeakBytes > 1 << 20)
    try await fixture.stop()
  }

  @Test func aReusedRunnerChargesEachAttemptItsOwn() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.shell("\(Self.burn)")
    let (first, busy) = try await fixture.outcome()
    _ = try await fixture.submit("noop")
    let (_, idle) = try await fixture.outcome(after: first.position)
    #expect(idle.usage.cpuMicroseconds < busy.usage.cpuMicroseconds)
    try await fixture.stop()
  }

  @Test func runnersAreReusedAndReplacedAfterTheirShare() async throws {
    let fixture = try await WorkerFixture { $0.limits.attemptsPerRunnerMax = 2 }
    var position: OutcomePosition?
    var parents: [String] = []
    for _ in 0..<4 {
      _ = try await fixture.shell("echo $PPID >output/parent")
      let (outcome, report) = try await fixture.outcome(after: position)
      position = outcome.position
      parents.append(try fixture.text(of: report.results.first))
    }
    #expect(parents[0] == parents[1] && parents[2] == parents[3] && parents[1] != parents[2])
    try await fixture.stop()
  }

  /// Nobody had seen it, its runner is dead, and its session is its own.
  @Test func whatACrashedRunnerLeftIsEndedAndMetered() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/strata-orphans-\(JobID())"
    var specification = ProcessSpecification(WorkerFixture.command.executable, ["local", "test.abandon", folder])
    specification.standardOutput = .pipe
    let process = try await ChildProcess.spawn(specification)
    let said = String(
      decoding: try #require(try await process.standardOutput?.readToEnd(bytesMax: 4_096)), as: UTF8.self)
    #expect(await process.wait().isSuccess)
    let lines = said.split(separator: "\n").map { $0.split(separator: " ") }
    let escaped = try #require(lines.first { $0.first == "escaped" }, "\(said)")
    #expect(!isAlive(try #require(Int32(escaped[1]))))
    let ended = try #require(lines.first { $0.first == "ended" }, "\(said)")
    #expect(ended[1] == "crashed")
    // All that it used but for a clock tick, of ten milliseconds.
    #expect(try #require(Int(ended[2])) >= (try #require(Int(escaped[2])) - 1) * 10_000)
    try FileTree.remove(folder)
  }

  /// A runner whose worker is gone ends everything, even a grandchild with a session of its own.
  @Test func aRunnerWithoutAWorkerEndsItsFamily() async throws {
    let (ours, theirs) = try Descriptor.socketPair()
    let (log, logWriting) = try Descriptor.pipe()
    try ours.makeNonblocking()
    try log.makeNonblocking()
    var specification = ProcessSpecification(WorkerFixture.command.executable)
    specification.extraDescriptors = [3: theirs]
    specification.standardOutput = .descriptor(logWriting)
    specification.startsNewSession = true
    let runner = try await ChildProcess.spawn(specification)
    theirs.close()
    logWriting.close()
    let folder = FileManager.default.temporaryDirectory.path + "/strata-runner-\(JobID())"
    try FileTree.make(folder)
    let parameters = JSONValue.object([
      "command": .array([.string("sh"), .string("-c"), .string("\(Self.escapee); sleep 1000")]),
      "environment": .array([]),
    ])
    let order = WorkOrder(
      job: JobID(), tenant: TenantID(), capability: "command.run", version: 1,
      parametersJSON: parameters.description, inputs: [], timeoutSeconds: 60, resources: ResourceRequest())
    let assignment = Assignment(order: order, inputs: [], workingFolder: folder, outputFolder: folder, cores: 1)
    try await ours.write(RunnerRequest.run(assignment).frame)
    var said = ""
    while !said.contains("\n") { said += String(decoding: try await log.read(), as: UTF8.self) }
    let pid = try #require(Int32(said.dropFirst(4).prefix { $0 != "\n" }))
    #expect(isAlive(pid))
    ours.close()
    _ = await runner.wait()
    #expect(!isAlive(pid))
    try FileTree.remove(folder)
  }
}
