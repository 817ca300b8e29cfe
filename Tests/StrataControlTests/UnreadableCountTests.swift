import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Testing

/// How often a job was put back for unreadable entries: which jobs that counts for, and when.
@Suite struct UnreadableCountTests {
  private func entry(_ place: UnreadableEntry.Place, _ name: String = "1-1") -> UnreadableEntry {
    UnreadableEntry(
      position: OutcomePosition(milliseconds: 1, sequence: 1), place: place, name: name, reason: "it is cut")
  }

  private func counts(of jobs: [JobID], in fixture: ControlFixture) async throws -> [Int] {
    let counts = try await fixture.ledger.unreadableRestores(of: jobs)
    return jobs.map { counts[$0] ?? 0 }
  }

  @Test(arguments: [UnreadableEntry.Place.jobs, .outcomes]) func aJobThatIsUnreadableAgainAndAgainFails(
    place: UnreadableEntry.Place
  ) async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    let settler = fixture.settler()
    let cause = [entry(place, place == .jobs ? "\(job)" : "7-0")]
    for _ in 0..<Reconciler.unreadableRestoresMax {
      try await fixture.queue.forget([job])
      #expect(try await fixture.reconciler(settler).reconcile(.unreadable, unreadable: cause).restored == 1)
    }
    try await fixture.queue.forget([job])
    #expect(try await fixture.reconciler(settler).reconcile(.unreadable, unreadable: cause).restored == 0)
    let snapshot = try await fixture.control.job(job, tenant: fixture.tenant)
    #expect(snapshot.state == .failed && snapshot.record.error?.code == "queue_unreadable")
    #expect(try await fixture.ledger.balance(of: fixture.tenant).posted == .zero)
    #expect(try await fixture.ledger.verify().isSound)
  }

  /// One bad entry, and a server that is full for a while.
  @Test func restoringThatFailsIsNoStrike() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.queue.forget([job])
    let reconciler = fixture.reconciler(fixture.settler())
    for _ in 0..<2 * Reconciler.unreadableRestoresMax { fixture.queue.fail(.restore, with: .outOfMemory) }
    await #expect(throws: QueueError.self) {
      try await reconciler.reconcile(.unreadable, unreadable: [entry(.jobs, "\(job)")])
    }
    for _ in 1..<2 * Reconciler.unreadableRestoresMax {
      await #expect(throws: QueueError.self) { try await reconciler.reconcile(.unreadable) }
    }
    #expect(try await counts(of: [job], in: fixture) == [0])
    #expect(try await reconciler.reconcile(.unreadable).restored == 1)
    // Kept through the failures, counted once, and then forgotten.
    #expect(try await counts(of: [job], in: fixture) == [1])
    try await fixture.queue.forget([job])
    #expect(try await reconciler.reconcile(.unreadable).restored == 1)
    #expect(try await counts(of: [job], in: fixture) == [1])
  }

  @Test func onlyTheNamedJobIsBlamed() async throws {
    let fixture = try await ControlFixture()
    let jobs = [try await fixture.submit(), try await fixture.submit()]
    try await fixture.queue.forget(jobs)
    let reconciler = fixture.reconciler(fixture.settler())
    #expect(try await reconciler.reconcile(.unreadable, unreadable: [entry(.jobs, "\(jobs[1])")]).restored == 2)
    #expect(try await counts(of: jobs, in: fixture) == [0, 1])
  }

  @Test func aTallyBlamesNobodyByChance() {
    let jobs = (0..<3).map { _ in JobID() }
    #expect(UnreadableTally([entry(.events), entry(.jobs, "?")]).culprits(among: jobs).isEmpty)
    #expect(UnreadableTally([entry(.outcomes), entry(.outcomes)]).culprits(among: jobs).isEmpty)
    var tally = UnreadableTally([entry(.outcomes)])
    tally.add(UnreadableTally([entry(.jobs, "\(jobs[0])"), entry(.outcomes)]))
    #expect(tally.culprits(among: jobs) == Set(jobs))
    tally.spend(on: [jobs[0], jobs[1]])
    #expect(tally.culprits(among: jobs).isEmpty && tally.culprits(among: [jobs[2]]) == [jobs[2]])
    tally.spend(on: [jobs[2]])
    #expect(tally == UnreadableTally())
  }

  /// While a comparison is under way, two reasons are given for the next: neither stands in for the other.
  @Test func aRequestDoesNotHideAnother() async throws {
    let fixture = try await ControlFixture()
    let (lost, bad) = (try await fixture.submit(), try await fixture.submit())
    fixture.queue.holdRestores()
    try await fixture.queue.forget([lost])
    let reconciler = fixture.reconciler(fixture.settler())
    let running = Task { await reconciler.run() }
    await fixture.queue.wait(for: .restore)
    try await fixture.queue.forget([bad])
    reconciler.request(.enqueueFailed)
    reconciler.request(.unreadable, unreadable: [entry(.jobs, "\(bad)")])
    fixture.queue.releaseRestores()
    try await eventually("both were heard") {
      let text = fixture.metrics.render()
      return ["enqueueFailed", "unreadable"].allSatisfy {
        text.contains(#"strata_reconciliations_total{reason="\#($0)"} 1"#)
      }
    }
    #expect(try await counts(of: [lost, bad], in: fixture) == [0, 1])
    running.cancel()
    await running.value
  }
}

/// A queue whose unreadable entries cannot be read themselves keeps nobody from comparing jobs.
@Suite struct UnreadableWatchTests {
  private func watch(_ fixture: ControlFixture, _ reconciler: Reconciler) -> UnreadableWatch {
    UnreadableWatch(
      queue: fixture.queue, reconciler: reconciler, metrics: ControlMetrics(fixture.metrics),
      backoff: Backoff(first: .microseconds(1), longest: .microseconds(1)))
  }

  @Test func itsStartIsGivenUp() async throws {
    let fixture = try await ControlFixture()
    for _ in 0..<UnreadableWatch.startTriesMax { fixture.queue.fail(.unreadable, with: .server("WRONGTYPE")) }
    let watch = watch(fixture, fixture.reconciler(fixture.settler()))
    #expect(await watch.start() == .unknown)
    #expect(fixture.queue.count(of: .unreadable) == UnreadableWatch.startTriesMax)
    #expect(await watch.start() == .after(nil))
  }

  @Test func whatItMissedAtItsStartIsMadeUpFor() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    let reconciler = fixture.reconciler(fixture.settler())
    let reconciling = Task { await reconciler.run() }
    try await eventually("the first comparison is over") {
      fixture.metrics.render().contains(#"strata_reconciliations_total{reason="start"} 1"#)
    }
    // An entry that nobody could read, and the job that went with it.
    await fixture.queue.memory.setAside(.jobs, "\(job)", because: "it is cut")
    try await fixture.queue.forget([job])
    for _ in 0..<3 { fixture.queue.fail(.unreadable, with: .server("WRONGTYPE")) }
    let watching = Task { [watch = watch(fixture, reconciler)] in await watch.run(after: .unknown) }
    try await eventually("the job is back") { try await fixture.queue.status(of: [job])[0] != nil }
    for task in [watching, reconciling] {
      task.cancel()
      await task.value
    }
  }

  @Test func jobsAreComparedWithoutIt() async throws {
    let fixture = try await ControlFixture(isComplete: false)
    for _ in 0..<10_000 { fixture.queue.fail(.unreadable, with: .server("WRONGTYPE")) }
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    try await eventually("the queue is complete") { try await fixture.queue.memory.generation() != nil }
    running.cancel()
    await running.value
  }
}
