import StrataAPI
import StrataCore
import Testing
import strata

/// What `strata job show`, and a command that waits, tell of a job.
@Suite struct JobTextTests {
  private func job(_ params: [String: JSONValue], inputs: [ArtifactReference]? = nil) -> JobView {
    JobView(
      id: JobID(), state: .queued, capability: "command.run", tenant: TenantID(), tier: .cpu, priority: 60,
      params: .object(params), inputs: inputs?.map(JobInput.artifact),
      resources: ResourceRequest(cpuMillicores: 2_500, memoryBytes: 512_000_000, gpuThousandths: 500),
      timeoutSeconds: 600, attemptsMax: 3, createdAt: "2026-01-01T00:00:00Z", heldMicrocredits: 1,
      chargeMaxMicrocredits: 1)
  }

  @Test func whatWasAskedForIsShown() throws {
    let digest = try #require(ArtifactDigest(bytes: [UInt8](repeating: 0xAB, count: 32)))
    let input = ArtifactReference(name: "scan.laz", digest: digest, sizeBytes: 104_000_000)
    let command = JSONValue.array(["sh", "-c", "echo 'it is' > $OUT"].map(JSONValue.string))
    let text = JobText.of(
      job(
        ["command": command, "environment": .object(["A": .string("b")]), "level": .integer(3), "none": .array([])],
        inputs: [input]))
    #expect(!text.contains("none="))
    for line in [
      "capability  command.run on tier cpu, with priority 60", #"command     sh -c 'echo '\''it is'\'' > $OUT'"#,
      #"parameter   environment={"A":"b"}"#, "parameter   level=3", "input       scan.laz  104 MB  sha256:abab",
      "resources   2.5 cores, 512 MB, 0.5 GPU", "time limit  10 min for each attempt", "attempts    at most 3",
    ] {
      #expect(text.contains(line), "\(line)\n\(text)")
    }
  }

  /// As of a job, but for what is left to the capability.
  @Test func whatASchedulesOrAnArraysJobsAskForIsShownTheSameWay() throws {
    let request = JobRequest(
      capability: "command.run", params: ["command": .array(["echo", "it is"].map(JSONValue.string))], priority: 60,
      tier: "gpu", resources: .init(cpuMillicores: 2_500, gpuThousandths: 1_000), timeoutSeconds: 600,
      startWithinSeconds: 60, preemptible: true, maxMicrocredits: 5_000_000, uniqueKey: "k", uniqueSeconds: 120,
      alternatives: [
        .init(tier: "cpu", resources: .init(gpuThousandths: 0)), .init(resources: .init(memoryBytes: 1 << 30)),
      ])
    let schedule = ScheduleView(
      id: ScheduleID(), name: "nightly", cron: "@daily", timeZone: "UTC", job: request, missed: .init(policy: .once),
      overlap: .allow, isPaused: true, startsAt: nil, endsAt: nil, jitterSeconds: 0, createdAt: "", changedAt: "",
      nextAt: nil, times: [], runs: 0, skips: 0, refusals: 0, lastRun: nil, lastSkip: nil, lastRefusal: nil,
      chargeMaxMicrocredits: nil)
    let array = ArrayView(
      id: .new(), state: "queued", capability: "command.run", priority: 60, tasks: 3, indexes: "0-2", maxRunning: nil,
      pending: 3, waiting: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, failedIndexes: nil, held: nil,
      createdAt: "", runAt: nil, finishedAt: nil, chargeMaxMicrocredits: 1, chargedMicrocredits: 0,
      heldMicrocredits: 0, retryOf: nil, retriedBy: nil, job: request)
    for text in [ScheduleText.of(schedule), ArrayText.of(array)] {
      for line in [
        "capability    command.run on tier gpu, with priority 60", "command       echo 'it is'",
        "resources     2.5 cores, 1 GPU", "or else       tier cpu, no GPU", "or else       1 GiB",
        "time limit    10 min for each attempt", "start within  60 s", "preemptible   with 30 s from SIGTERM",
        "max charge    refused where it could cost over 5 credits", "unique key    'k' for 2 min",
      ] {
        #expect(text.contains(line + "\n") || text.contains(line + " "), "\(line)\n\(text)")
      }
    }
    var plain = schedule
    plain.job = JobRequest(capability: "noop")
    let text = ScheduleText.of(plain)
    #expect(text.contains("capability    noop\n") && !text.contains("resources") && !text.contains("limit"), "\(text)")
  }

  @Test func whatBecameOfAnAttemptIsTold() {
    var job = job([:])
    let worker = WorkerID()
    job.attempts = [
      AttemptView(attempt: 1, ending: .released, worker: worker, startedAt: "10:00", endedAt: "10:01"),
      AttemptView(attempt: 1, ending: .expired, worker: worker), AttemptView(attempt: 2, startedAt: "10:05"),
    ]
    let text = JobText.of(job)
    let released =
      "attempt 1   handed back by worker \(worker), from 10:00 to 10:01; not counted: the next has its number\n"
    let expired = "attempt 1   expired; its lease ran out, as worker \(worker) was lost or cut off\n"
    #expect(text.contains(released) && text.contains(expired), "\(text)")
    #expect(text.contains("attempt 2   running, from 10:05"), "\(text)")
  }

  @Test func whatIsBeingStoppedSaysSo() {
    var job = job([:])
    (job.state, job.isCancelRequested, job.attempts) = (.running, true, [AttemptView(attempt: 1)])
    let text = JobText.of(job)
    #expect(text.contains("state       running, being stopped: its cancellation was asked for\n"), "\(text)")
    #expect(text.contains("attempt 1   being stopped"), "\(text)")
    #expect(JobTable.of([job]).lines.hasSuffix("\tbeing stopped: its cancellation was asked for"))
  }

  @Test func usageIsToldAsFarAsItWasMeasured() {
    let measured = AttemptUsage(cpuMicroseconds: 1_200, wallMicroseconds: 4_200_000, memoryPeakBytes: 3_200_000)
    #expect(UsageText.of(measured, at: " on tier cpu") == "4.2 s on tier cpu, 2 ms of CPU, 3.2 MB at most")
    #expect(UsageText.of(AttemptUsage(cpuMicroseconds: 0, wallMicroseconds: 44)) == "44 µs, 0 ms of CPU")
  }

  @Test func whoWaitsForOnesOwnJobsIsToldTheRemedy() {
    let job = JobID()
    let text = ExplanationText.of(
      ExplanationView(
        job: job, state: .queued,
        reasons: [
          .init(code: "own_jobs", message: "5 jobs go first", count: 5, limit: nil, until: nil, jobs: nil)
        ], unknown: [], start: nil))
    #expect(text.contains("'strata job priority \(job) N'"), "\(text)")
  }

  @Test func whatIsLongIsCutAndSaysSo() {
    let text = JobText.of(job(["text": .string(String(repeating: "x", count: 5_000))]))
    #expect(text.utf8.count < 1_500 && text.contains("xxx … (the rest with --json)"))
  }

  @Test func whatAJobWaitsForIsToldInALine() {
    func text(_ state: JobState) -> String? {
      ExplanationText.waiting(
        ExplanationView(
          job: JobID(), state: state,
          reasons: [
            .init(code: "no_worker", message: "no worker is there", count: 0, limit: nil, until: nil, jobs: nil)
          ], unknown: [], start: nil))
    }
    #expect(text(.queued)?.contains("not begun yet: no worker is there ('strata job explain ") == true)
    #expect(text(.running) == nil && text(.succeeded) == nil)
  }

  @Test func aTaskThatIsNotMadeSaysHowItsArrayStands() {
    let array = ArrayView(
      id: .new(), state: "held", capability: "noop", priority: 50, tasks: 5_000, indexes: nil, maxRunning: nil,
      pending: 4_000, waiting: 900, running: 2, succeeded: 90, failed: 5, cancelled: 3, failedIndexes: nil,
      held: .init(code: "budget_exceeded", detail: "there are no credits"), createdAt: "", runAt: nil, finishedAt: nil,
      chargeMaxMicrocredits: 1, chargedMicrocredits: 0, heldMicrocredits: 0, retryOf: nil, retriedBy: nil)
    func error(_ state: String) -> String {
      TaskName.notMade(ArrayTaskView(index: 4_711, id: JobID(), state: state, job: nil), of: array).description
    }
    let pending = error("pending")
    #expect(pending.contains("task 4711 of array \(array.id) is not made yet: 4000 of its 5000 tasks wait for room"))
    #expect(pending.contains("the array is held, held: there are no credits, 98 have ended"), "\(pending)")
    #expect(error("cancelled").contains("was cancelled before it was made"))
  }
}
