import StrataCore
import StrataQueue
import Testing

@Suite struct LogConformanceTests {
  @Test(arguments: Backend.allCases)
  func progressIsSeenInTheStatusAndTheLogGrows(_ backend: Backend) async throws {
    var limits = QueueLimits()
    limits.liveLogBytesMax = 8
    try await withQueue(backend, limits: limits) { queue in
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      let reports = [
        ProgressReport(lease: lease, fraction: 0.25, stage: "reading", log: Array("hello ".utf8)),
        ProgressReport(lease: lease, fraction: 0.75, log: Array("world".utf8)),
      ]
      #expect(try await queue.progress(reports) == [.accepted, .accepted])
      guard case .leased(let status)? = try await queue.status(of: [lease.job])[0] else {
        Issue.record("the job is not leased")
        return
      }
      #expect(status.fraction == 0.75 && status.stage == "reading" && status.attempt == 1)
      #expect(try await queue.log(of: lease.job, from: 0) == Array("hello wo".utf8))
      #expect(try await queue.log(of: lease.job, from: 6) == Array("wo".utf8))
      _ = try await queue.complete([AttemptResult(lease: lease, report: [])])
      #expect(try await queue.log(of: lease.job, from: 0).count == 8)
    }
  }

  @Test(arguments: Backend.allCases)
  func theLiveLogIsThatOfOneAttempt(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let job = QueuedJob.sample()
      _ = try await queue.enqueue([job])
      #expect(try await queue.liveLog(of: job.id, from: 0) == nil)
      var tokens: [FencingToken] = []
      for text in ["first", "2"] {
        let lease = try #require(try await queue.leaseOne(WorkerID())).reference
        _ = try await queue.progress([ProgressReport(lease: lease, log: Array(text.utf8))])
        #expect(try await queue.liveLog(of: job.id, from: 0) == LiveLog(token: lease.token, bytes: Array(text.utf8)))
        #expect(try await queue.liveLog(of: job.id, from: 9) == LiveLog(token: lease.token, bytes: []))
        _ = try await queue.release([AttemptResult(lease: lease, report: [])])
        tokens.append(lease.token)
      }
      #expect(try await queue.liveLog(of: job.id, from: 0)?.token == tokens[1] && tokens[0] < tokens[1])
    }
  }

  @Test(arguments: Backend.allCases, [Double.nan, .infinity, -.infinity])
  func aFractionThatIsNoNumberIsNotTaken(_ backend: Backend, _ fraction: Double) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.progress([ProgressReport(lease: lease, fraction: 0.5)])
      #expect(try await queue.progress([ProgressReport(lease: lease, fraction: fraction)]) == [.accepted])
      guard case .leased(let status)? = try await queue.status(of: [lease.job])[0] else {
        Issue.record("the job is not leased")
        return
      }
      #expect(status.fraction == 0.5)
    }
  }

  @Test(arguments: Backend.allCases)
  func eventsTellTheStoryOfAJobAndResumeAnywhere(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      let jobs = (0..<150).map { _ in QueuedJob.sample() }
      _ = try await queue.enqueue(jobs)
      let before = OutcomePosition(milliseconds: 0, sequence: 0)
      let grant = try await queue.lease(worker: worker, tiers: [.cpu], count: 150, for: minute)
      _ = try await queue.progress([ProgressReport(lease: grant.leases[0].reference, fraction: 0.5)])
      _ = try await queue.release([AttemptResult(lease: grant.leases[1].reference, report: [])])
      var events: [QueueEvent] = []
      var position = before
      while true {
        let page = try await queue.events(after: position, limit: 7, waitingUpTo: .zero)
        guard let last = page.last else { break }
        #expect(page.count <= 7)
        position = last.position
        events += page
      }
      #expect(events.map(\.position) == events.map(\.position).sorted())
      #expect(events.prefix(150).map(\.job) == jobs.map(\.id))
      #expect(events.prefix(150).allSatisfy { $0.kind == .started(attempt: 1, worker: worker) })
      #expect(events.dropFirst(150).map(\.kind) == [.progress(fraction: 0.5, stage: nil), .requeued(.released)])
    }
  }

  @Test(arguments: Backend.allCases)
  func announcedEndingsAreEvents(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let notices = [JobState.succeeded, .failed, .cancelled].map { FinishedNotice(job: JobID(), state: $0) }
      try await queue.announce(notices)
      try await queue.announce([])
      let start = OutcomePosition(milliseconds: 0, sequence: 0)
      let events = try await queue.events(after: start, limit: 10, waitingUpTo: .zero)
      #expect(events.map(\.job) == notices.map(\.job))
      #expect(events.map(\.kind) == notices.map { .finished($0.state) })
    }
    try await withQueue(backend, isInstalled: false) { queue in
      await #expect(throws: QueueError.lost) {
        try await queue.announce([FinishedNotice(job: JobID(), state: .failed)])
      }
    }
  }

  @Test(arguments: Backend.allCases)
  func waitingReadersAreWokenByOutcomesAndEvents(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let start = OutcomePosition(milliseconds: 1, sequence: 0)
      async let outcomes = queue.outcomes(after: nil, limit: 10, waitingUpTo: minute)
      async let events = queue.events(after: start, limit: 10, waitingUpTo: minute)
      let job = QueuedJob.sample()
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      #expect(try await events.map(\.job) == [job.id])
      _ = try await queue.complete([AttemptResult(lease: lease, report: [])])
      #expect(try await outcomes.map(\.job) == [job.id])
    }
  }

  @Test(arguments: Backend.allCases)
  func whatIsOverALimitIsRefusedAndChangesNothing(_ backend: Backend) async throws {
    var limits = QueueLimits()
    (limits.payloadBytesMax, limits.reportBytesMax) = (10, 10)
    try await withQueue(backend, limits: limits) { queue in
      let long = [UInt8](repeating: 1, count: 11)
      let fine = QueuedJob.sample()
      await #expect(throws: QueueError.self) { _ = try await queue.enqueue([fine, .sample(payload: long)]) }
      #expect(try await queue.census().tiers == [:])
      _ = try await queue.enqueue([fine])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      await #expect(throws: QueueError.self) { _ = try await queue.complete([.init(lease: lease, report: long)]) }
      #expect(try await queue.complete([AttemptResult(lease: lease, report: [])]) == [.accepted])
    }
  }
}
