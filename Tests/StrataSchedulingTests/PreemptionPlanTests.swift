import StrataCore
import StrataScheduling
import TestSupport
import Testing

private typealias Plan = PreemptionPlan

/// What may end for whom.
@Suite struct PreemptionPlanTests {
  private static let now = Timestamp(microseconds: 1_790_000_000_000_000)
  private static let patient = Plan.Policy(after: .seconds(30), victimsMax: 100)
  private static let first = WorkerID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
  private static let second = WorkerID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0002)

  private func cores(_ count: Int64) -> ResourceRequest {
    ResourceRequest(cpuMillicores: count * 1_000, memoryBytes: count << 30)
  }

  private func id(_ number: UInt64) -> JobID { JobID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 + number) }

  private func waiting(_ number: UInt64 = 900, class rank: Int = 8, cores count: Int64 = 1, seconds: Int64 = 60)
    -> Plan.Waiting
  {
    Plan.Waiting(
      job: id(number), tier: .cpu, priorityClass: PriorityClass(rawValue: rank)!, resources: cores(count),
      since: Self.now + .seconds(-seconds))
  }

  private func running(
    _ number: UInt64, class rank: Int = 4, cores count: Int64 = 1, seconds: Int64 = 100, isPreemptible: Bool = true,
    isEnding: Bool = false, tier: TierName = .cpu
  ) -> Plan.Running {
    Plan.Running(
      job: id(number), tiers: [tier], priorityClass: PriorityClass(rawValue: rank)!, resources: cores(count),
      isPreemptible: isPreemptible, isEnding: isEnding, startedAt: Self.now + .seconds(-seconds))
  }

  private func worker(
    _ id: WorkerID = first, cores count: Int64, slots: Int = 0, keepsFor: Int? = nil, _ jobs: [Plan.Running]
  ) -> Plan.Worker {
    Plan.Worker(
      id: id, tiers: [.cpu], wholeRoom: cores(count), slotsLeft: slots,
      keepsFor: keepsFor.flatMap(PriorityClass.init(rawValue:)), running: jobs)
  }

  private func victims(
    for jobs: [Plan.Waiting], on workers: [Plan.Worker], victimsMax: Int = 100
  ) -> [[JobID]] {
    let policy = Plan.Policy(after: .seconds(30), victimsMax: victimsMax)
    return Plan(for: jobs, on: workers, under: policy, at: Self.now).choices.map { $0.victims.map(\.job) }
  }

  @Test func theLatestStartedOfTheLowestClassEnds() {
    let jobs = [running(1, class: 4), running(2, class: 2, seconds: 500), running(3, class: 2, seconds: 20)]
    #expect(victims(for: [waiting()], on: [worker(cores: 3, jobs)]) == [[id(3)]])
  }

  @Test func nothingEndsThatMayNotOrIsNotLower() {
    let jobs = [running(1, isPreemptible: false), running(2, class: 8), running(3, class: 9)]
    #expect(victims(for: [waiting()], on: [worker(cores: 3, jobs)]) == [])
  }

  @Test func nothingEndsBeforeAJobHasWaitedForLong() {
    #expect(victims(for: [waiting(seconds: 29)], on: [worker(cores: 1, [running(1)])]) == [])
    #expect(victims(for: [waiting(seconds: 30)], on: [worker(cores: 1, [running(1)])]) == [[id(1)]])
  }

  @Test func nothingEndsWhereThereIsRoom() {
    let full = worker(cores: 1, [running(1)])
    #expect(victims(for: [waiting()], on: [full, worker(Self.second, cores: 1, slots: 1, [])]) == [])
    // Room without a slot is none; nor is room that is kept for another.
    #expect(victims(for: [waiting()], on: [full, worker(Self.second, cores: 1, slots: 0, [])]) == [[id(1)]])
    let keeping = worker(Self.second, cores: 1, slots: 1, keepsFor: 9, [])
    #expect(victims(for: [waiting()], on: [full, keeping]) == [[id(1)]])
  }

  /// Else each look would end more for the same job while the first victims save what they have.
  @Test func whatIsBeingEndedCountsAsRoomThatIsComing() {
    let ending = worker(cores: 2, [running(1, isEnding: true), running(2)])
    #expect(victims(for: [waiting()], on: [ending]) == [])
    #expect(victims(for: [waiting(), waiting(901)], on: [ending]) == [[id(2)]])
  }

  @Test func oneAloneEndsWhereItIsEnough() {
    let jobs = [running(1, seconds: 1), running(2, seconds: 2), running(3, cores: 2, seconds: 900)]
    #expect(victims(for: [waiting(cores: 2)], on: [worker(cores: 4, jobs)]) == [[id(3)]])
  }

  @Test func noneEndsThatCouldBeSpared() {
    let jobs = [running(1, seconds: 1), running(2, cores: 2, seconds: 2), running(3, cores: 2, seconds: 3)]
    #expect(victims(for: [waiting(cores: 4)], on: [worker(cores: 5, jobs)]) == [[id(2), id(3)]])
  }

  @Test func lowerClassesEndRatherThanFewerJobs() {
    let jobs = [running(1, class: 5, cores: 2), running(2, class: 1), running(3, class: 1)]
    #expect(victims(for: [waiting(cores: 2)], on: [worker(cores: 4, jobs)]) == [[id(3), id(2)]])
  }

  @Test func theWorkerThatLosesLeastIsChosen() {
    let (old, new) = (
      worker(cores: 1, [running(1, seconds: 900)]), worker(Self.second, cores: 1, [running(2, seconds: 5)])
    )
    #expect(victims(for: [waiting()], on: [old, new]) == [[id(2)]])
    let lower = worker(cores: 1, [running(3, class: 0, seconds: 9_000)])
    #expect(victims(for: [waiting()], on: [new, lower]) == [[id(3)]])
  }

  @Test func noMoreEndThanOnePlanMay() {
    let full = worker(cores: 3, [running(1), running(2), running(3)])
    #expect(victims(for: [waiting(), waiting(901), waiting(902)], on: [full], victimsMax: 2).joined().count == 2)
    #expect(victims(for: [waiting(cores: 3)], on: [full], victimsMax: 2) == [])
  }

  @Test func whoWaitsInAHigherClassGetsTheRoomFirst() {
    let plan = Plan(
      for: [waiting(1, class: 5, seconds: 900), waiting(2, class: 9)], on: [worker(cores: 1, [running(3)])],
      under: Self.patient, at: Self.now)
    #expect(plan.choices.map(\.waiting.job) == [id(2)])
  }

  @Test func workersOfOtherTiersAreLeftAlone() {
    let other = Plan.Worker(
      id: Self.first, tiers: [.gpu], wholeRoom: cores(1), slotsLeft: 0, running: [running(1)])
    #expect(victims(for: [waiting()], on: [other]) == [])
  }

  /// The victim would get its room again.
  @Test func nothingEndsOfATierThatGoesFirstOnTheWorker() {
    func victims(_ tiers: [TierName]) -> [[JobID]] {
      self.victims(
        for: [waiting()],
        on: [
          Plan.Worker(
            id: Self.first, tiers: tiers, wholeRoom: cores(1), slotsLeft: 0, running: [running(1, tier: .gpu)])
        ])
    }
    #expect(victims([.gpu, .cpu]) == [])
    #expect(victims([.cpu, .gpu]) == [[id(1)]])
  }

  /// What one that waits in the tier that goes first would get of what the first victim gives back is not kept.
  @Test func severalEndOnlyWhereTheWorkerLooksIntoTheTierFirst() {
    func victims(_ tiers: [TierName]) -> [[JobID]] {
      let worker = Plan.Worker(
        id: Self.first, tiers: tiers, wholeRoom: cores(2), slotsLeft: 0, running: [running(1), running(2)])
      return self.victims(for: [waiting(cores: 2)], on: [worker])
    }
    #expect(victims([.gpu, .cpu]) == [])
    #expect(Set(victims([.cpu, .gpu]).joined()) == [id(1), id(2)])
  }

  @Test func noMoreEndForOneThanMay() {
    let full = worker(cores: 4, [running(1, class: 2), running(2, class: 2), running(3, class: 5, cores: 2)])
    let policy = Plan.Policy(after: .seconds(30), victimsMax: 100, victimsOfOneMax: 1)
    func victims(_ cores: Int64) -> [[JobID]] {
      Plan(for: [waiting(cores: cores)], on: [full], under: policy, at: Self.now).choices.map { $0.victims.map(\.job) }
    }
    #expect(victims(2) == [[id(3)]])
    #expect(victims(3) == [])
  }

  // MARK: Whatever is given

  private func anything(_ random: inout SeededGenerator) -> ([Plan.Waiting], [Plan.Worker]) {
    var number: UInt64 = 0
    func next() -> UInt64 {
      number += 1
      return number
    }
    let workers = (0..<Int.random(in: 0...4, using: &random)).map { place in
      let jobs = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        running(
          next(), class: .random(in: 0...9, using: &random), cores: .random(in: 1...4, using: &random),
          seconds: .random(in: 0...999, using: &random), isPreemptible: .random(using: &random),
          isEnding: Int.random(in: 0..<5, using: &random) == 0)
      }
      let used = jobs.reduce(Int64(0)) { $0 + $1.resources.cpuMillicores / 1_000 }
      return worker(
        WorkerID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 + UInt64(place)),
        cores: used + .random(in: 0...2, using: &random), slots: .random(in: 0...1, using: &random),
        keepsFor: [nil, nil, 4].randomElement(using: &random)!, jobs)
    }
    let jobs = (0..<Int.random(in: 0...4, using: &random)).map { _ in
      waiting(
        next(), class: .random(in: 0...9, using: &random), cores: .random(in: 1...8, using: &random),
        seconds: .random(in: 0...99, using: &random))
    }
    return (jobs, workers)
  }

  /// Whether jobs have room on a worker, all at once, with what is free, or coming, or made.
  private func fit(_ jobs: [Plan.Waiting], on worker: Plan.Worker, without victims: [Plan.Running]) -> Bool {
    let gone = Set(victims.map(\.job))
    let staying = worker.running.filter { !$0.isEnding && !gone.contains($0.job) }
    let used = (staying.map(\.resources) + jobs.map(\.resources)).reduce(Int64(0)) { $0 + $1.cpuMillicores }
    return used <= worker.wholeRoom.cpuMillicores
      && worker.slotsLeft + worker.running.count - staying.count >= jobs.count
      && jobs.allSatisfy { job in worker.keepsFor.map { job.priorityClass >= $0 } ?? true }
  }

  @Test func whateverIsGivenOnlyLowerPreemptibleJobsEndAndNoneThatCouldBeSpared() {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    var found = 0
    for _ in 0..<20_000 {
      let (jobs, workers) = anything(&random)
      let choices = Plan(for: jobs, on: workers, under: Self.patient, at: Self.now).choices
      found += choices.count
      let ended = choices.flatMap(\.victims)
      #expect(Set(ended.map(\.job)).count == ended.count, "a job ends twice; replay with STRATA_SEED=\(seed)")
      for choice in choices {
        let worker = workers.first { $0.id == choice.worker }!
        let rights = choice.victims.allSatisfy {
          worker.running.contains($0) && $0.isPreemptible && !$0.isEnding
            && $0.priorityClass < choice.waiting.priorityClass
        }
        #expect(rights && !choice.victims.isEmpty, "replay with STRATA_SEED=\(seed)")
        #expect(Self.now - choice.waiting.since >= Self.patient.after, "replay with STRATA_SEED=\(seed)")
        let here = choices.filter { $0.worker == worker.id }
        let isEnough = fit(here.map(\.waiting), on: worker, without: here.flatMap(\.victims))
        #expect(isEnough, "replay with STRATA_SEED=\(seed)")
        // With one job that waits nothing else has a claim, and each victim can be looked at by itself.
        guard jobs.count == 1 else { continue }
        #expect(!workers.contains { fit([choice.waiting], on: $0, without: []) }, "replay with STRATA_SEED=\(seed)")
        for place in choice.victims.indices {
          var fewer = choice.victims
          fewer.remove(at: place)
          #expect(!fit([choice.waiting], on: worker, without: fewer), "replay with STRATA_SEED=\(seed)")
        }
      }
    }
    #expect(found > 1_000)
  }
}
