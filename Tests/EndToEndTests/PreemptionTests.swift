import Foundation
import StrataAPI
import StrataCore
import TestSupport
import Testing

/// Jobs that make place for others of higher classes, on the real servers.
@Suite(.serialized) struct PreemptionTests {
  @Test(.timeLimit(.minutes(5))) func aLowJobMakesPlaceForAHighOneAndResumesWhereItWas() async throws {
    let stack = try await StackUnderTest(slots: 1)
    let order = stack.folder + "/order"
    func expectDone(_ words: [String]) async throws -> CommandResult {
      let result = try await strata(words, on: stack)
      #expect(result.code == 0, "\(words): \(result)")
      return result
    }
    let tuned = try await expectDone(["queue", "order", "--preempt-after", "1s"])
    #expect(tuned.output.contains("preemptible jobs end for one after   1 s"), "\(tuned)")
    // Goes on for ever unless it finds what it has saved.
    let script = """
      if [ -e "$STRATA_CHECKPOINT_DIR/half" ]; then echo resumed >>'\(order)'; exit 0; fi
      trap 'echo done >"$STRATA_CHECKPOINT_DIR/half"; exit 75' TERM
      echo started >>'\(order)'
      while :; do sleep 0.1; done
      """
    let submitted = try await expectDone(
      ["run", "--no-wait", "--preemptible", "--grace", "60s", "--", "sh", "-c", script])
    let low = try #require(JobID(submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    try await waitUntil("the low job runs", within: .seconds(60)) { stack.lines(order) == 1 }
    let name = try await stack.account().name
    _ = try await expectDone(["tenants", "set", name, "--class", "8"])
    let high = try await stack.submit(
      JobRequest(
        capability: "command.run",
        params: ["command": .array(["sh", "-c", "echo high >>'\(order)'"].map(JSONValue.string))]))
    try await stack.expectSettledOnce([low, high])
    #expect(try String(contentsOfFile: order, encoding: .utf8) == "started\nhigh\nresumed\n")
    try await waitUntil("what it saved is removed", within: .seconds(60)) {
      // The folder of its tenant stays.
      try FileManager.default.subpathsOfDirectory(atPath: stack.folder + "/data/artifacts/checkpoints").count == 1
    }
    let job = try await stack.job(low)
    #expect(job.attempts.map(\.ending) == [.preempted, .succeeded] && job.attempts.map(\.attempt) == [1, 1])
    #expect(job.preemptions == 1 && job.attempts[0].preemptedBy == 8)
    let shown = try await expectDone(["job", "show", low.description])
    #expect(shown.output.contains("preempted   1 time") && shown.output.contains("preempted for a job of class 8"))
    await stack.stop()
  }
}
