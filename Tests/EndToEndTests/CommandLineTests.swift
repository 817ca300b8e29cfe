import Foundation
import StrataAPI
import StrataCore
import TestSupport
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

  @Test func aRefusedSubmissionLeavesNoInputBehind() async throws {
    let stack = try await StackUnderTest()
    let file = stack.folder + "/input"
    try "for nothing".write(toFile: file, atomically: true, encoding: .utf8)
    for option in [["--tier", "gpu"], ["--memory", "100000G"], ["--max-credits", "0.000001"]] {
      let run = try await strata(["run"] + option + ["--input", file, "--", "true"], on: stack)
      #expect(run.code == 3, "\(option): \(run)")
    }
    let kept = FileManager.default.enumerator(atPath: stack.folder + "/data/artifacts/sha256")?.allObjects ?? []
    #expect(kept.isEmpty, "\(kept)")
    await stack.stop()
  }

  @Test func keysAreMadeAndRevoked() async throws {
    let stack = try await StackUnderTest()
    let made = try await strata(["keys", "create", "laptop"], on: stack)
    let secret = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(made.code == 0 && secret.hasPrefix("sk_") && !made.errors.contains(secret), "\(made)")
    let list = try await strata(["keys"], on: stack)
    #expect(list.output.contains("laptop") && !list.output.contains(secret))
    let url = "STRATA_URL='unix://\(stack.folder)/data/run/api.sock' STRATA_API_KEY=\(secret)"
    let jobs = "\(url) '\(StackUnderTest.binary)' jobs"
    #expect(try await shell(jobs).code == 0)
    let revoked = try await strata(["keys", "revoke", String(secret.prefix(8))], on: stack)
    #expect(revoked.code == 0 && revoked.output.contains("is revoked"), "\(revoked)")
    let refused = try await shell(jobs)
    #expect(refused.code == 3 && refused.errors.contains("revoked"), "\(refused)")
    let all = try await strata(["keys", "list", "--json"], on: stack)
    let keys = try items(of: all) as [KeyView]
    let last = try #require(keys.first { $0.revokedAt == nil })
    #expect(last.isCurrent)
    let kept = try await strata(["keys", "revoke", "\(last.id)"], on: stack)
    #expect(kept.code == 3 && kept.errors.contains("last valid key"), "\(kept)")
    let forced = try await strata(["keys", "revoke", "\(last.id)", "--force"], on: stack)
    #expect(forced.code == 0 && forced.errors.contains("it was the key of this command"), "\(forced)")
    #expect(try await strata(["jobs"], on: stack).code == 3)
    await stack.stop()
  }

  @Test func aLocalRunWithoutAFolderMakesOneAndSaysWhich() async throws {
    try await withFolder("local") { folder in
      let local = "cd '\(folder)'; '\(StackUnderTest.binary)' local command.run --param"
      let writing = #"'command=["sh","-c","echo hi > output/f"]'"#
      for name in ["command.run-results", "command.run-results-2"] {
        let run = try await shell("\(local) \(writing)")
        #expect(run.code == 0 && run.errors.contains("the results are in \(name)\n"), "\(run)")
        #expect(try String(contentsOfFile: "\(folder)/\(name)/f", encoding: .utf8) == "hi\n")
      }
      #expect(try await shell("\(local) 'command=[\"true\"]'").code == 0)
      #expect(try await shell("\(local) nonsense=1").code == 2)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(left == ["command.run-results", "command.run-results-2"], "nothing is left where nothing was written")
    }
  }

  @Test(arguments: [
    (["ledger", "grant", "-1"], "must be a positive number"),
    (["ledger", "grant", "99999999999999999"], "as large as"),
    (["submit", "noop", "--at", "tomorrow"], "--at takes an instant"), (["submit", "noop", "--delay", "999d"], "366d"),
    (["submit", "noop", "--at", "2030-01-01T00:00:00Z", "--delay", "1"], "--at or --delay"),
    (["submit", "noop", "--cpu", "99999999999999999999"], "as large as"),
  ]) func aValueThatWillNotDoIsNamedAsItWasTyped(words: [String], complaint: String) async throws {
    try await withFolder("none") { folder in
      let data = folder + "/data"
      try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
      try "1\n".write(toFile: data + "/strata-data", atomically: true, encoding: .utf8)
      try "sk_none\n".write(toFile: data + "/api-key", atomically: true, encoding: .utf8)
      let result = try await strata(words + ["--data-dir", data])
      #expect(result.code == 2 && result.errors.contains(complaint), "\(result)")
    }
  }

  @Test func aKeyFileSaysWhatIsWrongWithIt() async throws {
    try await withFolder("none") { folder in
      try "1\n".write(toFile: folder + "/strata-data", atomically: true, encoding: .utf8)
      let missing = try await strata("jobs", "--data-dir", folder)
      #expect(missing.code == 3 && missing.errors.contains("there is no \(folder)/api-key"), "\(missing)")
      try "\n".write(toFile: folder + "/api-key", atomically: true, encoding: .utf8)
      let empty = try await strata("jobs", "--data-dir", folder)
      #expect(empty.code == 3 && empty.errors.contains("there is no key in \(folder)/api-key"), "\(empty)")
    }
  }

  @Test func aLocalRunThatIsInterruptedSaysSoAndLeavesNothing() async throws {
    try await withFolder("local") { folder in
      let line =
        "cd '\(folder)'; timeout --preserve-status -s INT 1 '\(StackUnderTest.binary)' local command.run --param"
      let run = try await shell("\(line) 'command=[\"sleep\",\"60\"]'")
      #expect(run.code == 130, "\(run)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func aJobIsNamedByAPartOfItsIdentifier() async throws {
    let stack = try await StackUnderTest()
    var jobs: [String] = []
    // Identifiers begin with the time: two may lie on both sides of a change of that part.
    repeat {
      jobs = []
      for _ in 0..<2 { jobs.append("\(try await stack.submit(JobRequest(capability: "noop")))") }
    } while jobs[0].prefix(8) != jobs[1].prefix(8)
    let one = try await strata(["job", "wait", "--json", String(jobs[0].suffix(6))], on: stack)
    #expect(one.code == 0 && one.output.contains(jobs[0]), "\(one)")
    let two = try await strata(["job", "show", String(jobs[0].prefix(8))], on: stack)
    #expect(two.code == 2 && jobs.allSatisfy(two.errors.contains), "\(two)")
    let none = try await strata(["job", "show", "zzzzzzzz"], on: stack)
    #expect(none.code == 2 && none.errors.contains("no job of yours"), "\(none)")
    await stack.stop()
  }

  /// With the hundred libraries behind it, GDAL would take most of a command's time and memory.
  @Test func gdalIsLoadedWhereItIsNeededOnlyAndMissedWithAReason() async throws {
    let needed = try await shell("LD_TRACE_LOADED_OBJECTS=1 '\(StackUnderTest.binary)' version")
    #expect(needed.output.contains("libcurl") && !needed.output.contains("libgdal"), "\(needed)")
    try await withFolder("no-gdal") { folder in
      let local = "cd '\(folder)'; '\(StackUnderTest.binary)' simulate-scan s.las --points 2000; "
      let ground = "'\(StackUnderTest.binary)' local pointcloud.ground s.las"
      let fine = try await shell(local + ground)
      #expect(fine.code == 0, "\(fine)")
      // Files that the dynamic linker finds before the real ones, and cannot load.
      for name in ["libgdal.so.32", "libgdal.so"] {
        try "no library".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
      let without = try await shell(local + "LD_LIBRARY_PATH='\(folder)' " + ground)
      #expect(without.code == 1 && without.printed.contains("library_missing: GDAL"), "\(without)")
      #expect(without.printed.contains("libgdal32"), "it says what to install")
    }
  }

  /// As full as a file may be large: what is written of maps, points and pictures ends in the middle, here and there.
  @Test(arguments: [
    "ground", "raster --param products=dtm,dsm,hillshade", "convert --param format=laz", "convert --param format=csv",
    "thin --param size=0.5",
  ]) func onAFullDiskResultsAreWholeOrNotThere(work: String) async throws {
    try await withFolder("full") { folder in
      func local(kilobytes: Int?, _ out: String) async throws -> CommandResult {
        // Asked for more, the system sends a signal, which is to be an error as on a disk.
        let limit = kilobytes.map { "trap '' XFSZ; ulimit -f \(2 * $0); " } ?? ""
        return try await shell(
          "cd '\(folder)'; \(limit)exec '\(StackUnderTest.binary)' local pointcloud.\(work) s.las --out \(out)")
      }
      func files(_ out: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(out)")) ?? []
        // Times are in it.
        return names.filter { $0 != "summary.json" }.sorted()
      }
      let made = try await shell(
        "cd '\(folder)'; '\(StackUnderTest.binary)' simulate-scan s.las --points 8000")
      #expect(made.code == 0, "\(made)")
      let whole = try await local(kilobytes: nil, "whole")
      #expect(whole.code == 0 && !files("whole").isEmpty, "\(whole)")
      func size(_ name: String) throws -> Int { try Data(contentsOf: URL(filePath: "\(folder)/\(name)")).count }
      let most = try files("whole").map { try size("whole/\($0)") }.max() ?? 0
      for share in [1, 4, 12, 15] {
        let out = "full-\(share)"
        let ran = try await local(kilobytes: most * share / 16 / 1_024, out)
        #expect(ran.code == 1 && ran.printed.contains("disk is not full"), "\(ran)")
        for name in files(out) {
          let isWhole = FileManager.default.contentsEqual(
            atPath: "\(folder)/\(out)/\(name)", andPath: "\(folder)/whole/\(name)")
          #expect(isWhole, "\(name) of \(files("whole")), \(ran)")
        }
      }
    }
  }

  @Test func outputOfACommandDoesNotMixWithItsJSON() async throws {
    let stack = try await StackUnderTest()
    let run = try await strata(["run", "--json", "--stdin", "-", "--", "cat"], on: stack, input: "typed")
    #expect(run.code == 0)
    let job = try JSONDecoder().decode(JobView.self, from: Data(run.output.utf8))
    #expect(job.state == .succeeded && run.errors == "typed")
    await stack.stop()
  }

  @Test func aCommandsOwnStatusIsToldAndItsOutputStaysItsOwn() async throws {
    let stack = try await StackUnderTest()
    let run = try await strata(["run", "--", "sh", "-c", "echo out; exit 7"], on: stack)
    let last = "the command exited with status 7; for any failed job the status here is 1.\n"
    #expect(run.code == 1 && run.errors.hasSuffix(last), "\(run)")
    #expect(run.output.hasPrefix("out\n") && !run.output.contains("credits"), "\(run)")
    let killed = try await strata(["run", "--", "sh", "-c", "kill -KILL $$"], on: stack)
    #expect(killed.code == 1 && killed.errors.contains("ended by signal 9;"), "\(killed)")
    let json = try await strata(["run", "--json", "--", "sh", "-c", "exit 7"], on: stack)
    let job = try JSONDecoder().decode(JobView.self, from: Data(json.output.utf8))
    #expect(json.code == 1 && job.summary == .object(["exit_status": .integer(7)]))
    let shown = try await strata(["job", "show", "\(job.id)"], on: stack)
    #expect(shown.output.contains(#/exit_status +7/#))
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
    let full = try await shell("STRATA_DATA_DIR='\(stack.folder)/data' '\(StackUnderTest.binary)' keys >/dev/full")
    #expect(full.code == 1 && full.errors.contains("No space left"), "\(full)")
    await stack.stop()
  }

  @Test func anInterruptedWaitLeavesTheJobRunning() async throws {
    let stack = try await StackUnderTest()
    let gate = stack.folder + "/gate"
    let run = try await RunningCommand(
      ["run", "--", "sh", "-c", "echo begun; until [ -e \(gate) ]; do sleep 0.05; done"], on: stack)
    try await waitUntil("the command runs") { run.output.contains("begun") }
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
