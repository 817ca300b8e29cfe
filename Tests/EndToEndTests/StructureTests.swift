import Foundation
import StrataAPI
import StrataClient
import StrataCore
import Testing

/// Jobs that wait for others, on the real servers, also when the controller falls at the worst moment.
@Suite(.serialized) struct StructureTests {
  private static func writing(_ line: String, to file: String) -> [String: JSONValue] {
    ["command": .array(["sh", "-c", "echo \(line) >> '\(file)'"].map(JSONValue.string))]
  }

  @Test func aJobRunsAfterOthersFromTheCommandLine() async throws {
    let stack = try await StackUnderTest()
    let file = stack.folder + "/lines"
    var first: [String] = []
    for _ in 0..<2 {
      let run = try await strata(
        ["run", "--no-wait", "--", "sh", "-c", "sleep 0.3; echo first >> '\(file)'"], on: stack)
      first.append(run.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let after = first.flatMap { ["--after", $0] }
    let last = try await strata(["run"] + after + ["--", "sh", "-c", "echo last >> '\(file)'"], on: stack)
    #expect(last.code == 0, "\(last)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "first\nfirst\nlast\n")
    let failing = try await strata(["run", "--no-wait", "--", "false"], on: stack)
    let id = failing.output.trimmingCharacters(in: .whitespacesAndNewlines)
    let dependent = try await strata(["run", "--after", id, "--", "true"], on: stack)
    #expect(dependent.code == 1 && dependent.printed.contains("dependency_failed"), "\(dependent)")
    let long = try await strata(["run", "--no-wait", "--", "sleep", "60"], on: stack)
    let longID = long.output.trimmingCharacters(in: .whitespacesAndNewlines)
    let blocked = try await strata(
      ["run", "--no-wait", "--after", String(longID.suffix(8)), "--", "true"], on: stack)
    let blockedID = blocked.output.trimmingCharacters(in: .whitespacesAndNewlines)
    let why = try await strata(["job", "explain", blockedID], on: stack)
    #expect(why.code == 0 && why.printed.contains("1 of the 1 jobs") && why.printed.contains(longID), "\(why)")
    #expect(try await strata(["job", "cancel", blockedID], on: stack).printed.contains("is cancelled"))
    #expect(try await strata(["job", "cancel", longID], on: stack).code == 0)
    let listed = try await strata(["jobs", "--state", "failed"], on: stack)
    #expect(listed.printed.contains("dependency_failed: job \(id)"), "\(listed)")
    let retried = try await strata(["job", "retry", id], on: stack)
    #expect(retried.code == 0 && JobID(retried.output.trimmingCharacters(in: .whitespacesAndNewlines)) != nil)
    let dry = try await strata(["retry", "--code", "dependency_failed", "--dry-run"], on: stack)
    #expect(dry.code == 0 && dry.printed.split(separator: "\n").count == 1, "\(dry)")
    await stack.stop()
  }

  @Test func aJobWorksOnResultsOfOthersFromTheCommandLine() async throws {
    let stack = try await StackUnderTest()
    func submit(_ words: [String]) async throws -> String {
      try await strata(["run", "--no-wait"] + words, on: stack).output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let gate = stack.folder + "/gate"
    let wait = "until [ -e '\(gate)' ]; do sleep 0.05; done"
    let first = try await submit(["--", "sh", "-c", "\(wait); echo one > $STRATA_OUTPUT_DIR/made.txt"])
    let array = try await submit(["--array", "1-3", "--", "sh", "-c", "echo task {task} > $STRATA_OUTPUT_DIR/made.txt"])
    // While the first has not ended nobody knows what it makes.
    let last = try await submit([
      "--input-from", "in.txt=\(first.suffix(8)):made.txt", "--input-from", "\(array):made*", "--", "sh", "-c",
      "cat in.txt 1-made.txt 2-made.txt 3-made.txt",
    ])
    let shown = try await strata(["job", "show", last], on: stack)
    #expect(shown.printed.contains("in.txt  result 'made.txt' of job \(first)"), "\(shown)")
    try Data().write(to: URL(fileURLWithPath: gate))
    #expect(try await strata(["job", "wait", last], on: stack).code == 0)
    #expect(try await strata(["job", "logs", last], on: stack).output == "one\ntask 1\ntask 2\ntask 3\n")
    let missing = try await strata(["run", "--input-from", "\(first):other.txt", "--", "true"], on: stack)
    #expect(missing.code == 1 && missing.printed.contains("there is 'made.txt'"), "\(missing)")
    for words in ["\(first)", "\(first):", "=\(first):made.txt"] {
      #expect(try await strata(["run", "--input-from", words, "--", "true"], on: stack).code == 2, "\(words)")
    }
    await stack.stop()
  }

  /// It has committed a release and falls before the released job is in the queue.
  @Test func aReleaseOutlivesItsController() async throws {
    let stack = try await StackUnderTest(crashPoint: "settlement-acknowledgement:1")
    let (files, gate) = (stack.folder + "/runs", stack.folder + "/gate")
    let wait = ["sh", "-c", "until [ -e '\(gate)' ]; do sleep 0.05; done; echo first >> '\(files)'"]
    let first = try await stack.submit(
      JobRequest(capability: "command.run", params: ["command": .array(wait.map(JSONValue.string))]))
    var jobs = [first]
    for number in 0..<3 {
      jobs.append(
        try await stack.submit(
          JobRequest(
            capability: "command.run", params: Self.writing("\(number)", to: files), after: [jobs[number]])))
    }
    #expect(try await stack.job(jobs[3]).state == .blocked)
    _ = FileManager.default.createFile(atPath: gate, contents: nil)
    try await stack.expectSettledOnce(jobs)
    #expect(try String(contentsOfFile: files, encoding: .utf8) == "first\n0\n1\n2\n")
    #expect(!FileManager.default.fileExists(atPath: stack.folder + "/crash-point"))
    await stack.stop()
  }
}
