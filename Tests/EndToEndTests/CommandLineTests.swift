import Foundation
import StrataAPI
import StrataCore
import Testing

/// What the commands say and answer when they are used otherwise than in the tutorial.
@Suite(.serialized) struct CommandLineTests {
  private func strata(_ words: [String], data folder: String) async throws -> (status: Int32?, output: String) {
    let run = try await CommandRun(words, data: folder)
    return (await run.status(), run.printed)
  }

  @Test func withoutAServerTheCommandsSaySo() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/strata-e2e-\(JobID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let jobs = try await strata(["jobs"], data: folder)
    #expect(jobs.status == 4 && jobs.output.contains("strata up"))
    let status = try await strata(["status"], data: folder)
    #expect(status.status == 4 && status.output.contains("not running"))
    #expect(try await strata(["down"], data: folder).status == 0)
    #expect(!FileManager.default.fileExists(atPath: folder + "/data"), "commands that only look make nothing")
    let foreign = try await strata(["up", "--data-dir", folder], data: folder)
    #expect(foreign.status == 3 && foreign.output.contains("no data directory"))
    #expect(try await strata(["sumbit"], data: folder).output.contains("did you mean 'submit'"))
  }

  @Test func resultsCanBeFetchedLater() async throws {
    let stack = try await StackUnderTest()
    let job = try await stack.submit(
      JobRequest(
        capability: "command.run",
        params: ["command": .array(["cp", "/etc/hostname", "output/name"].map(JSONValue.string))]))
    let waited = try await strata(["job", "wait", "\(job)"], data: stack.folder)
    #expect(waited.status == 0 && waited.output.contains("strata job fetch \(job)"))
    let out = stack.folder + "/results"
    #expect(try await strata(["job", "fetch", "\(job)", "--out", out], data: stack.folder).status == 0)
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
      ["job", "shwo", "\(JobID())"], ["job", "show", "x"], ["ledger", "grant", "much"], ["help", "jbos"],
    ] {
      let run = try await strata(words, data: stack.folder)
      #expect(run.status == 2 && run.output.hasPrefix("strata: "), "\(words): \(run)")
      #expect(!run.output.contains("?.") && !run.output.contains(".."), "\(words): \(run)")
    }
    #expect(try await stack.account().postedMicrocredits == 0)
    let jobs = try await strata(["jobs"], data: stack.folder)
    #expect(jobs.output == "no jobs\n")
    await stack.stop()
  }

  @Test func outputOfACommandDoesNotMixWithItsJSON() async throws {
    let stack = try await StackUnderTest()
    let run = try await CommandRun(["run", "--json", "--stdin", "-", "--", "cat"], data: stack.folder, input: "typed")
    #expect(await run.status() == 0)
    let job = try JSONDecoder().decode(JobView.self, from: Data(run.output.utf8))
    #expect(job.state == .succeeded && run.errors == "typed")
    await stack.stop()
  }

  @Test func anInterruptedWaitLeavesTheJobRunning() async throws {
    let stack = try await StackUnderTest()
    let gate = stack.folder + "/gate"
    let run = try await CommandRun(
      ["run", "--", "sh", "-c", "echo begun; until [ -e \(gate) ]; do sleep 0.05; done"], data: stack.folder)
    try await eventually("the command runs") { run.output.contains("begun") }
    run.interrupt()
    #expect(await run.status() == 130)
    let cancel = try #require(run.errors.split(separator: "\n").first { $0.contains("strata job cancel") })
    let id = try #require(cancel.split(separator: " ").compactMap { JobID(String($0)) }.first)
    #expect(try await stack.job(id).state == .running)
    _ = FileManager.default.createFile(atPath: gate, contents: nil)
    #expect(try await stack.finished(id).state == .succeeded)
    await stack.stop()
  }
}
