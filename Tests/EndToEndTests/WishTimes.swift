import Foundation
import StrataAPI
import StrataClient
import StrataCore
import Testing

/// The wishes about when jobs run.
extension WishTests {
  /// Five may start in an hour, of eight. Another tenant's job that is submitted afterwards runs: so the worker has looked,
  /// and left the other three alone.
  @Test func aRateLimitPerTenantThatIsExact() async throws {
    let wishes = try OneStack.stack
    let (limited, other) = (try await wishes.tenant("limited"), try await wishes.tenant("unlimited"))
    try await wishes.change(limited, TenantPatch(limit: LimitPatch(rate: RateView(count: 5, seconds: 3_600))))
    try await wishes.withWorker(slots: 3) { _ in
      let jobs = try await limited.submit(Array(repeating: wishes.writing("started", to: "rate"), count: 8))
      try await limited.expectSucceeded(Array(jobs.prefix(5)))
      try await other.expectSucceeded([try await other.submit(wishes.script("true"))])
      #expect(wishes.lines("rate").count == 5)
      for job in jobs.dropFirst(5) {
        #expect(try await limited.job(job).state == .queued)
        let reasons = try await limited.explain(job).reasons
        #expect(reasons.contains { $0.code == "rate_limit" && $0.limit == 5 }, "\(reasons)")
      }
      try await wishes.change(limited, TenantPatch(limit: LimitPatch(rate: .some(nil))))
      try await limited.expectSucceeded(jobs)
      #expect(wishes.lines("rate").count == 8)
    }
  }

  /// The job is not begun before its time, though a worker is free; and half past two in Madrid is another hour of UTC in
  /// summer and in winter, and happens once in the night in which clocks are put forward over it.
  @Test func delayedJobsAndCronInTimeZones() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("times")
    var delayed = wishes.script("true")
    delayed.delaySeconds = 1
    try await wishes.withWorker(for: owner, slots: 1) { _ in
      let job = try await owner.submit(delayed)
      let waiting = try await owner.job(job)
      let due = try #require(waiting.runAt.flatMap { Timestamp(text: $0) })
      try await owner.expectSucceeded([job])
      let begun = try #require(try await owner.job(job).startedAt.flatMap { Timestamp(text: $0) })
      #expect(begun >= due)

      var nightly = ScheduleRequest(
        name: "nightly", cron: "30 2 * * *", timeZone: "Europe/Madrid", job: wishes.writing("ran", to: "nights"))
      nightly.startsAt = "2027-03-27T00:00:00Z"
      let check: ScheduleView = try await owner.client.send(
        ClientRequest("POST", ["v1", "schedules"], body: try .json(nightly))
      ).decode()
      #expect(
        check.times.prefix(3).map(\.local) == [
          "2027-03-27T02:30:00+01:00", "2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00",
        ], "\(check.times)")
      #expect(check.times[0].instant.hasPrefix("2027-03-27T01:30:00"))
      #expect(check.times[2].instant.hasPrefix("2027-03-29T00:30:00"))
    }
  }

  /// A run of it comes due: it is that of half past two in Madrid.
  @Test func aScheduleRunsAtItsTimeInItsTimeZone() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("nights")
    let nightly = ScheduleRequest(
      name: "madrid", cron: "30 2 * * *", timeZone: "Europe/Madrid", job: wishes.writing("ran", to: "madrid"))
    _ = try await owner.client.send(ClientRequest("POST", ["v1", "schedules"], body: try .json(nightly)))
    try await wishes.withWorker(for: owner, slots: 1) { _ in
      try await wishes.stack.missARun()
      try await wishes.eventuallyLine("ran", in: "madrid")
    }
    let all: Page<JobView> = try await owner.client.send(ClientRequest("GET", ["v1", "jobs"])).decode()
    let instant = try #require(all.items.first?.schedule?.instant)
    #expect(all.items.count == 1)
    #expect(instant.contains("T00:30:00") || instant.contains("T01:30:00"), "\(instant)")
  }
}
