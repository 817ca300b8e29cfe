import Foundation
import StrataAPI
import StrataCore
import TestSupport
import Testing

/// Who may use which worker, and emptying what runs, on the real servers.
@Suite struct DedicationTests {
  @Test(.timeLimit(.minutes(3))) func dedicatedWorkersForATenantWithLendingWhenIdle() async throws {
    let stack = try await StackUnderTest(workers: 0)
    let strangers = try await RunningCommand(
      ["worker", "--dedicated-to", "\(TenantID())", "--ready-file", stack.folder + "/strangers"],
      on: stack)
    try await waitUntil("the stranger's worker is there") { stack.exists("strangers") }
    let id = try await stack.submit(JobRequest(capability: "noop"))
    try await waitUntil("the job waits for another worker", within: .seconds(30)) {
      let explained = try await strata(["job", "explain", "\(id)"], on: stack)
      return explained.output.contains("dedicated to other tenants")
    }
    #expect(try await strata(["tiers"], on: stack).output.contains("\t-\t1\t"))
    let listed = try await strata(["tenants", "--json"], on: stack)
    let tenants = try items(of: listed) as [TenantView]
    let own = try await RunningCommand(
      ["worker", "--dedicated-to", tenants[0].name, "--lend"], on: stack)
    #expect(try await stack.finished(id).state == .succeeded)
    for worker in [own, strangers] {
      worker.interrupt()
      _ = await worker.ended()
    }
    for words in [["--lend"], ["--dedicated-to", "acme"]] {
      let refused = try await strata(["worker"] + words, on: stack)
      #expect(
        refused.code == 2, "\(refused)")
      #expect(refused.errors.contains("--dedicated-to") || refused.errors.contains("no tenant"), "\(refused)")
    }
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(3)), arguments: [["tier", "cpu"], ["capability", "command.run"], ["tenant", "default"]])
  func drainWaitsUntilNothingRuns(gate: [String]) async throws {
    let stack = try await StackUnderTest(slots: 1)
    let script = "echo > '\(stack.folder)/begun'; while [ ! -e '\(stack.folder)/go' ]; do sleep 0.05; done"
    let running = try await stack.submit(
      JobRequest(
        capability: "command.run", params: ["command": .array([.string("sh"), .string("-c"), .string(script)])]))
    try await waitUntil("the job runs") { stack.exists("begun") }
    let impatient = try await strata(["queue", "drain"] + gate + ["--timeout", "1"], on: stack)
    #expect(impatient.code != 0 && impatient.errors.contains("still runs 1 job after 1 s"), "\(impatient)")
    let next = try await stack.submit(
      JobRequest(capability: "command.run", params: ["command": .array([.string("true")])]))
    let drain = try await RunningCommand(["queue", "drain"] + gate, on: stack)
    try Data().write(to: URL(fileURLWithPath: stack.folder + "/go"))
    let drained = await drain.ended()
    #expect(drained.code == 0 && drained.output.contains("paused, and nothing of it runs"), "\(drained)")
    #expect(try await stack.finished(running).state == .succeeded)
    #expect(try await stack.job(next).state == .queued)
    #expect(try await strata(["queue", "resume"] + gate, on: stack).code == 0)
    #expect(try await stack.finished(next).state == .succeeded)
    await stack.stop()
  }
}

extension StackUnderTest {
  fileprivate func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }
}
