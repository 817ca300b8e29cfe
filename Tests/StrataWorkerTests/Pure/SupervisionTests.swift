import StrataCore
import StrataWorker
import TestSupport
import Testing

@Suite struct SupervisionTests {
  private let success = RunnerOutcome()

  private func supervision() -> AttemptSupervision {
    AttemptSupervision(memoryLimitBytes: 1_000, outputLimitBytes: 1_000, processorLimit: .seconds(10))
  }

  private func order(timeoutSeconds: Int64) -> WorkOrder {
    WorkOrder(
      job: JobID(), tenant: TenantID(), capability: "noop", version: 1, parametersJSON: "{}", inputs: [],
      timeoutSeconds: timeoutSeconds, resources: ResourceRequest(cpuMillicores: 500, memoryBytes: 1_000))
  }

  private func ending(_ end: AttemptEnd) -> AttemptEnding? {
    end.ending(of: order(timeoutSeconds: 1))?.0
  }

  @Test func anOutcomeEndsIt() {
    var machine = supervision()
    let end = AttemptEnd(reason: nil, outcome: success, exit: nil)
    #expect(machine.handle(.outcome(success)) == .end(end))
    #expect(machine.phase == .ended && ending(end) == .succeeded)
    #expect(machine.handle(.runnerExited("x")) == nil)
  }

  @Test func aTimeoutAsksThenKills() {
    var machine = supervision()
    #expect(machine.handle(.stop(.timeout)) == .askToStop)
    #expect(machine.handle(.stop(.cancelled)) == nil)
    #expect(machine.handle(.graceOver) == .killTree)
    #expect(machine.handle(.graceOver) == nil)
    #expect(
      machine.handle(.runnerExited("was killed"))
        == .end(AttemptEnd(reason: .timeout, outcome: nil, exit: "was killed")))
  }

  @Test func aPreemptionLetsItSaveThenAsksThenKills() {
    var machine = supervision()
    #expect(machine.handle(.stop(.preempted)) == .askToSave && machine.phase == .saving)
    #expect(machine.handle(.stop(.preempted)) == nil)
    #expect(machine.handle(.savingOver) == .askToStop && machine.phase == .stopping(.preempted))
    #expect(machine.handle(.savingOver) == nil)
    #expect(machine.handle(.graceOver) == .killTree)
    let end = AttemptEnd(reason: .preempted, outcome: nil, exit: "was killed")
    #expect(machine.handle(.runnerExited("was killed")) == .end(end) && ending(end) == .released)
  }

  @Test func whileItSavesOnlyWhatIsMoreUrgentEndsIt() {
    for (reason, phase): (StopReason, AttemptSupervision.Phase) in [
      (.cancelled, .stopping(.cancelled)), (.handedBack, .stopping(.handedBack)), (.timeout, .stopping(.preempted)),
      (.leaseLost, .killing(.leaseLost)),
    ] {
      var machine = supervision()
      _ = machine.handle(.stop(.preempted))
      _ = machine.handle(.stop(reason))
      #expect(machine.phase == phase)
    }
    var machine = supervision()
    _ = machine.handle(.stop(.preempted))
    let much = AttemptSupervision.Event.sample(memoryBytes: 1_001, outputBytes: 0, processorTime: .zero)
    #expect(machine.handle(much) == .killTree && machine.phase == .killing(.preempted))
  }

  @Test func anAttemptThatEndsWithinTheGraceIsStillOverItsLimit() {
    let end = AttemptEnd(reason: .timeout, outcome: success, exit: nil)
    let verdict = end.ending(of: order(timeoutSeconds: 7))
    #expect(verdict?.0 == .failed && verdict?.1 == .timeout(seconds: 7))
    #expect(verdict?.1?.isRetryable == false)
  }

  @Test func processorTimeBeyondWhatTheHoldCoversEndsIt() {
    var machine = supervision()
    #expect(machine.handle(.sample(memoryBytes: 0, outputBytes: 0, processorTime: .seconds(10))) == nil)
    let over = AttemptSupervision.Event.sample(memoryBytes: 0, outputBytes: 0, processorTime: .seconds(11))
    // A single reading is not believed.
    #expect(machine.handle(over) == nil)
    #expect(machine.handle(.sample(memoryBytes: 0, outputBytes: 0, processorTime: .seconds(10))) == nil)
    #expect(machine.handle(over) == nil)
    #expect(machine.handle(over) == .askToStop)
    let used = RunnerOutcome(cpuMicroseconds: 10_000_001)
    let end = AttemptEnd(reason: .outOfProcessorTime, outcome: used, exit: nil)
    let error = end.ending(of: order(timeoutSeconds: 20))?.1
    #expect(error?.code == "out_of_cpu_time" && error?.message.contains("10.0 s") == true)
  }

  @Test func theRunnersExactAccountOverrulesTheSamples() {
    let within = AttemptEnd(
      reason: .outOfProcessorTime, outcome: RunnerOutcome(cpuMicroseconds: 10_000_000),
      exit: nil)
    #expect(within.ending(of: order(timeoutSeconds: 20))?.0 == .succeeded)
    #expect(within.ending(of: order(timeoutSeconds: 20))?.1 == nil)
    let stopped = RunnerOutcome(error: .exitStatus(143), cpuMicroseconds: 1)
    let end = AttemptEnd(reason: .outOfProcessorTime, outcome: stopped, exit: nil)
    let verdict = end.ending(of: order(timeoutSeconds: 20))
    #expect(verdict?.0 == .failed && verdict?.1?.code == "worker_fault" && verdict?.1?.isRetryable == true)
    let killed = AttemptEnd(reason: .outOfProcessorTime, outcome: nil, exit: "was killed")
    #expect(killed.ending(of: order(timeoutSeconds: 20))?.1?.code == "out_of_cpu_time")
  }

  @Test func whereNothingIsHeldProcessorTimeIsFree() {
    var machine = AttemptSupervision(memoryLimitBytes: 1_000, outputLimitBytes: 1_000, processorLimit: nil)
    for _ in 0..<3 {
      #expect(machine.handle(.sample(memoryBytes: 0, outputBytes: 0, processorTime: .seconds(1 << 40))) == nil)
    }
  }

  @Test func processorTimeBeyondAllNumbersIsTheLargest() {
    let order = order(timeoutSeconds: .max)
    #expect(order.processorTimeMax == .milliseconds(Int64.max))
    #expect(self.order(timeoutSeconds: 20).processorTimeMax == .seconds(10))
  }

  @Test func aHandBackYieldsToASuccessOnly() {
    #expect(ending(AttemptEnd(reason: .handedBack, outcome: success, exit: nil)) == .succeeded)
    let failure = RunnerOutcome(error: .exitStatus(143))
    #expect(ending(AttemptEnd(reason: .handedBack, outcome: failure, exit: nil)) == .released)
    #expect(ending(AttemptEnd(reason: .handedBack, outcome: nil, exit: "was killed")) == .released)
    #expect(ending(AttemptEnd(reason: .cancelled, outcome: success, exit: nil)) == .cancelled)
  }

  @Test func aLostLeaseKillsAtOnceAndSaysNothing() {
    var machine = supervision()
    #expect(machine.handle(.stop(.cancelled)) == .askToStop)
    #expect(machine.handle(.stop(.leaseLost)) == .killTree)
    guard case .end(let end) = machine.handle(.runnerExited("was killed")) else {
      Issue.record("did not end")
      return
    }
    #expect(ending(end) == nil)
  }

  @Test func samplesHoldTheLimits() {
    var machine = supervision()
    #expect(machine.handle(.sample(memoryBytes: 1_000, outputBytes: 1_000, processorTime: .zero)) == nil)
    #expect(machine.handle(.sample(memoryBytes: 1_001, outputBytes: 0, processorTime: .zero)) == .killTree)
    var other = supervision()
    #expect(other.handle(.sample(memoryBytes: 0, outputBytes: 1_001, processorTime: .zero)) == .askToStop)
    #expect(other.handle(.sample(memoryBytes: 1_001, outputBytes: 1_001, processorTime: .zero)) == .killTree)
  }

  @Test func aCrashIsRetryableAndGarbageKills() {
    let crash = AttemptEnd(reason: nil, outcome: nil, exit: "ended with signal 11")
    #expect(crash.ending(of: order(timeoutSeconds: 1))?.1?.isRetryable == true)
    var machine = supervision()
    #expect(machine.handle(.garbled) == .killTree)
  }

  /// Whatever comes in whatever order, an attempt ends exactly once, and is killed at most once.
  @Test func randomHistoriesEndOnce() {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    let events: [AttemptSupervision.Event] = [
      .stop(.timeout), .stop(.cancelled), .stop(.leaseLost), .stop(.handedBack), .hasten, .graceOver, .garbled,
      .sample(memoryBytes: 2_000, outputBytes: 0, processorTime: .zero),
      .sample(memoryBytes: 0, outputBytes: 2_000, processorTime: .zero),
      .sample(memoryBytes: 0, outputBytes: 0, processorTime: .seconds(11)),
    ]
    for _ in 0..<2_000 {
      var machine = supervision()
      var actions: [AttemptSupervision.Action] = []
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        if let event = events.randomElement(using: &random), let action = machine.handle(event) {
          actions.append(action)
        }
      }
      for event in [AttemptSupervision.Event.runnerExited("gone"), .outcome(success)].shuffled(using: &random) {
        if let action = machine.handle(event) { actions.append(action) }
      }
      #expect(actions.count { if case .end = $0 { true } else { false } } == 1, "STRATA_SEED=\(seed)")
      #expect(actions.count { $0 == .killTree } <= 1, "STRATA_SEED=\(seed)")
    }
  }
}
