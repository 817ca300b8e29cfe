import Foundation
import StrataAPI
import StrataCore
import StrataRuntime
import TestSupport
import Testing

/// Workers of other tiers, what may be asked of them, and what they cost, on the real servers.
@Suite(.serialized) struct TierTests {
  private func expected(
    _ code: Int32, of words: [String], on stack: StackUnderTest
  ) async throws -> CommandResult {
    let result = try await strata(words, on: stack)
    #expect(result.code == code, "\(words): \(result)")
    return result
  }

  @Test(.timeLimit(.minutes(5))) func aJobRunsOnTheTierThatItAsksForAndAsksForNoMoreThanThereIs() async throws {
    let stack = try await StackUnderTest(slots: 1)
    func run(_ words: [String], code: Int32 = 0) async throws -> CommandResult {
      try await expected(code, of: words, on: stack)
    }
    let unknown = try await run(["submit", "noop", "--tier", "gpu", "--gpu", "1"], code: 3)
    #expect(unknown.errors.contains("there is no tier 'gpu'"), "\(unknown)")

    let worker = try await RunningCommand(
      [
        "worker", "--tier", "gpu", "--slots", "1", "--cpu", "2", "--memory", "4G", "--gpu", "1", "--ready-file",
        stack.folder + "/gpu",
      ],
      on: stack)
    try await waitUntil("the worker is there") { FileManager.default.fileExists(atPath: stack.folder + "/gpu") }
    let ran = try await run(["submit", "noop", "--tier", "gpu", "--gpu", "1", "--wait"])
    #expect(ran.printed.contains("succeeded"), "\(ran)")

    // Past every worker, with the nearest; then some larger one is declared, and none of that size lives.
    let past = try await run(["submit", "noop", "--tier", "gpu", "--gpu", "2"], code: 3)
    #expect(past.errors.contains("2 GPUs, and the largest worker has 1 GPU"), "\(past)")
    #expect(past.errors.contains("ask for at most 1 GPU"), "\(past)")
    let set = try await run(["tiers", "set", "gpu", "--cpu", "64", "--memory", "256G", "--gpu", "4"])
    #expect(set.output.contains("declared size   64 cores"), "\(set)")
    let waiting = try await run(["submit", "noop", "--tier", "gpu", "--gpu", "2"])
    let job = try #require(JobID(waiting.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    let explained = try await run(["job", "explain", "\(job)"])
    #expect(explained.output.contains("no worker of tier 'gpu' that is there has room for"), "\(explained)")
    #expect(explained.output.contains("no worker of that size lives"), "\(explained)")
    let listed = try await run(["tiers", "--json"])
    let tiers = try items(of: listed) as [TierView]
    #expect(tiers.map(\.name) == [.cpu, .gpu] && tiers[1].largestRequest?.gpuThousandths == 4_000)
    #expect(tiers[1].workers == 1 && tiers[1].waiting == 1 && tiers[1].offers.count == 2)

    let vast = try await run(["tiers", "set", "gpu", "--cpu", "4096", "--memory", "1G"], code: 2)
    #expect(vast.errors.contains("the declared size cannot be had: 4096 cores is too much; at most 1024"), "\(vast)")

    let served = try await run(["tiers", "remove", "gpu"], code: 3)
    #expect(served.errors.contains("1 worker serves tier 'gpu'"), "\(served)")
    worker.interrupt()
    _ = await worker.ended()
    try await stack.cancel(job)
    #expect(try await stack.finished(job).state == .cancelled)
    try await waitUntil("the tier is free") { try await strata(["tiers", "remove", "gpu"], on: stack).code == 0 }
    _ = try await run(["submit", "noop", "--tier", "gpu"], code: 3)
    await stack.stop()
  }

  /// The worker of gpu-high is busy: what would rather run there runs with twice as much on the other.
  @Test(.timeLimit(.minutes(5))) func aJobRunsInAnotherWayWhereItCannotRunAsIsPreferred() async throws {
    let stack = try await StackUnderTest(slots: 1)
    func run(_ words: [String], code: Int32 = 0) async throws -> CommandResult {
      try await expected(code, of: words, on: stack)
    }
    var workers: [RunningCommand] = []
    for (tier, gpus) in [("gpu-high", "1"), ("gpu", "2")] {
      let file = stack.folder + "/" + tier
      workers.append(
        try await RunningCommand(
          ["worker", "--tier", tier, "--slots", "2", "--cpu", "4", "--memory", "8G", "--gpu", gpus]
            + ["--ready-file", file], on: stack))
      try await waitUntil("the worker is there") { FileManager.default.fileExists(atPath: file) }
    }
    let asked = [
      "run", "--tier", "gpu-high", "--gpu", "1", "--or", "tier=gpu,gpu=2", "--no-wait", "--", "sleep", "300",
    ]
    var jobs: [JobID] = []
    for tier in ["gpu-high", "gpu"] {
      let job = try #require(JobID(try await run(asked).output.trimmingCharacters(in: .whitespacesAndNewlines)))
      jobs.append(job)
      // Which of two jobs that come at once is whose is not promised.
      try await waitUntil("it runs on \(tier)") {
        let listed = try await run(["tiers", "--json"])
        let tiers = try items(of: listed) as [TierView]
        return tiers.first { $0.name.rawValue == tier }?.running == 1
      }
    }
    let third = try #require(JobID(try await run(asked).output.trimmingCharacters(in: .whitespacesAndNewlines)))
    let explained = try await run(["job", "explain", "\(third)"])
    #expect(explained.output.contains("or else it runs on tier 'gpu' with"), "\(explained)")
    #expect(explained.output.contains("2 GPUs"), "\(explained)")
    for job in jobs + [third] { try await stack.cancel(job) }
    for job in jobs + [third] { #expect(try await stack.finished(job).state == .cancelled) }

    // It has the GPU that the job asks for, which no worker of that tier has.
    let never = ["noop", "--tier", "gpu", "--gpu", "1", "--or", "tier=cpu"]
    for words in [
      ["submit"] + never, ["submit"] + never + ["--array", "0-1"],
      ["schedule", "create", "n", "--cron", "@daily"] + never,
    ] {
      let warned = try await run(words)
      #expect(warned.errors.contains("warning: alternative 1 can never be taken at present"), "\(words): \(warned)")
    }

    let twice = try await run(["submit", "noop", "--or", "gpu=1,gpu=2"], code: 2)
    #expect(twice.errors.contains("says 'gpu' twice"), "\(twice)")
    let odd = try await run(["submit", "noop", "--or", "cores=2"], code: 2)
    #expect(odd.errors.contains("'cores=2' is none of tier=NAME"), "\(odd)")
    for worker in workers {
      worker.interrupt()
      _ = await worker.ended()
    }
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(5))) func whatATierCostsIsKeptAndCountedFromTheNextStartOn() async throws {
    try await withFolder("data") { folder in
      func run(_ words: [String], code: Int32 = 0) async throws -> CommandResult {
        let result = try await strata(words + ["--data-dir", folder])
        #expect(result.code == code, "\(words): \(result)")
        return result
      }
      let up = ["up", "--detach", "--http", "127.0.0.1:0", "--slots", "1", "--tier", "metal", "--tier", "cpu"]
      _ = try await run(up)
      // A millionth of a euro for each microsecond of wall time, and nothing for anything else.
      let set = try await run([
        "tiers", "set", "metal", "--cpu-hour", "0", "--memory-hour", "0", "--wall-hour", "3600",
      ])
      #expect(set.output.contains("EUR an hour     0 a core, 0 a GiB, 3600 a slot"), "\(set)")
      _ = try await run(["down"])
      _ = try await run(up)
      let submitted = try await run(["submit", "noop", "--tier", "metal", "--wait", "--json"])
      let shown = try JSONDecoder().decode(JobView.self, from: Data(submitted.output.utf8))
      let wall = shown.attempts.reduce(0) { $0 + ($1.usage?.wallMicroseconds ?? 0) }
      #expect(shown.state == .succeeded && wall > 0 && shown.costMicroeuro == wall, "\(shown)")
      let kept = try await run(["tiers", "--json"])
      let tiers = try items(of: kept) as [TierView]
      #expect(tiers.map(\.name.rawValue) == ["cpu", "metal"] && tiers[1].rates?.wallHour == 3_600_000_000)
      #expect(tiers[0].workers == 1 && tiers[1].workers == 1)
      _ = try await run(["down"])
    }
  }
}
