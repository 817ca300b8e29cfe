import StrataCore
import StrataQueue
import Testing

@Suite struct CancelConformanceTests {
  @Test(arguments: Backend.allCases)
  func aWaitingJobIsRemovedAndItsOutcomeLogged(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let job = QueuedJob.sample()
      _ = try await queue.enqueue([job])
      #expect(try await queue.cancel([job.id, job.id, JobID()]) == [.removed, .unknown, .unknown])
      let outcome = try #require(try await queue.allOutcomes().first)
      #expect(outcome.ending == .cancelled && outcome.isFinal && outcome.attempt == 0 && outcome.worker == nil)
      #expect(try await queue.census().tiers == [:])
    }
  }

  @Test(arguments: Backend.allCases)
  func aRunningJobsWorkerIsTold(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(worker))
      #expect(try await queue.cancel([lease.job.id]) == [.signalled])
      #expect(try await queue.cancel([lease.job.id]) == [.signalled])
      #expect(try await queue.signals(for: worker, waitingUpTo: minute) == [.cancel(lease.job.id)])
      let reply = try await queue.heartbeat(worker: worker, held: [lease.reference], for: minute)
      #expect(reply.cancelRequested == [lease.job.id])
      #expect(reply.lost == [])
    }
  }

  enum End: CaseIterable { case fail, release, expire, cancelled }

  @Test(arguments: Backend.allCases, End.allCases)
  func aCancelledJobNeverBecomesReadyAgain(_ backend: Backend, _ end: End) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.cancel([lease.job])
      switch end {
      case .fail: _ = try await queue.fail([.init(lease: lease, ending: .failed, isRetryable: true, report: [])])
      case .cancelled:
        _ = try await queue.fail([.init(lease: lease, ending: .cancelled, isRetryable: true, report: [])])
      case .release: _ = try await queue.release([AttemptResult(lease: lease, report: [])])
      case .expire:
        clock.advance(minute)
        #expect(try await queue.expire(limit: 10) == 1)
      }
      let outcome = try #require(try await queue.allOutcomes().first)
      #expect(outcome.ending == .cancelled && outcome.isFinal && outcome.attempt == 1)
      #expect(try await queue.status(of: [lease.job]) == [nil])
    }
  }

  @Test(arguments: Backend.allCases)
  func aSuccessThatCrossesACancelStands(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.cancel([lease.job])
      #expect(try await queue.complete([AttemptResult(lease: lease, report: [])]) == [.accepted])
      #expect(try await queue.allOutcomes().map(\.ending) == [.succeeded])
    }
  }
}
