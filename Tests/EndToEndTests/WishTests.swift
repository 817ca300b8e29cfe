import Foundation
import StrataAPI
import StrataClient
import StrataCore
import TestSupport
import Testing

/// What users of job queues wish for, each shown by a test of that name, on a whole stack: HTTP API, PostgreSQL, Redis and
/// worker processes. Jobs write lines into files as they begin and wait at gates that the tests open, so that the order of
/// things is seen, not waited for.
///
/// More of them in `WishTimes.swift` and `WishTroubles.swift`; those that take longest come last.
@Suite(.serialized, OneStack()) struct WishTests {
  /// Two tenants of equal weight and jobs of equal length, but those of one take eight cores and those of the other one:
  /// in jobs the other gets many more. If they took turns job by job, two narrow ones would run before the third wide one.
  @Test func fairnessBetweenTenantsByWhatTheyConsumed() async throws {
    let wishes = try OneStack.stack
    let (wide, narrow) = (try await wishes.tenant("wide"), try await wishes.tenant("narrow"))
    // Whoever holds the slot until all jobs wait will owe for it.
    let third = try await wishes.tenant("third")
    let order = "consumed"
    func job(_ line: String, cores: Int) -> JobRequest {
      wishes.script("echo \(line) >> '\(wishes.path(order))'; sleep 0.03", cores: cores)
    }
    try await wishes.withWorker(slots: 1, cores: 8) { _ in
      let holder = try await third.submit(wishes.waiting("holder", in: order, cores: 8))
      try await wishes.eventuallyLine("holder", in: order)
      let jobs = try await wide.submit(Array(repeating: job("wide", cores: 8), count: 4))
      let others = try await narrow.submit(Array(repeating: job("narrow", cores: 1), count: 40))
      wishes.open("holder")
      try await third.expectSucceeded([holder])
      try await wide.expectSucceeded(jobs)
      try await narrow.expectSucceeded(others)
    }
    let lines = wishes.lines(order).dropFirst()
    let wides = lines.indices.filter { lines[$0] == "wide" }
    let last = try #require(wides.dropFirst(2).first)
    let before = lines[..<last].count { $0 == "narrow" }
    #expect(before >= 6, "\(lines)")
    #expect(before < 40, "the wide ones had their turns too: \(lines)")
  }

  /// The retried job is the youngest, so that its priority alone brings it before the others, both times.
  @Test func priorityThatSurvivesRetries() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("retries")
    let order = "retries"
    // The first attempt kills its runner: a crash is tried again.
    let crashing = """
      if [ ! -e '\(wishes.path("crashed"))' ]; then
        touch '\(wishes.path("crashed"))'; echo high-1 >> '\(wishes.path(order))'; kill -9 $PPID; sleep 60
      fi
      echo high-2 >> '\(wishes.path(order))'
      """
    try await wishes.withWorker(for: owner, slots: 1) { _ in
      let first = try await owner.submit(wishes.waiting("first", in: order))
      try await wishes.eventuallyLine("first", in: order)
      let low = [
        try await owner.submit(wishes.waiting("low-1", in: order)),
        try await owner.submit(wishes.writing("low-2", to: order)),
      ]
      let high = try await owner.submit(wishes.script(crashing, priority: 90))
      wishes.open("first")
      // The wait before it is tried again is drawn: it may be over before the worker has asked for the next job.
      try await waitUntil("the crashed job waits for a worker again, or has run", within: .seconds(60)) {
        let job = try await owner.job(high)
        let waits = job.state == .queued && job.attempts.count == 1 && wishes.lines(order).contains("low-1")
        return waits || job.state == .succeeded
      }
      wishes.open("low-1")
      try await owner.expectSucceeded([first, high] + low)
      #expect(try await owner.job(high).attempts.map(\.ending) == [.failed, .succeeded])
    }
    let lines = wishes.lines(order)
    #expect(lines.prefix(2) == ["first", "high-1"] && lines.last == "low-2" && lines.count == 5, "\(lines)")
  }

  /// A job for which there is no room now does not hold up one that fits, and runs when there is room.
  @Test func resourceRequestsWithoutHeadOfLineBlocking() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("heads")
    let order = "heads"
    try await wishes.withWorker(for: owner, slots: 2) { _ in
      let running = try await owner.submit(wishes.waiting("running", in: order))
      try await wishes.eventuallyLine("running", in: order)
      let large = try await owner.submit(wishes.writing("large", to: order, cores: 2, priority: 90))
      let small = try await owner.submit(wishes.writing("small", to: order))
      try await owner.expectSucceeded([small])
      #expect(try await owner.job(large).state == .queued)
      wishes.open("running")
      try await owner.expectSucceeded([running, large])
    }
    #expect(wishes.lines(order) == ["running", "small", "large"])
  }

  /// What nobody could ever run is refused at once, with the nearest that somebody could; and that is accepted.
  @Test func impossibleRequestsAreRefusedWithTheNearestThatIsPossible() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("impossible")
    let refusal = try #require(
      try await owner.refusal(of: wishes.script("true", cores: WishStack.coresMax + 1)))
    #expect(refusal.status == 422 && refusal.code == "unsatisfiable", "\(refusal)")
    #expect(refusal.detail?.contains("ask for at most \(WishStack.coresMax) cores") == true, "\(refusal)")
    let elsewhere = try await owner.refusal(of: JobRequest(capability: "noop", tier: "mainframe"))
    #expect(
      elsewhere?.code == "unsatisfiable" && elsewhere?.detail?.contains("the tiers are: cpu") == true,
      "\(String(describing: elsewhere))")
    let possible = try await owner.submit(wishes.script("true", cores: WishStack.coresMax))
    let all: Page<JobView> = try await owner.client.send(ClientRequest("GET", ["v1", "jobs"])).decode()
    #expect(all.items.map(\.id) == [possible])
    try await owner.cancel(possible)
  }

  @Test func anAnswerToWhyAJobWaits() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("why")
    try await wishes.withWorker(for: owner, slots: 2) { _ in
      try await wishes.change(owner, TenantPatch(limit: LimitPatch(runningMax: 1)))
      let running = try await owner.submit(wishes.waiting("asked", in: "why"))
      try await wishes.eventuallyLine("asked", in: "why")
      let limited = try await owner.submit(wishes.script("true"))
      var blocked = wishes.script("true")
      blocked.after = [limited]
      let follower = try await owner.submit(blocked)
      var delayed = wishes.script("true")
      delayed.delaySeconds = 3_600
      let later = try await owner.submit(delayed)

      func why(_ job: JobID) async throws -> ExplanationView.Reason {
        try #require(try await owner.explain(job).reasons.first)
      }
      let limit = try await why(limited)
      #expect(limit.code == "tenant_limit" && limit.count == 1 && limit.limit == 1, "\(limit)")
      let dependency = try await why(follower)
      #expect(dependency.code == "blocked" && dependency.jobs == [limited], "\(dependency)")
      let time = try await why(later)
      #expect(time.code == "scheduled" && time.until != nil, "\(time)")
      try await wishes.change(owner, TenantPatch(limit: LimitPatch(isPaused: true)))
      let pause = try await why(limited)
      #expect(pause.code == "tenant_paused" && pause.message.contains("'why'"), "\(pause)")
      try await wishes.change(owner, TenantPatch(limit: LimitPatch(isPaused: false)))
      let run = try await why(running)
      #expect(run.code == "running")
      wishes.open("asked")
      try await owner.expectSucceeded([running, limited, follower])
      let end = try await why(limited)
      #expect(end.code == "finished")
      try await owner.cancel(later)
    }
  }

  /// A hundred jobs of another tenant wait already, and one of them holds the only slot.
  @Test func aLightTenantBesideAnAbuserWhoFloodsTheQueue() async throws {
    let wishes = try OneStack.stack
    let (abuser, light) = (try await wishes.tenant("abuser"), try await wishes.tenant("light"))
    let order = "flood"
    try await wishes.withWorker(slots: 1) { _ in
      let holder = try await abuser.submit(wishes.waiting("flooding", in: order))
      try await wishes.eventuallyLine("flooding", in: order)
      let flood = try await abuser.submit(Array(repeating: wishes.writing("flood", to: order), count: 100))
      let jobs = try await light.submit(Array(repeating: wishes.writing("light", to: order), count: 3))
      wishes.open("flooding")
      try await light.expectSucceeded(jobs)
      try await abuser.expectSucceeded([holder] + flood)
    }
    let lines = wishes.lines(order)
    #expect(lines.count == 104 && lines.lastIndex(of: "light").map { $0 <= 10 } == true, "\(lines.prefix(20))")
  }

  /// A hundred small jobs wait before the big one can start, and there is always one that would fit. The worker keeps its room
  /// for the big one: what runs before it are those that were expected to be over by then.
  @Test func bigJobsAreNotStarvedBySmallOnes() async throws {
    let wishes = try OneStack.stack
    let (small, big) = (try await wishes.tenant("small"), try await wishes.tenant("big"))
    let order = "starving"
    let policy = ["v1", "queue", "policy"]
    try await wishes.patch(policy, QueuePolicyView(keepRoomAfter: 1))
    try await wishes.withWorker(slots: 2) { _ in
      var jobs: [JobID] = []
      for name in ["small-1", "small-2"] { jobs.append(try await small.submit(wishes.waiting(name, in: order))) }
      for line in ["small-1", "small-2"] { try await wishes.eventuallyLine(line, in: order) }
      let large = try await big.submit(wishes.writing("big", to: order, cores: 2))
      jobs += try await small.submit(Array(repeating: wishes.writing("small", to: order), count: 100))
      for name in ["small-1", "small-2"] { wishes.open(name) }
      try await big.expectSucceeded([large])
      try await small.expectSucceeded(jobs)
    }
    try await wishes.patch(policy, QueuePolicyView(keepRoomAfter: 3_600_000))
    let lines = wishes.lines(order)
    #expect(lines.count == 103 && lines.last == "small", "\(lines)")
  }

  /// Of many that are submitted at once under one key one runs; the key is free again when that has ended.
  @Test func uniqueJobsByKey() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("unique")
    var request = wishes.waiting("only", in: "unique")
    request.uniqueKey = "report-of-today"
    let one = request
    let answers = try await withThrowingTaskGroup(of: JobAccepted.self) { group in
      for _ in 0..<8 { group.addTask { try await owner.accepted(one) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let job = answers[0].id
    #expect(Set(answers.map(\.id)) == [job] && answers.count { !$0.isRepeat } == 1)
    request.onDuplicate = .refuse
    let refusal = try await owner.refusal(of: request)
    #expect(refusal?.status == 409 && refusal?.code == "not_unique")
    try await wishes.withWorker(for: owner, slots: 2) { _ in
      try await wishes.eventuallyLine("only", in: "unique")
      #expect(try await owner.refusal(of: request)?.code == "not_unique")
      wishes.open("only")
      try await owner.expectSucceeded([job])
      let next = try await owner.submit(request)
      #expect(next != job)
      try await owner.expectSucceeded([next])
    }
    #expect(wishes.lines("unique") == ["only", "only"])
  }

  /// What becomes of jobs whose predecessor fails, as each of them says.
  @Test func dependenciesWithAFailurePolicy() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("dependent")
    let order = "dependencies"
    func after(_ jobs: [JobID], _ line: String, _ policy: DependencyPolicy? = nil) async throws -> JobID {
      var request = wishes.writing(line, to: order)
      (request.after, request.onDependencyFailure) = (jobs, policy)
      return try await owner.submit(request)
    }
    try await wishes.withWorker(for: owner, slots: 2) { _ in
      let good = try await owner.submit(wishes.waiting("good", in: order))
      let bad = try await owner.submit(
        wishes.script("until [ -e '\(wishes.path("good"))' ]; do sleep 0.02; done; exit 7"))
      let both = try await after([good, bad], "both", .run)
      let failing = try await after([bad], "failing", .fail)
      let skipping = try await after([bad], "skipping", .skip)
      let chained = try await after([failing], "chained")
      let fine = try await after([good], "fine")
      for job in [both, failing, skipping, chained, fine] { #expect(try await owner.job(job).state == .blocked) }
      wishes.open("good")
      try await owner.expectSucceeded([good, both, fine])
      #expect(try await owner.finished(bad).error?.code == "exit_status")
      for job in [failing, chained] {
        let failed = try await owner.finished(job)
        #expect(failed.state == .failed && failed.error?.code == "dependency_failed", "\(failed)")
      }
      let skipped = try await owner.finished(skipping)
      #expect(skipped.state == .cancelled && skipped.error?.code == "dependency_skipped", "\(skipped)")
    }
    let lines = wishes.lines(order)
    #expect(lines.first == "good" && lines.dropFirst().sorted() == ["both", "fine"])
  }
}
