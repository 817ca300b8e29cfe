import FoundationEssentials
import Glibc
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import TestSupport
import Testing

/// How attempts end, with real runners.
@Suite(.timeLimit(.minutes(2))) struct AttemptTests {
  @Test func aCommandTakesFilesAndLeavesFiles() async throws {
    let fixture = try await WorkerFixture()
    let input = fixture.artifacts.put(Data("hello".utf8), named: "in put.txt")
    let job = try await fixture.shell(
      "cat 'in put.txt'; tr a-z A-Z <'in put.txt' >output/upper.txt; env >$STRATA_OUTPUT_DIR/env.txt; mkdir output/deep",
      inputs: [input])
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.job == job && outcome.ending == .succeeded && outcome.isFinal)
    #expect(report.error == nil && report.summaryJSON == #"{"exit_status":0}"#)
    #expect(report.results.map(\.name) == ["env.txt", "upper.txt"])
    #expect(try fixture.text(of: report.results[1]) == "HELLO")
    let log = try fixture.text(of: report.log)
    #expect(log.hasPrefix("hello[strata: 'deep' is not kept"))
    let environment = try fixture.text(of: report.results[0]).split(separator: "\n")
    #expect(environment.contains("STRATA_GPUS=0") && environment.contains("STRATA_TIER=cpu"))
    let names = environment.map { $0.prefix { $0 != "=" } }
    #expect(
      Set(names).isSubset(
        of: Set(
          RunnerEnvironment.allowed.map { $0.prefix { $0 != "*" } } + [
            "HOME", "PWD", "_", "OLDPWD", "SHLVL", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GDAL_NUM_THREADS",
            "STRATA_OUTPUT_DIR", "STRATA_JOB_ID", "STRATA_CORES", "STRATA_MEMORY_BYTES", "STRATA_GPUS",
            "STRATA_TIER",
          ]
        ).union(names.filter { $0.hasPrefix("LC_") || $0.hasPrefix("STRATA_TEST_") })))
    #expect(report.usage.wallMicroseconds > 0 && report.usage.cpuMicroseconds > 0 && report.usage.memoryPeakBytes > 0)
    try await fixture.stop()
  }

  @Test func exitStatusesAreResults() async throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    let fixture = try await WorkerFixture()
    var position: OutcomePosition?
    for _ in 0..<10 {
      let status = Int.random(in: 0...255, using: &random)
      _ = try await fixture.shell("echo kept >output/f; exit \(status)", attemptsMax: 3)
      let (outcome, report) = try await fixture.outcome(after: position)
      position = outcome.position
      #expect(report.summaryJSON == "{\"exit_status\":\(status)}", "STRATA_SEED=\(seed)")
      #expect(outcome.ending == (status == 0 ? .succeeded : .failed) && outcome.isFinal, "STRATA_SEED=\(seed)")
      #expect(report.error?.code == (status == 0 ? nil : "exit_status"))
      #expect(report.results.map(\.name) == ["f"])
    }
    try await fixture.stop()
  }

  @Test func standardInputAndEnvironmentReachTheCommand() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.submit(
      "command.run", #"{"command":["sh","-c","cat; echo $GREETING"],"environment":["GREETING=hi=ho"],"stdin":"in "}"#)
    let (_, report) = try await fixture.outcome()
    #expect(try fixture.text(of: report.log) == "in hi=ho\n")
    try await fixture.stop()
  }

  @Test func anInputCanBeTheStandardInput() async throws {
    let fixture = try await WorkerFixture()
    let input = fixture.artifacts.put(Data([0, 255, 10]), named: "raw")
    _ = try await fixture.submit(
      "command.run", #"{"command":["wc","-c"],"environment":[],"stdin_input":"raw"}"#, inputs: [input])
    let first = try await fixture.outcome()
    #expect(try fixture.text(of: first.report.log) == "3\n")
    for refused in [#""stdin_input":"other""#, #""stdin_input":"raw","stdin":"text""#] {
      _ = try await fixture.submit(
        "command.run", #"{"command":["cat"],"environment":[],\#(refused)}"#, inputs: [input], attemptsMax: 3)
    }
    let second = try await fixture.outcome(after: first.outcome.position)
    let third = try await fixture.outcome(after: second.outcome.position)
    for outcome in [second, third] {
      #expect(outcome.outcome.isFinal && outcome.report.error?.code == "invalid_input")
    }
    try await fixture.stop()
  }

  @Test func aMissingProgramIsTheClientsError() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.submit("command.run", #"{"command":["no-such-program"],"environment":[]}"#, attemptsMax: 3)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.isFinal && report.error?.code == "invalid_input")
    try await fixture.stop()
  }

  @Test func aCrashCostsOneAttemptNotTheWorker() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.submit("test.segfault", attemptsMax: 2)
    let (first, report) = try await fixture.outcome()
    #expect(first.ending == .failed && !first.isFinal)
    #expect(report.error?.code == "crashed" && report.error?.message.contains("signal 11") == true)
    #expect(try fixture.text(of: report.log).contains("about to crash"))
    let (second, _) = try await fixture.outcome(after: first.position)
    #expect(second.attempt == 2 && second.isFinal)
    _ = try await fixture.submit("noop")
    #expect(try await fixture.outcome(after: second.position).outcome.ending == .succeeded)
    try await fixture.stop()
  }

  @Test func aCommandEndedByASignalHasCrashed() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.shell("kill -SEGV $$")
    let (_, report) = try await fixture.outcome()
    #expect(report.error?.code == "crashed" && report.summaryJSON == #"{"signal":11}"#)
    try await fixture.stop()
  }

  @Test func aHangingHandlerIsKilledAtItsTimeout() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.submit("test.hang", timeoutSeconds: 1, attemptsMax: 3)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .failed && outcome.isFinal && report.error == .timeout(seconds: 1))
    #expect(report.usage.wallMicroseconds >= 1_000_000)
    try await fixture.stop()
  }

  @Test func aTimeoutAsksFirstAndKeepsWhatIsThere() async throws {
    let fixture = try await WorkerFixture { $0.limits.stopGrace = .seconds(30) }
    _ = try await fixture.shell(
      "trap 'echo saved >output/partial; exit 1' TERM; while :; do sleep 0.01; done", timeoutSeconds: 1)
    let (_, report) = try await fixture.outcome()
    #expect(report.error?.code == "timeout" && report.results.map(\.name) == ["partial"])
    try await fixture.stop()
  }

  @Test func aMemoryHogIsStopped() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.submit("test.hog", memoryBytes: 300 << 20, attemptsMax: 3)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.isFinal && report.error?.code == "out_of_memory")
    #expect(report.usage.memoryPeakBytes > 300 << 20)
    try await fixture.stop()
  }

  @Test func outputOverTheLimitIsRefused() async throws {
    let fixture = try await WorkerFixture {
      $0.limits.outputBytesMax = 1 << 20
      $0.limits.sampleInterval = .seconds(3_600)
    }
    _ = try await fixture.shell("head -c 2000000 /dev/zero >output/big")
    let (first, report) = try await fixture.outcome()
    #expect(report.error?.code == "output_too_large" && report.results.isEmpty)
    _ = try await fixture.shell("for i in $(seq 501); do : >output/$i; done")
    let (_, many) = try await fixture.outcome(after: first.position)
    #expect(many.error?.code == "output_too_large" && many.results.isEmpty)
    try await fixture.stop()
  }

  @Test func outputThatGrowsForEverIsStopped() async throws {
    let fixture = try await WorkerFixture { $0.limits.outputBytesMax = 4 << 20 }
    _ = try await fixture.shell("while :; do head -c 100000 /dev/zero >>junk; done")
    let (_, report) = try await fixture.outcome()
    #expect(report.error?.code == "output_too_large")
    try await fixture.stop()
  }

  @Test func anAttemptThatMakesFilesForEverIsStopped() async throws {
    let fixture = try await WorkerFixture { $0.limits.entriesMax = 50 }
    _ = try await fixture.shell("mkdir many; i=0; while :; do i=$((i+1)); : >many/$i; done")
    let (first, report) = try await fixture.outcome()
    #expect(report.error?.code == "output_too_large")
    #expect(report.error?.message.contains("more than 50 files and folders") == true)
    // Files in the output folder that no sample has seen.
    _ = try await fixture.shell("for i in $(seq 60); do ln -s x output/$i; done")
    let (_, links) = try await fixture.outcome(after: first.position)
    #expect(links.error?.code == "output_too_large")
    try await fixture.stop()
  }

  @Test func whatIsSparseOrHasManyNamesDoesNotFillTheDisk() async throws {
    let fixture = try await WorkerFixture { $0.limits.outputBytesMax = 1 << 20 }
    _ = try await fixture.shell(
      "truncate -s 1T hole; head -c 600000 /dev/zero >real; ln real twice; sleep 1; echo done >output/done")
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .succeeded && report.results.map(\.name) == ["done"])
    try await fixture.stop()
  }

  @Test(arguments: ["STRATA_STACK_ID=mine", "STRATA_OUTPUT_DIR=/"]) func strataSetsItsOwnVariables(
    entry: String
  ) async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.submit(
      "command.run", #"{"command":["true"],"environment":["\#(entry)"]}"#, attemptsMax: 3)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.isFinal && report.error?.code == "invalid_input")
    #expect(report.error?.message.contains("names that begin with STRATA_") == true)
    try await fixture.stop()
  }

  @Test func aLongLogIsCut() async throws {
    let fixture = try await WorkerFixture { $0.limits.logBytesMax = 1_000 }
    _ = try await fixture.submit("test.chatter")
    let (outcome, report) = try await fixture.outcome()
    let log = try fixture.text(of: report.log)
    #expect(outcome.ending == .succeeded && log.utf8.count < 1_200)
    #expect(log.contains("the log was cut here") && log.hasPrefix("line 0 of"))
    try await fixture.stop()
  }

  @Test func aSummaryThatFitsNoFrameFailsItsJob() async throws {
    let fixture = try await WorkerFixture()
    _ = try await fixture.submit("test.flood")
    #expect(try await fixture.outcome().report.error?.code == "output_too_large")
    try await fixture.stop()
  }

  @Test func unreadableOrdersAndUnknownInputsAreReported() async throws {
    let fixture = try await WorkerFixture()
    let job = QueuedJob(
      id: JobID(), tenant: TenantID(), lane: Lane(tier: .cpu, capability: "noop"), attemptsMax: 3, payload: [1, 2, 3])
    _ = try await fixture.queue.enqueue([job])
    let (first, report) = try await fixture.outcome()
    #expect(first.isFinal && report.error?.code == "invalid_order")
    let digest = try #require(ArtifactDigest(bytes: [UInt8](repeating: 0xEE, count: 32)))
    _ = try await fixture.shell("true", inputs: [ArtifactReference(name: "x", digest: digest, sizeBytes: 1)])
    let (second, missing) = try await fixture.outcome(after: first.position)
    #expect(second.isFinal && missing.error?.code == "input_missing")
    let stored = fixture.artifacts.put(Data(), named: "../evil")
    _ = try await fixture.shell("true", inputs: [stored])
    #expect(try await fixture.outcome(after: second.position).report.error?.code == "invalid_input")
    try await fixture.stop()
  }
}
