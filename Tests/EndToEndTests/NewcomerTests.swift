import Foundation
import StrataAPI
import StrataClient
import StrataCore
import Testing

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
      ("TIME", "TIME is a number with s, m, h or d, such as 30s, 5m, 2h or 1d; a number alone is seconds.\n"),
      ("INSTANT", "INSTANT is a time with its offset, such as 2026-11-21T06:15:00Z or 2026-11-21T08:15:00+02:00.\n"),
      ("SIZE", "SIZE is a number of bytes with a unit: 512M, 16G or 16GiB (by 1024), 512MB or 16GB (by 1000).\n"),
    ] {
      let isTaken = help.output.contains(try Regex("--[a-z-]+ \(value) "))
      #expect(help.output.components(separatedBy: words).count == (isTaken ? 2 : 1), "\(value): \(help.output)")
    }
    #expect(!help.output.contains("SECONDS"))
  }

  @Test(.timeLimit(.minutes(3))) func withoutAWorkerItIsSaidWhatIsMissing() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let status = try await strata(["status"], on: stack)
    #expect(status.code == 4 && status.printed.contains("NOT READY: no worker takes jobs"), "\(status)")
    #expect(status.printed.contains("start one with strata worker"), "\(status)")
    let json = try await strata(["status", "--json"], on: stack)
    #expect(json.code == 4 && json.output.contains(#""ready" : false"#), "\(json)")
    // Who waits for a job is told once what it waits for.
    let run = try await RunningCommand(["run", "--", "true"], on: stack)
    try await eventually("it is told what the job waits for") { run.errors.contains("not begun yet") }
    #expect(run.errors.contains("no worker is there"), "\(run.errors)")
    run.interrupt()
    #expect(await run.ended().code == 130)
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func whatWasSubmittedBeforeIsFoundAndToldOf() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let words = ["submit", "noop", "--unique-key", "nightly", "--unique-for", "2h", "--timeout", "5m"]
    let first = try await strata(words, on: stack)
    #expect(first.code == 0 && first.errors.isEmpty, "\(first)")
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
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3))) func anArrayIsNamedByAPartOfItsIdentifier() async throws {
    let stack = try await StackUnderTest(workers: 0, declared: Self.size)
    let array = id(try await strata(["submit", "noop", "--array", "0-4999"], on: stack))
    let part = String(array.suffix(10))
    try await eventually("tasks are made") {
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
