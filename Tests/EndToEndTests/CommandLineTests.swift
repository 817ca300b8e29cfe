import Foundation
import StrataAPI
import StrataCore
import Testing

/// What the commands say and answer when they are used otherwise than in the tutorial.
@Suite(.serialized) struct CommandLineTests {
  @Test func withoutAServerTheCommandsSaySo() async throws {
    try await withFolder("none") { folder in
      let data = folder + "/data"
      let jobs = try await strata("jobs", "--data-dir", data)
      #expect(jobs.code == 4 && jobs.errors.contains("strata up"))
      let status = try await strata("status", "--data-dir", data)
      #expect(status.code == 4 && status.printed.contains("not running"))
      #expect(try await strata("down", "--data-dir", data).code == 0)
      #expect(!FileManager.default.fileExists(atPath: data), "commands that only look make nothing")
      try "mine".write(toFile: folder + "/file", atomically: true, encoding: .utf8)
      let foreign = try await strata("up", "--data-dir", folder)
      #expect(foreign.code == 3 && foreign.errors.contains("no data directory"))
      #expect(try await strata("sumbit").errors.contains("did you mean 'submit'"))
    }
  }

  /// A lock that is a link to itself can be opened by nobody, root included.
  @Test func whoMayNotLookIntoTheFolderCanHaveTheMachineChecked() async throws {
    try await withFolder("closed") { folder in
      try FileManager.default.createDirectory(atPath: folder + "/data/run", withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/data/run/lock", withDestinationPath: folder + "/data/run/lock")
      let doctor = try await strata("doctor", "--data-dir", folder + "/data")
      #expect(doctor.output.contains("redis-server") && doctor.output.contains("clock"), "\(doctor)")
    }
  }

  @Test func aWorkerWhoseReadyFileCannotBeWrittenEnds() async throws {
    let stack = try await StackUnderTest()
    let worker = try await strata(["worker", "--slots", "1", "--ready-file", stack.folder + "/none/ready"], on: stack)
    #expect(worker.code == 1 && worker.errors.contains("could not write \(stack.folder)/none/ready"), "\(worker)")
    await stack.stop()
  }

  @Test func resultsCanBeFetchedLater() async throws {
    let stack = try await StackUnderTest()
    let job = try await stack.submit(
      JobRequest(
        capability: "command.run",
        params: ["command": .array(["cp", "/etc/hostname", "output/name"].map(JSONValue.string))]))
    let waited = try await strata(["job", "wait", "\(job)"], on: stack)
    #expect(waited.code == 0 && waited.printed.contains("strata job fetch \(job)"))
    let out = stack.folder + "/results"
    #expect(try await strata(["job", "fetch", "\(job)", "--out", out], on: stack).code == 0)
    #expect(try Data(contentsOf: URL(filePath: out + "/name")) == Data(contentsOf: URL(filePath: "/etc/hostname")))
    await stack.stop()
  }

  @Test func whatIsWrongIsFoundBeforeAnythingIsSubmitted() async throws {
    let stack = try await StackUnderTest()
    for words in [
      ["run", "--out", "/proc/none", "--", "true"], ["run", "--no-wait", "--out", stack.folder, "--", "true"],
      ["run", "--", "echo hello | wc"], ["run", "--input", "/no/such/file", "--", "true"],
      ["run", "--input", "/tmp", "--", "true"], ["run", "--stdin", "/no/such/file", "--", "true"],
      ["submit", "gis-lidar-process", "/no/such/file"], ["jobs", "--state", "lost"], ["jobs", "extra"],
      ["run", "--idempotency-key", "", "--", "true"], ["run", "--timeout", "0", "--", "true"],
      ["simulate-scan", "/dev/null"], ["simulate-scan", stack.folder + "/x.laz"],
      ["job", "shwo", "\(JobID())"], ["job", "show", "x"], ["ledger", "grant", "much"], ["help", "jbos"],
    ] {
      let run = try await strata(words, on: stack)
      #expect(run.code == 2 && run.printed.hasPrefix("strata: "), "\(words): \(run)")
      #expect(!run.printed.contains("?.") && !run.printed.contains(".."), "\(words): \(run)")
    }
    #expect(try await stack.account().postedMicrocredits == 0)
    let jobs = try await strata(["jobs"], on: stack)
    #expect(jobs.printed == "no jobs\n")
    await stack.stop()
  }

  @Test func outputOfACommandDoesNotMixWithItsJSON() async throws {
    let stack = try await StackUnderTest()
    let run = try await strata(["run", "--json", "--stdin", "-", "--", "cat"], on: stack, input: "typed")
    #expect(run.code == 0)
    let job = try JSONDecoder().decode(JobView.self, from: Data(run.output.utf8))
    #expect(job.state == .succeeded && run.errors == "typed")
    await stack.stop()
  }

  @Test func aJobIsMeteredWithoutItsRunnerAndStoppedWhereItsHoldEnds() async throws {
    let stack = try await StackUnderTest()
    let small = try await strata(["run", "--memory", "24M", "--", "sleep", "0.5"], on: stack)
    #expect(small.code == 0, "\(small)")
    let burning = ["run", "--cpu", "0.1", "--timeout", "3", "--", "sh", "-c", "while :; do :; done"]
    let burner = try await strata(burning, on: stack)
    #expect(burner.code == 1 && burner.printed.contains("out_of_cpu_time"), "\(burner)")
    let slow = try await strata(["run", "--timeout", "1", "--", "sleep", "60"], on: stack)
    #expect(slow.code == 1 && slow.printed.contains("time limit of 1 s"), "\(slow)")
    #expect(try await stack.account().heldMicrocredits == 0)
    await stack.stop()
  }

  @Test func outputThatCannotBeWrittenIsAnError() async throws {
    let stack = try await StackUnderTest()
    let full = try await shell("STRATA_DATA_DIR='\(stack.folder)/data' '\(StackUnderTest.binary)' jobs >/dev/full")
    #expect(full.code == 1 && full.errors.contains("No space left"), "\(full)")
    await stack.stop()
  }

  @Test func anInterruptedWaitLeavesTheJobRunning() async throws {
    let stack = try await StackUnderTest()
    let gate = stack.folder + "/gate"
    let run = try await RunningCommand(
      ["run", "--", "sh", "-c", "echo begun; until [ -e \(gate) ]; do sleep 0.05; done"], on: stack)
    try await eventually("the command runs") { run.output.contains("begun") }
    run.interrupt()
    let ended = await run.ended()
    #expect(ended.code == 130)
    let cancel = try #require(ended.errors.split(separator: "\n").first { $0.contains("strata job cancel") })
    let id = try #require(cancel.split(separator: " ").compactMap { JobID(String($0)) }.first)
    #expect(try await stack.job(id).state == .running)
    _ = FileManager.default.createFile(atPath: gate, contents: nil)
    #expect(try await stack.finished(id).state == .succeeded)
    await stack.stop()
  }
}
