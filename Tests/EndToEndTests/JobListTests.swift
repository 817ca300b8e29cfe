import Foundation
import StrataAPI
import StrataClient
import StrataCore
import TestSupport
import Testing

/// Jobs that have names, labels and attempts of their own, and the lists in which they are found again.
@Suite(.serialized) struct JobListTests {
  @Test(.timeLimit(.minutes(3))) func aCommandIsTriedAgainAndFoundByItsName() async throws {
    let stack = try await StackUnderTest()
    let count = stack.folder + "/count"
    // Its fourth attempt in all succeeds.
    let script = "echo x >> '\(count)'; test $(wc -l < '\(count)') -ge 4"
    let words = ["--label", "kind=flaky", "--", "sh", "-c", script]
    let once = try await strata(["run"] + words, on: stack)
    #expect(once.code == 1 && stack.lines(count) == 1, "\(once)")
    let often = try await strata(["run", "--attempts", "3", "--retry-delay", "0"] + words, on: stack)
    #expect(often.code == 0 && stack.lines(count) == 4, "\(often)")
    let named = try await strata(["submit", "noop", "--name", "quiet", "--wait"], on: stack)
    #expect(named.code == 0, "\(named)")
    let flaky = try await strata(["jobs", "--label", "kind=flaky"], on: stack)
    let rows = flaky.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    #expect(rows.map { $0[1] } == ["succeeded", "failed"], "\(flaky)")
    #expect(rows.allSatisfy { $0[2].hasPrefix("sh -c 'echo x") && $0[2].count <= 60 }, "\(flaky)")
    let shown = try await strata(["job", "show", rows[0][0]], on: stack)
    #expect(shown.output.contains("labels      kind=flaky\n"), "\(shown)")
    #expect(shown.output.contains("attempts    at most 3, also after exit_status\n"), "\(shown)")
    #expect(shown.output.contains("attempt 3"), "\(shown)")
    for (options, names) in [
      (["--name", "quiet"], ["quiet"]), (["--name", "qu*"], ["quiet"]), (["--name", "q"], []),
      (["--since", "1h", "--state", "succeeded,failed", "--capability", "noop"], ["quiet"]), (["--until", "1h"], []),
    ] {
      let list = try await strata(["jobs"] + options, on: stack)
      #expect(list.code == 0, "\(list)")
      #expect(list.output.split(separator: "\n").map { $0.split(separator: "\t")[2] } == names.map { Substring($0) })
    }
    let misspelt = try await strata(["jobs", "--capability", "nop"], on: stack)
    #expect(misspelt.code == 2 && misspelt.errors.contains("did you mean 'noop'?"), "\(misspelt)")
    let misspeltCode = try await strata(["run", "--retry-on", "exit_statis", "--", "false"], on: stack)
    #expect(misspeltCode.code == 2 && misspeltCode.errors.contains("did you mean 'exit_status'?"), "\(misspeltCode)")
    let dry = try await strata(["retry", "--label", "kind=flaky", "--dry-run"], on: stack)
    #expect(dry.output.contains("exit_status: the command ended") && dry.output.contains("sh -c"), "\(dry)")
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func aListIsAsLongAsItIsWanted() async throws {
    let stack = try await StackUnderTest(
      workers: 0, declared: ResourceRequest(cpuMillicores: 2_000, memoryBytes: 4 << 30))
    let jobs = (0..<450).map { JobRequest(capability: "noop", name: "n\($0)", labels: ["half": "\($0 % 2)"]) }
    var request = ClientRequest("POST", ["v1", "jobs:batch"])
    request.body = try .json(BatchRequest(jobs: jobs))
    let batch: BatchAccepted = try await stack.client.send(request).decode()
    #expect(batch.items.count == 450 && batch.items.allSatisfy { $0.job != nil })
    func lines(_ options: [String]) async throws -> [Substring] {
      let list = try await strata(["jobs"] + options, on: stack)
      #expect(list.code == 0, "\(list)")
      return list.output.split(separator: "\n")
    }
    #expect(try await lines([]).count == 20)
    #expect(try await lines(["--limit", "333"]).count == 333)
    let all = try await lines(["--limit", "all"])
    #expect(Set(all.map { $0.split(separator: "\t")[2] }) == Set(jobs.compactMap { $0.name.map { Substring($0) } }))
    #expect(try await lines(["--limit", "all", "--label", "half=1"]).count == 225)
    let page = try await strata(["jobs", "--limit", "300", "--json"], on: stack)
    let json = try JSONDecoder().decode(Page<JobView>.self, from: Data(page.output.utf8))
    #expect(json.items.count == 300)
    let rest = try await lines(["--limit", "all", "--cursor", try #require(json.nextCursor)])
    #expect(rest.count == 150 && rest.first?.contains("\(all[300].prefix(26))") == true)
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func workersSayWhereTheyAreAndWhatTheyRun() async throws {
    let stack = try await StackUnderTest(slots: 2)
    let gate = stack.folder + "/gate"
    let words = ["sh", "-c", "mkfifo '\(gate)'; read line < '\(gate)'"].map(JSONValue.string)
    let job = try await stack.submit(JobRequest(capability: "command.run", params: ["command": .array(words)]))
    try await waitUntil("the job runs") { FileManager.default.fileExists(atPath: gate) }
    let process = try #require(stack.processes("worker").min())
    let list = try await strata(["workers"], on: stack)
    let cells = list.output.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(cells.count == 1 && cells[0][1] == "worker-1" && cells[0][2].hasSuffix(":\(process)"), "\(list)")
    #expect(cells[0][3] == "cpu" && cells[0][4] == "1 of 2" && cells[0][7] == "-", "\(list)")
    let jobs = try await strata(["workers", "--jobs"], on: stack)
    #expect(jobs.output.contains("\t\(job)\tcpu\tcommand.run\t1 core, 1 GiB\t"), "\(jobs)")
    let json: [WorkerView] = try items(of: try await strata(["workers", "--json"], on: stack))
    #expect(json.first?.running.map(\.job) == [job] && json.first?.slotsLeft == 1)
    // Told to stop by itself it lets the job end, and says so meanwhile.
    _ = kill(process, SIGTERM)
    try await waitUntil("it is draining") {
      try await strata(["workers"], on: stack).output.split(separator: "\n").contains {
        $0.hasSuffix("\t-\t-\tdraining")
      }
    }
    try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func aFileOfJobsIsABatch() async throws {
    let stack = try await StackUnderTest()
    let (file, broken) = (stack.folder + "/jobs.jsonl", stack.folder + "/broken.jsonl")
    let good = (0..<1_500).map { #"{"capability":"noop","name":"n\#($0)","labels":{"from":"file"}}"# }
    let lines = good + ["", #"{"capability":"nothing"}"#]
    try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    for (line, words) in [
      (#"{"capability":"noop","priorty":1}"#, "did you mean 'priority'?"),
      (#"{"capability":"noop","retry":{"attempts":7}}"#, "'retry' has a member 'attempts'"),
      (#"{"capability":"noop","name":"a","name":"b"}"#, "'name' is given twice"), ("noop", "is not JSON"),
    ] {
      try (good[0] + "\n\(line)\n").write(toFile: broken, atomically: true, encoding: .utf8)
      let refused = try await strata(["batch", "submit", broken], on: stack)
      #expect(refused.code == 2 && refused.errors.contains("line 2 of") && refused.errors.contains(words), "\(refused)")
    }
    for key in ["two words", String(repeating: "k", count: 241), ""] {
      let wrong = try await strata(["batch", "submit", file, "--idempotency-key", key], on: stack)
      #expect(wrong.code == 2 && wrong.errors.contains("1 to 240 visible"), "\(wrong)")
    }
    let failing = (0..<5).map { _ in #"{"capability":"command.run","params":{"command":["false"]},"labels":{"f":"1"}}"#
    }
    let failed = try await strata(
      ["batch", "submit", "-", "--wait"], on: stack, input: failing.joined(separator: "\n"))
    #expect(failed.code == 1 && failed.output.contains("failed      5"), "\(failed)")
    let some = try await strata(["retry", "--label", "f=1", "--limit", "2"], on: stack)
    #expect(some.output.split(separator: "\n").count == 2 && some.errors.contains("there may be more"), "\(some)")
    let rest = try await strata(["retry", "--label", "f=1", "--until", "0s", "--limit", "all"], on: stack)
    #expect(rest.code == 0 && rest.output.split(separator: "\n").count >= 3 && rest.errors.isEmpty, "\(rest)")
    let jobsBefore = try await strata(["jobs", "--name", "n*"], on: stack)
    #expect(jobsBefore.output.isEmpty, "nothing is submitted of a file that is wrong")
    let sent = try await strata(["batch", "submit", file, "--keep-open"], on: stack)
    #expect(sent.code == 3 && sent.errors.contains("line 1502: there is no capability 'nothing'"), "\(sent)")
    let id = sent.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(sent.errors.contains("batch \(id): where this breaks off, the same command with --idempotency-key"))
    let more = try await strata(["batch", "submit", "-", "--batch", id, "--wait"], on: stack, input: good[0])
    #expect(more.code == 0 && more.output.contains("jobs        1501\n"), "\(more)")
    #expect(more.output.contains("succeeded   1501") && more.output.contains("state       finished"), "\(more)")
    let shown = try await strata(["batch", "wait", String(id.suffix(8))], on: stack)
    #expect(shown.code == 0 && shown.output.contains(id), "\(shown)")
    let unknown = try await strata(["batch", "show", "zzzzzzzz"], on: stack)
    #expect(unknown.code == 2 && unknown.errors.contains("no batch of yours ends in 'zzzzzzzz'"), "\(unknown)")
    let listed = try await strata(["jobs", "--batch", String(id.suffix(8)), "--limit", "all"], on: stack)
    #expect(listed.output.split(separator: "\n").count == 1_501)
    // Many are cancelled by what they have in common.
    #expect(try await strata(["cancel"], on: stack).code == 2)
    let waiting = try await strata(["submit", "noop", "--delay", "1h", "--label", "from=hand"], on: stack)
    let cancelled = try await strata(["cancel", "--label", "from=hand"], on: stack)
    #expect(cancelled.output.hasPrefix("\(waiting.output.prefix(26))\tcancelled\t"), "\(cancelled)")
    await stack.stop()
  }
}
