import Foundation
import StrataAPI
import StrataClient
import StrataCore
import TestSupport
import Testing

/// Recurring jobs on the real servers, also when the controller falls at the worst moment.
@Suite(.serialized) struct ScheduleTests {
  /// The controller is killed when the run is due and read, and when its job is committed and not enqueued.
  @Test(.timeLimit(.minutes(5)), arguments: ["due-firing:1", "firing-enqueue:1"])
  func aRunIsMadeOnceWhereverItsControllerFalls(crashPoint: String) async throws {
    let stack = try await StackUnderTest(crashPoint: crashPoint)
    let runs = stack.folder + "/runs"
    let made = try await strata(
      [
        "schedule", "create", "yearly", "command.run", "--cron", "@yearly", "--param",
        #"command=["sh","-c","echo run >> '\#(runs)'"]"#,
      ], on: stack)
    #expect(made.code == 0, "\(made)")
    try await stack.missARun()
    try await waitUntil("the job has run", within: .seconds(90)) { stack.lines(runs) > 0 }
    #expect(
      !FileManager.default.fileExists(atPath: stack.folder + "/crash-point"), "the crash point was never reached")
    var jobs: [JobView] = []
    try await waitUntil("the controller is back") {
      let request = ClientRequest("GET", ["v1", "jobs"])
      jobs = (try? await stack.client.send(request).decode() as Page<JobView>)?.items ?? []
      return !jobs.isEmpty
    }
    try await stack.expectSettledOnce(jobs.map(\.id))
    #expect(jobs.count == 1 && stack.lines(runs) == 1)
    #expect(jobs[0].schedule?.name == "yearly" && jobs[0].schedule?.instant?.contains("-01-01T00:00:00") == true)
    let shown = try await strata(["schedule", "show", "yearly"], on: stack)
    #expect(shown.printed.contains("1 made, 0 skipped, 0 refused"), "\(shown)")
    await stack.stop()
  }

  @Test func schedulesAreKeptFromTheCommandLine() async throws {
    let stack = try await StackUnderTest()
    func schedule(_ words: String...) async throws -> CommandResult {
      try await strata(["schedule"] + words, on: stack)
    }
    #expect(try await schedule("list").printed == "no schedules\n")
    let dry = try await schedule(
      "create", "nightly", "noop", "--cron", "30 2 * * *", "--time-zone", "Europe/Madrid", "--dry-run")
    #expect(dry.code == 0 && dry.output.components(separatedBy: "T02:30:00+0").count == 6, "\(dry)")
    #expect(try await schedule("list").printed == "no schedules\n")
    try "for all of them".write(toFile: stack.folder + "/input", atomically: true, encoding: .utf8)
    let made = try await schedule(
      "create", "nightly", "command.run", stack.folder + "/input", "--cron", "30 2 * * *", "--time-zone",
      "Europe/Madrid", "--missed", "all:3", "--overlap", "skip", "--param", #"command=["cat","input"]"#)
    #expect(made.code == 0 && made.output.contains("runs next at"), "\(made)")
    #expect(made.output.contains("the latest 3 at most") && made.output.contains("input         input  15 B  sha256:"))
    #expect(made.output.contains("command       cat input"), "\(made)")
    let taken = try await schedule("create", "nightly", "noop", "--cron", "@daily")
    #expect(taken.code == 3 && taken.errors.contains("already a schedule named 'nightly'"), "\(taken)")
    let list = try await schedule("list")
    #expect(list.output.contains("nightly") && list.output.contains("30 2 * * *"), "\(list)")
    #expect(try await schedule("pause", "nightly").output == "schedule 'nightly' is paused\n")
    #expect(try await schedule("list").output.contains("paused"))
    let run = try await schedule("run", "nightly")
    let id = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try await strata(["job", "wait", id], on: stack).code == 0)
    #expect(try await strata(["job", "logs", id], on: stack).output == "for all of them")
    #expect(
      try await strata(["job", "show", id], on: stack).output.contains(
        "schedule    nightly, asked for beside its times"))
    #expect(try await strata(["jobs", "--schedule", "nightly"], on: stack).output.contains(id))
    #expect(try await schedule("resume", "nightly").output.contains("runs next at"))
    let changed = try await schedule("change", "nightly", "--cron", "@hourly", "--rename", "hourly", "--jitter", "1m")
    #expect(changed.code == 0 && changed.output.contains("@hourly in Europe/Madrid"), "\(changed)")
    // Of its job what is said is changed, and nothing else.
    let failing = try await schedule(
      "change", "hourly", "--param", #"command=["sh","-c","exit 3"]"#, "--cpu", "0.5", "--label", "kind=night",
      "--retry-on", "timeout")
    let more = try await schedule("change", "hourly", "--attempts", "1", "--retry-delay", "5s")
    #expect(more.output.contains("attempts      one\n"), "\(more)")
    #expect(
      try await schedule("change", "hourly", "--attempts", "2").output.contains("also after exit_status, timeout"))
    #expect(try await schedule("change", "hourly", "--attempts", "1", "--preemptible").code == 0)
    let graced = try await schedule("change", "hourly", "--grace", "2m")
    #expect(graced.output.contains(/preemptible +with (2 min|120 s) from SIG/), "\(graced)")
    #expect(failing.code == 0 && failing.output.contains("input         input  15 B  sha256:"), "\(failing)")
    #expect(
      failing.output.contains("command       sh -c 'exit 3'") && failing.output.contains("0.5 cores"), "\(failing)")
    #expect(try await schedule("list").output.hasSuffix("\t-\n"), "its last job has succeeded")
    for _ in 0..<2 {
      let run = try await schedule("run", "hourly")
      let id = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(try await strata(["job", "wait", id], on: stack).code == 1)
    }
    let trouble = "the last 2 jobs failed: the command ended with exit status 3 [exit_status]"
    #expect(try await schedule("list").output.hasSuffix("\t\(trouble)\n"))
    let shown = try await schedule("show", "hourly")
    #expect(shown.output.contains("trouble       \(trouble)\n") && shown.output.contains("labels        kind=night\n"))
    let other = try await schedule("change", "hourly", "noop", "--priority", "9")
    #expect(other.code == 0 && other.output.contains("noop with priority 9"), "\(other)")
    #expect(!other.output.contains("\ncommand") && !other.output.contains("\ninput"), "\(other)")
    let times = try await schedule("times", "hourly", "--limit", "2", "--json")
    let decoded = try items(of: times) as [ScheduleTimeView]
    #expect(decoded.count == 2)
    #expect(try await schedule("delete", "hourly").output == "schedule 'hourly' is deleted\n")
    let gone = try await schedule("show", "hourly")
    #expect(gone.code == 2 && gone.errors.contains("no schedule 'hourly'"), "\(gone)")
    #expect(try await strata(["job", "show", id], on: stack).output.contains("which is deleted"))
    await stack.stop()
  }

  /// Nobody is asked for what can be seen to be wrong here.
  @Test(arguments: [
    ([], "what is to be done"), (["crate", "n"], "did you mean 'create'?"), (["show"], "schedule show NAME"),
    (["create", "n", "noop"], "give --cron"), (["create", "n", "--cron", "@daily"], "NAME CAPABILITY"),
    (["pause", "n", "--cron", "@daily"], "--cron is not for 'strata schedule pause'"),
    (["list", "n"], "expected strata schedule list"),
  ])
  func whatIsWrongIsSaidInTheWordsOfTheCommandLine(words: [String], says: String) async throws {
    try await withFolder("none") { folder in
      let result = try await strata(["schedule"] + words + ["--data-dir", folder + "/data"])
      #expect(result.code == 2 && result.errors.contains(says), "\(result)")
    }
  }

  @Test func optionsThatCannotBeReadAreRefused() async throws {
    let stack = try await StackUnderTest(slots: 1)
    for (option, value, says) in [
      ("--missed", "twice", "once, all:N"), ("--missed", "all:0", "once, all:N"),
      ("--overlap", "queue", "allow or skip"),
      ("--starts", "tomorrow", "2026-11-21T06:15:00Z"), ("--jitter", "1y", "30s, 5m"),
      ("--time-zone", "Mars", "time zone"),
      ("--priority", "101", "0 to 100"), ("--param", "x=1", "x"),
    ] {
      let words = ["schedule", "create", "n", "noop", "--cron", "@daily", option, value]
      let result = try await strata(words, on: stack)
      #expect(result.code == 2 && result.errors.contains(says), "\(option) \(value): \(result)")
    }
    let nothing = try await strata(["schedule", "change", "n"], on: stack)
    #expect(nothing.code == 2 && nothing.errors.contains("what is to be changed"))
    await stack.stop()
  }
}

extension StackUnderTest {
  /// Has the controller find that all schedules have missed a year.
  func missARun() async throws {
    let change = try await shell(
      "psql -X -q '\(database)' -c \"UPDATE schedule SET decided_at = decided_at - interval '366 days',"
        + " due_at = now(); SELECT pg_notify('strata_schedules', '')\"")
    #expect(change.code == 0, "\(change)")
  }
}
