import Foundation
import StrataAPI
import StrataClient
import StrataCore
import TestSupport
import Testing
import strata

/// What somebody meets who uses Strata for the first time: nothing runs yet, and the commands say what to do.
@Suite(.serialized) struct NewcomerTests {
  /// What a worker will have that has not started yet.
  private static let size = ResourceRequest(cpuMillicores: 2_000, memoryBytes: 4 << 30)

  private func id(_ result: CommandResult) -> String {
    result.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(arguments: ["submit", "run", "down", "queue", "schedule", "retry", "up", "worker"])
  func timesAndSizesAreExplainedInTheSameWordsEverywhere(command: String) async throws {
    let help = try await strata("help", command)
    for (value, words) in [
      (
        "TIME",
        "TIME is a number with s, m, h or d, such as 30s, 5m, 1.5h or 1d, or several: 1h30m; a number alone is seconds.\n"
      ),
      ("INSTANT", "INSTANT is a time with its offset, such as 2026-11-21T06:15:00Z or 2026-11-21T08:15:00+02:00.\n"),
      ("SIZE", "SIZE is a number of bytes with a unit: 512M, 16G or 16GiB (by 1024), 512MB or 16GB (by 1000), 512B.\n"),
    ] {
      let isTaken = help.output.contains(try Regex("--[a-z-]+ \(value)[ |]"))
      #expect(help.output.components(separatedBy: words).count == (isTaken ? 2 : 1), "\(value): \(help.output)")
    }
    #expect(!help.output.contains("SECONDS"))
  }

  /// Who typed options is told of those, not of members of a body.
  @Test func refusalsNameOptions() async throws {
    var helps = ""
    for command in ["submit", "schedule", "tenants", "queue"] { helps += try await strata("help", command).output }
    for option in WireNames.options.values.flatMap({ $0.split(separator: " ") }) where option.hasPrefix("--") {
      #expect(helps.contains("  \(option) "), "\(option)")
    }
    #expect(WireNames.inOptions("the tenant's 'jitter_seconds' is 7200") == "the tenant's --jitter is 7200")
    #expect(WireNames.inOptions("'retry': 'attempts_max' is 0; it's 'odd'") == "'retry': --attempts is 0; it's 'odd'")
  }

  @Test(.timeLimit(.minutes(3))) func withoutAWorkerItIsSaidWhatIsMissing() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let status = try await strata(["status"], on: stack)
    #expect(status.code == 4 && status.printed.contains("NOT READY: no worker takes jobs"), "\(status)")
    #expect(status.printed.contains("start one with strata worker"), "\(status)")
    let json = try await strata(["status", "--json"], on: stack)
    #expect(json.code == 4 && json.output.contains(#""ready" : false"#), "\(json)")
    let submitted = try await strata(["submit", "noop"], on: stack)
    #expect(submitted.code == 0 && submitted.errors.contains("warning: it waits until a worker of tier 'cpu' comes"))
    // Who waits for a job is told once what it waits for.
    let run = try await RunningCommand(["run", "--", "true"], on: stack)
    try await waitUntil("it is told what the job waits for") { run.errors.contains("not begun yet") }
    #expect(run.errors.contains("no worker is there"), "\(run.errors)")
    run.interrupt()
    #expect(await run.ended().code == 130)
    await stack.stop()
  }

  /// Nobody has what the machine of a stack without workers has; it is for its operator to say what a worker will have.
  @Test(.timeLimit(.minutes(3))) func withoutAWorkerNothingIsOffered() async throws {
    let stack = try await StackUnderTest(workers: 0)
    let refused = try await strata(["submit", "noop"], on: stack)
    #expect(refused.code == 3 && refused.errors.contains("tier 'cpu' takes no jobs"), "\(refused)")
    #expect(refused.errors.contains("strata tiers set cpu --cpu N --memory SIZE"), "\(refused)")
    let tiers: [TierView] = try items(of: try await strata(["tiers", "--json"], on: stack))
    #expect(tiers.map(\.name) == [.cpu] && tiers[0].offers.isEmpty && tiers[0].rates != nil)
    await stack.stop()
  }

  /// Where STRATA_URL names a server, nothing is told of, or done to, another one.
  @Test(.timeLimit(.minutes(3))) func aServerElsewhereIsTheOneThatIsMeant() async throws {
    let stack = try await StackUnderTest(workers: 0)
    let key = try String(contentsOfFile: stack.folder + "/data/api-key", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let url = "unix://\(stack.folder)/data/run/api.sock"
    let command = "STRATA_URL='\(url)' STRATA_API_KEY=\(key) '\(StackUnderTest.binary)'"
    let granted = try await shell("\(command) ledger grant 5")
    #expect(granted.code == 2 && granted.errors.contains("STRATA_URL names \(url)"), "\(granted)")
    #expect(granted.errors.contains("--data-dir"), "\(granted)")
    let here = try await shell("\(command) ledger grant 5 --data-dir '\(stack.folder)/data'")
    #expect(here.code == 0 && here.output.contains("granted 5 credits to tenant 'default'"), "\(here)")
    let status = try await shell("\(command) status")
    #expect(status.code == 4 && status.output.hasPrefix("Strata at \(url)\n  NOT READY: no worker"), "\(status)")
    let worker = try await RunningCommand(["worker", "--ready-file", stack.folder + "/ready"], on: stack)
    try await waitUntil("the worker is there") { FileManager.default.fileExists(atPath: stack.folder + "/ready") }
    let ready = try await shell("\(command) status --json")
    #expect(ready.code == 0 && ready.output.contains(#""ready" : true"#), "\(ready)")
    #expect(ready.output.contains(#""http" : "\#(url)""#) && !ready.output.contains("directory"), "\(ready)")
    worker.interrupt()
    _ = await worker.ended()
    await stack.stop()
    let gone = try await shell("\(command) status")
    #expect(gone.code == 4 && gone.output.contains("NOT READY: nobody answers"), "\(gone)")
  }

  /// Every list: a line for each thing and nothing else, and with --json the same envelope.
  @Test(.timeLimit(.minutes(3))) func listsAreAlike() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let lists = [
      ["jobs"], ["array", "list"], ["schedule", "list"], ["keys"], ["tenants"], ["tiers"], ["capabilities"],
      ["retry", "--cancelled", "--dry-run"],
    ]
    for words in lists.prefix(3) + lists.suffix(1) {
      let none = try await strata(words, on: stack)
      #expect(none.code == 0 && none.output.trimmingCharacters(in: .newlines).isEmpty, "\(words): \(none)")
      #expect(none.errors.hasPrefix("no"), "\(words): \(none)")
    }
    let job = id(try await strata(["submit", "noop"], on: stack))
    let array = id(try await strata(["submit", "noop", "--array", "0-2"], on: stack))
    #expect(try await strata(["schedule", "create", "nightly", "noop", "--cron", "@daily"], on: stack).code == 0)
    #expect(try await strata(["job", "cancel", job], on: stack).code == 0)
    for words in lists + [["array", "tasks", array], ["schedule", "times", "nightly"]] {
      let piped = try await strata(words, on: stack)
      let lines = piped.output.split(separator: "\n")
      #expect(piped.code == 0 && !lines.isEmpty, "\(words): \(piped)")
      #expect(lines.allSatisfy { $0.contains("\t") && !$0.contains("  ") }, "\(words): \(piped)")
      let listed: [JSONValue] = try items(of: try await strata(words + ["--json"], on: stack))
      #expect(listed.count == lines.count, "\(words): \(listed)")
    }
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func severalJobsAreSeenToByOneCommand() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    var jobs: [String] = []
    for _ in 0..<3 { jobs.append(id(try await strata(["submit", "noop"], on: stack))) }
    let cancelled = try await strata(["job", "cancel"] + jobs, on: stack)
    #expect(cancelled.code == 0 && cancelled.output == jobs.map { "job \($0) is cancelled\n" }.joined(), "\(cancelled)")
    // One of them is told of, the others are seen to.
    let missing = "\(JobID())"
    let shown = try await strata(["job", "show", jobs[0], missing, jobs[2]], on: stack)
    #expect(shown.code == 2 && shown.errors.contains("no job \(missing)"), "\(shown)")
    #expect(shown.output.contains(jobs[0]) && shown.output.contains("\n\njob         \(jobs[2])"), "\(shown)")
    let json: [JobView] = try items(of: try await strata(["job", "show", "--json"] + jobs, on: stack))
    #expect(json.map { "\($0.id)" } == jobs)
    let again = try await strata(["job", "retry", jobs[0], jobs[1]], on: stack)
    #expect(again.code == 0 && again.output.split(separator: "\n").count == 2, "\(again)")
    for words in [["job", "logs", jobs[0], jobs[1]], ["job", "cancel"], ["job", "priority", jobs[0]]] {
      let refused = try await strata(words, on: stack)
      #expect(refused.code == 2 && refused.errors.contains("expected strata job \(words[1]) ID"), "\(refused)")
    }
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func theOrderOfJobsIsSetInTheSameTimes() async throws {
    let stack = try await StackUnderTest(workers: 0)
    let set = ["queue", "order", "--keep-room-after", "1h30m", "--class-patience", "1.5h", "--preempt-after", "never"]
    let changed = try await strata(set, on: stack)
    #expect(changed.code == 0 && changed.output.components(separatedBy: "  90 min").count == 3, "\(changed)")
    #expect(changed.output.contains("preemptible jobs end for one after   never"), "\(changed)")
    let none = try await strata(["queue", "order", "--keep-room-for", "never"], on: stack)
    #expect(none.code == 2 && none.errors.contains("--keep-room-after never"), "\(none)")
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func whatWasSubmittedBeforeIsFoundAndToldOf() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let words = ["submit", "noop", "--unique-key", "nightly", "--unique-for", "2h", "--timeout", "5m"]
    let first = try await strata(words, on: stack)
    #expect(first.code == 0 && !first.errors.contains("holds the unique key"), "\(first)")
    let second = try await strata(words, on: stack)
    #expect(second.code == 0 && id(second) == id(first), "\(second)")
    #expect(second.errors.contains("job \(id(first)) (queued) holds the unique key 'nightly'"), "\(second)")
    let shown = try await strata(["job", "show", id(first)], on: stack)
    #expect(shown.output.contains("time limit  5 min for each attempt"), "\(shown)")
    // By its old name too.
    let old = try await strata(["submit", "noop", "--unique-key", "x", "--unique-seconds", "60"], on: stack)
    #expect(old.code == 0, "\(old)")
    let twice = try await strata(
      ["submit", "noop", "--unique-seconds", "60", "--unique-for", "60"], on: stack)
    #expect(twice.code == 2 && twice.errors.contains("given twice"), "\(twice)")
    let long = try await strata(["submit", "noop", "--timeout", "8d"], on: stack)
    #expect(long.code == 2 && long.errors.contains("--timeout must be from 1s to 7d, not '8d'"), "\(long)")
    // What is refused leaves nothing behind.
    let folder = stack.folder + "/results/of/it"
    let refused = try await strata(["submit", "nop", "--wait", "--out", folder], on: stack)
    #expect(refused.code != 0 && !FileManager.default.fileExists(atPath: stack.folder + "/results"), "\(refused)")
    let file = try await strata(["submit", "noop", "--wait", "--out", stack.folder + "/up.out/x"], on: stack)
    #expect(file.code == 2 && file.errors.contains("cannot be made in \(stack.folder)/up.out"), "\(file)")
    #expect(try await !strata(["capabilities", "noop"], on: stack).output.contains("Parameters:"))
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func anArrayIsNamedByAPartOfItsIdentifier() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let array = id(try await strata(["submit", "noop", "--array", "0-4999"], on: stack))
    let part = String(array.suffix(10))
    try await waitUntil("tasks are made") {
      try await strata(["array", "show", part], on: stack).output.contains("waiting       1000")
    }
    let made = try await strata(["job", "show", "\(part)[7]"], on: stack)
    #expect(made.code == 0 && made.output.contains("7 of array \(array)"), "\(made)")
    let missing = try await strata(["job", "show", "\(array)[4999]"], on: stack)
    #expect(missing.code == 2 && missing.errors.contains("4000 of its 5000 tasks wait for room"), "\(missing)")
    #expect(!missing.errors.contains("/v1/"), "\(missing)")
    let none = try await strata(["array", "show", "zzzzzzzz"], on: stack)
    #expect(none.code == 2 && none.errors.contains("no array of yours"), "\(none)")
    let after = try await strata(["submit", "noop", "--after", part], on: stack)
    #expect(after.code == 0, "\(after)")
    #expect(try await strata(["array", "cancel", part], on: stack).code == 0)
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func aTenantIsMadeAndGivenAKey() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let made = try await strata(["tenants", "create", "acme", "--credits", "2.5"], on: stack)
    #expect(made.code == 0 && TenantID(id(made)) != nil, "\(made)")
    #expect(made.errors.contains("strata keys create laptop --tenant acme"), "\(made)")
    let key = id(try await strata(["keys", "create", "laptop", "--tenant", "acme"], on: stack))
    let url = "STRATA_URL='unix://\(stack.folder)/data/run/api.sock' STRATA_API_KEY=\(key)"
    let account = try await shell("\(url) '\(StackUnderTest.binary)' account")
    #expect(
      account.code == 0 && account.output.contains("acme (local)") && account.output.contains("2.5"), "\(account)")
    // Its operator sees whose jobs are whose.
    let theirs = id(try await shell("\(url) '\(StackUnderTest.binary)' submit noop --name theirs"))
    let all = try await strata(["jobs", "--all-tenants"], on: stack)
    #expect(all.output.hasPrefix("acme\t\(theirs)\tqueued\ttheirs\tnoop\t"), "\(all)")
    let shown = try await strata(["job", "show", String(theirs.suffix(8))], on: stack)
    #expect(shown.code == 0 && shown.output.contains("tenant      acme\n"), "\(shown)")
    let own = try await shell("\(url) '\(StackUnderTest.binary)' job show \(theirs)")
    #expect(own.code == 0 && !own.output.contains("tenant  "), "\(own)")
    #expect(try await strata(["job", "cancel", theirs], on: stack).output.contains("is cancelled"))
    // A tenant's own key makes no others.
    #expect(try await shell("\(url) '\(StackUnderTest.binary)' tenants create other").code == 3)
    for (words, code, says) in [
      (["create", "acme"], 3, "already a tenant named 'acme'"), (["create", "a b"], 2, "letters, digits"),
      (["create", "b", "--credits", "-5"], 2, "--credits"), (["create"], 2, "expected 'create NAME'"),
      (["create", "b", "--class", "5"], 2, "set the rest afterwards"),
      (["--credits", "5"], 2, "strata tenants create"),
    ] as [([String], Int32, String)] {
      let refused = try await strata(["tenants"] + words, on: stack)
      #expect(refused.code == code && refused.errors.contains(says), "\(words): \(refused)")
    }
    #expect(try await strata(["tenants"], on: stack).output.contains("acme"))
    await stack.stop()
  }
}
