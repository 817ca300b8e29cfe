import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct ClusterScheduleTests {
  /// In seconds: submitted, runs, says it runs, processors.
  private static func job(_ submit: Int64, _ run: Int64, _ requested: Int64, _ processors: Int) -> RigidJob {
    RigidJob(
      submitMilliseconds: submit * 1_000, runMilliseconds: run * 1_000, requestedMilliseconds: requested * 1_000,
      processors: processors)
  }

  private static func starts(_ jobs: [RigidJob], _ processors: Int, _ discipline: ClusterDiscipline) throws -> [Int64] {
    try ClusterSchedule.simulate(jobs, processors: processors, discipline: discipline).startMilliseconds.map {
      $0 / 1_000
    }
  }

  /// Four processors; the second job needs all of them, and the third fits beside the first and ends before it.
  @Test func aJobThatEndsInTimeIsBackfilled() throws {
    let jobs = [Self.job(0, 10, 10, 3), Self.job(1, 5, 5, 4), Self.job(2, 8, 8, 1)]
    #expect(try Self.starts(jobs, 4, .firstComeFirstServed) == [0, 10, 15])
    #expect(try Self.starts(jobs, 4, .easyBackfilling) == [0, 10, 2])
  }

  @Test func aJobThatWouldDelayTheFirstInLineWaits() throws {
    let jobs = [Self.job(0, 10, 10, 3), Self.job(1, 5, 5, 4), Self.job(2, 9, 9, 1)]
    #expect(try Self.starts(jobs, 4, .easyBackfilling) == [0, 10, 15])
  }

  @Test func whatTheFirstInLineLeavesOverIsBackfilledForAnyLength() throws {
    // The head needs three of five from 10 on: one of the two left over may be held past that, and then no more.
    let jobs = [Self.job(0, 10, 10, 3), Self.job(1, 5, 5, 4), Self.job(2, 99, 99, 1), Self.job(3, 99, 99, 1)]
    #expect(try Self.starts(jobs, 5, .easyBackfilling) == [0, 10, 2, 15])
  }

  @Test func onlyWhatOwnersSayIsKnown() throws {
    // The first job ends at 4 though it asked for 100, and the third asked for too long to be sure.
    let jobs = [Self.job(0, 4, 100, 3), Self.job(1, 5, 5, 4), Self.job(2, 1, 101, 1), Self.job(2, 1, 50, 1)]
    #expect(try Self.starts(jobs, 4, .easyBackfilling) == [0, 4, 9, 2])
  }

  @Test func theReservationIsMadeAnewWhenAJobEndsEarly() throws {
    // At 2 the third job is backfilled until 8; the first ends at 3, and the head then waits for the backfilled one.
    let jobs = [Self.job(0, 3, 10, 3), Self.job(1, 5, 5, 4), Self.job(2, 6, 6, 1)]
    #expect(try Self.starts(jobs, 4, .easyBackfilling) == [0, 8, 2])
  }

  @Test func whatHappensAtOneInstantIsSeenAtOnce() throws {
    let jobs = [Self.job(0, 0, 0, 2), Self.job(0, 5, 5, 2), Self.job(5, 1, 1, 2), Self.job(5, 1, 1, 1)]
    #expect(try Self.starts(jobs, 2, .easyBackfilling) == [0, 0, 5, 6])
    #expect(throws: ClusterScheduleError.tooLarge(0, 3)) {
      try Self.starts([Self.job(0, 1, 1, 3)], 2, .easyBackfilling)
    }
    #expect(throws: ClusterScheduleError.notInOrder(1)) {
      try Self.starts([Self.job(2, 1, 1, 1), Self.job(1, 1, 1, 1)], 2, .easyBackfilling)
    }
    #expect(try Self.starts([], 2, .easyBackfilling).isEmpty)
  }

  @Test func itAgreesWithAClusterThatIsSteppedSecondBySecond() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<150 {
      let processors = Int.random(in: 1...6, using: &random)
      var submit: Int64 = 0
      let jobs = (0..<15).map { _ in
        submit += .random(in: 0...4, using: &random)
        let run = Int64.random(in: 1...9, using: &random)
        return Self.job(
          submit, run, run + .random(in: 0...6, using: &random), .random(in: 1...processors, using: &random))
      }
      for discipline in ClusterDiscipline.allCases {
        let found = try Self.starts(jobs, processors, discipline)
        let expected = SteppedCluster.starts(of: jobs, processors, isBackfilling: discipline == .easyBackfilling)
        #expect(found == expected, "\(discipline), STRATA_SEED=\(testSeed)")
      }
    }
  }

  @Test func metricsAreThoseOfTheLiterature() throws {
    let schedule = ClusterSchedule(
      jobs: [Self.job(0, 10, 10, 2), Self.job(0, 5, 5, 4), Self.job(10, 20, 20, 1)], processors: 4,
      startMilliseconds: [0, 10_000, 15_000])
    let metrics = try #require(ClusterMetrics(of: schedule))
    #expect(metrics.utilisation == 60.0 / (35 * 4))
    #expect(metrics.waitSecondsMean == 5 && metrics.waitSecondsP95 == 10 && metrics.waitSecondsP50 == 5)
    // 1, then 15 over the threshold of 10, then 25 over 20.
    #expect(abs(metrics.boundedSlowdownMean - (1 + 1.5 + 1.25) / 3) < 1e-12)
    #expect(ClusterMetrics(of: ClusterSchedule(jobs: [], processors: 1, startMilliseconds: [])) == nil)
    let hundred = ClusterSchedule(
      jobs: (0..<100).map { _ in Self.job(0, 1, 1, 1) }, processors: 100,
      startMilliseconds: (1...100).map { $0 * 1_000 })
    let many = try #require(ClusterMetrics(of: hundred))
    #expect(many.waitSecondsP95 == 95 && many.waitSecondsP50 == 50)
  }

  /// What a job holds its processors for beyond its run is a slowdown and a later end, and no use of them.
  @Test func jobsThatWereSeenToEndLaterCountAsTheyEnded() throws {
    let seen = ClusterSchedule(
      jobs: [Self.job(0, 10, 10, 2), Self.job(0, 20, 20, 2)], processors: 4, startMilliseconds: [0, 0],
      endMilliseconds: [15_000, 25_000])
    let metrics = try #require(ClusterMetrics(of: seen))
    #expect(metrics.utilisation == 60.0 / (25 * 4) && metrics.waitSecondsMean == 0)
    #expect(metrics.boundedSlowdownMean == (1.5 + 1.25) / 2)
  }

  /// The figures are those of a separate simulator, written in Python, on the same trace.
  @Test(.disabled(if: SharedTraces.isAbsent)) func backfillingTheTraceOfKTHGivesTheKnownFigures() throws {
    let trace = try StandardWorkloadFormat.read(try #require(SharedTraces.kthSP2))
    let processors = try #require(trace.header.processorsMax)
    let jobs = trace.jobs.compactMap(RigidJob.init)
    // Of one job nobody knows on how many processors it ran.
    #expect(jobs.count == trace.jobs.count - 1)
    func metrics(_ discipline: ClusterDiscipline, _ jobs: [RigidJob]) throws -> ClusterMetrics {
      let schedule = try ClusterSchedule.simulate(jobs, processors: processors, discipline: discipline)
      let metrics = try #require(ClusterMetrics(of: schedule))
      print("KTH-SP2, \(discipline.rawValue): \(metrics)")
      return metrics
    }
    let easy = try metrics(.easyBackfilling, jobs)
    #expect(abs(easy.boundedSlowdownMean - 90.941535) < 1e-5 && abs(easy.waitSecondsMean - 6_805.173) < 1e-2)
    #expect(easy.waitSecondsP95 == 37_511 && abs(easy.utilisation - 0.69924) < 1e-5)
    // Owners who knew how long their jobs run would all wait less.
    let exact = jobs.map {
      RigidJob(
        submitMilliseconds: $0.submitMilliseconds, runMilliseconds: $0.runMilliseconds,
        requestedMilliseconds: $0.runMilliseconds, processors: $0.processors)
    }
    #expect(abs(try metrics(.easyBackfilling, exact).boundedSlowdownMean - 72.575447) < 1e-5)
    let plain = try metrics(.firstComeFirstServed, jobs)
    #expect(abs(plain.boundedSlowdownMean - 7_518.739) < 1e-2 && plain.waitSecondsP95 == 862_530)
  }
}

/// Looks at every second in turn, and at every second to come for the reservation.
private struct SteppedCluster {
  private let jobs: [RigidJob]
  private let processors: Int
  private let isBackfilling: Bool
  private var starts: [Int: Int64] = [:]

  init(_ jobs: [RigidJob], _ processors: Int, isBackfilling: Bool) {
    self.jobs = jobs
    self.processors = processors
    self.isBackfilling = isBackfilling
  }

  static func starts(of jobs: [RigidJob], _ processors: Int, isBackfilling: Bool) -> [Int64] {
    var cluster = SteppedCluster(jobs, processors, isBackfilling: isBackfilling)
    var now: Int64 = 0
    while cluster.starts.count < jobs.count {
      cluster.decide(at: now)
      now += 1
    }
    return jobs.indices.map { cluster.starts[$0] ?? -1 }
  }

  private func free(at now: Int64) -> Int {
    starts.reduce(processors) { free, started in
      free - (started.value + jobs[started.key].runMilliseconds / 1_000 > now ? jobs[started.key].processors : 0)
    }
  }

  /// As it looks now: what runs still is expected to run as long as was asked for.
  private func expectedFree(at time: Int64, now: Int64) -> Int {
    starts.reduce(processors) { free, started in
      let (job, start) = (jobs[started.key], started.value)
      let isRunning = start + job.runMilliseconds / 1_000 > now
      return free - (isRunning && start + job.requestedMilliseconds / 1_000 > time ? job.processors : 0)
    }
  }

  private mutating func decide(at now: Int64) {
    var line = jobs.indices.filter { starts[$0] == nil && jobs[$0].submitMilliseconds / 1_000 <= now }
    while let head = line.first, jobs[head].processors <= free(at: now) {
      starts[head] = now
      line.removeFirst()
    }
    guard isBackfilling, let head = line.first else { return }
    let reserved = (now...).first { expectedFree(at: $0, now: now) >= jobs[head].processors } ?? now
    for job in line.dropFirst() where jobs[job].processors <= free(at: now) {
      starts[job] = now
      // The head must not be delayed by it.
      if expectedFree(at: reserved, now: now) < jobs[head].processors { starts[job] = nil }
    }
  }
}
