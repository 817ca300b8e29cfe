import Foundation
import StrataArtifacts
import StrataCore
import StrataQueue
import StrataWorker
import Testing

/// Jobs that are ended so that others of higher classes have their room: what becomes of their processes.
@Suite(.timeLimit(.minutes(2))) struct PreemptionTests {
  private let patient = PreemptionTerms(graceSeconds: PreemptionTerms.graceSecondsMax)

  /// As the leading controller has it done.
  private func preempt(_ job: JobID, _ fixture: WorkerFixture) async throws {
    guard case .leased(let status)? = try await fixture.queue.status(of: [job])[0] else {
      Issue.record("the job does not run")
      return
    }
    let lease = LeaseReference(job: job, worker: status.worker, token: status.token)
    let highest = try #require(PriorityClass(rawValue: 9))
    #expect(try await fixture.queue.preempt([Preemption(lease: lease, preemptor: highest)]) == [.signalled])
  }

  @Test func itIsToldSavesWhatItHasAndGoesBack() async throws {
    let fixture = try await WorkerFixture()
    let script = "trap 'echo saved; exit 75' TERM; echo up; while :; do sleep 0.02; done"
    let job = try await fixture.shell(script, attemptsMax: 3, preemption: patient)
    _ = try await fixture.line(of: job, beginning: "up")
    try await preempt(job, fixture)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .preempted && outcome.preemptor?.rawValue == 9 && !outcome.isFinal)
    #expect(report.error == nil && report.usage.wallMicroseconds > 0)
    #expect(try fixture.text(of: report.log).contains("saved"))
    _ = try await fixture.queue.cancel([job])
    try await fixture.stop(times: 2)
  }

  @Test func whatItHasSavedIsThereWhenItRunsAgainOnWhicheverWorker() async throws {
    let root = FileManager.default.temporaryDirectory.path + "/strata-checkpoints-\(JobID())"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let (queue, store) = (MemoryQueue(), try ArtifactStore(root: root))
    let first = try await WorkerFixture(on: queue, store: store)
    let script = """
      cd "$STRATA_CHECKPOINT_DIR"
      if [ -e part-1 ]; then echo found $(cat part-1) $(ls | wc -l); exit 0; fi
      trap 'echo half >part-1; mkdir folder; exit 75' TERM
      echo up; while :; do sleep 0.02; done
      """
    let job = try await first.shell(script, attemptsMax: 3, preemption: patient)
    _ = try await first.line(of: job, beginning: "up")
    // It shall run again elsewhere.
    first.worker.stop()
    try await preempt(job, first)
    try await first.ended()
    let outcome = try await first.outcome().outcome
    #expect(outcome.ending == .preempted)
    #expect(try store.jobsWithCheckpoints() == [job])
    let second = try await WorkerFixture(on: queue, store: store)
    let (last, report) = try await second.outcome(after: outcome.position)
    #expect(last.ending == .succeeded && report.results.isEmpty)
    let log = try #require(report.log)
    let path = try #require(try await store.localPath(of: log))
    #expect(try String(contentsOfFile: path, encoding: .utf8).contains("found half 1"))
    store.dropCheckpoints(of: [job])
    #expect(try store.jobsWithCheckpoints() == [])
    try await second.stop()
  }

  @Test func itsLogTellsWhereWhatItHasSavedIsNotKept() async throws {
    let root = FileManager.default.temporaryDirectory.path + "/strata-checkpoints-\(JobID())"
    defer { try? FileManager.default.removeItem(atPath: root) }
    var limits = ArtifactStore.Limits()
    limits.tenantCheckpointBytes = 3
    let store = try ArtifactStore(root: root, limits: limits)
    let fixture = try await WorkerFixture(store: store)
    let script = """
      trap 'echo half >"$STRATA_CHECKPOINT_DIR/part-1"; exit 75' TERM
      echo up; while :; do sleep 0.02; done
      """
    let job = try await fixture.shell(script, attemptsMax: 3, preemption: patient)
    _ = try await fixture.line(of: job, beginning: "up")
    try await preempt(job, fixture)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .preempted)
    let log = try #require(report.log)
    let path = try #require(try await store.localPath(of: log))
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("is not kept: ") && text.contains("3 bytes in all"), "\(text)")
    #expect(try store.jobsWithCheckpoints() == [])
    _ = try await fixture.queue.cancel([job])
    try await fixture.stop(times: 2)
  }

  @Test func oneThatDoesNotEndInItsGraceIsEndedLikeAnyOther() async throws {
    let fixture = try await WorkerFixture()
    let script = "trap '' TERM; echo pid $$; while :; do sleep 1; done"
    let job = try await fixture.shell(script, attemptsMax: 3, preemption: PreemptionTerms(graceSeconds: 0))
    let pid = try #require(Int32(try await fixture.line(of: job, beginning: "pid ")))
    try await preempt(job, fixture)
    let (outcome, _) = try await fixture.outcome()
    #expect(outcome.ending == .preempted && !outcome.isFinal && !isAlive(pid))
    _ = try await fixture.queue.cancel([job])
    try await fixture.stop(times: 2)
  }

  @Test func itIsToldByTheSignalThatItAskedForAndAskedToEndOnceItsGraceIsOver() async throws {
    let fixture = try await WorkerFixture()
    let script =
      "trap 'echo saved' USR1; trap 'echo over; exit 75' TERM; echo up; while :; do sleep 0.02; done"
    let terms = PreemptionTerms(graceSeconds: 1, signal: .user1)
    let job = try await fixture.shell(script, attemptsMax: 3, preemption: terms)
    _ = try await fixture.line(of: job, beginning: "up")
    try await preempt(job, fixture)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .preempted)
    let lines = try fixture.text(of: report.log).split(separator: "\n").filter { $0 == "saved" || $0 == "over" }
    #expect(lines == ["saved", "over"])
    _ = try await fixture.queue.cancel([job])
    try await fixture.stop(times: 2)
  }

  @Test func aSuccessThatCrossesThePreemptionStands() async throws {
    let fixture = try await WorkerFixture()
    let script = "trap 'echo done >output/done; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    let job = try await fixture.shell(script, attemptsMax: 3, preemption: patient)
    _ = try await fixture.line(of: job, beginning: "up")
    try await preempt(job, fixture)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.ending == .succeeded && outcome.isFinal && report.results.map(\.name) == ["done"])
    try await fixture.stop()
  }

  @Test func aJobThatItsOwnerCancelsMeanwhileDoesNotHaveItsGrace() async throws {
    let fixture = try await WorkerFixture()
    let script = "trap 'echo told' TERM; echo up; while :; do sleep 0.02; done"
    let job = try await fixture.shell(script, attemptsMax: 3, preemption: patient)
    _ = try await fixture.line(of: job, beginning: "up")
    try await preempt(job, fixture)
    _ = try await fixture.line(of: job, beginning: "told")
    #expect(try await fixture.queue.cancel([job]) == [.signalled])
    let (outcome, _) = try await fixture.outcome()
    #expect(outcome.ending == .cancelled && outcome.isFinal)
    try await fixture.stop()
  }

  @Test func aWorkerThatMustStopMeanwhileDoesNotWaitForIt() async throws {
    let fixture = try await WorkerFixture { $0.drainGrace = .milliseconds(50) }
    let script = "trap 'echo told' TERM; echo up; while :; do sleep 0.02; done"
    let job = try await fixture.shell(script, attemptsMax: 3, preemption: patient)
    _ = try await fixture.line(of: job, beginning: "up")
    try await preempt(job, fixture)
    _ = try await fixture.line(of: job, beginning: "told")
    try await fixture.stop()
    #expect(try await fixture.outcome().outcome.ending == .preempted)
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
  }
}
