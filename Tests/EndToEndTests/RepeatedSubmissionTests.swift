import Foundation
import StrataAPI
import StrataClient
import StrataCore
import Testing

/// Clients that repeat what they sent, as after a lost answer, while the job runs and while its outcome is on its way.
@Suite(.serialized) struct RepeatedSubmissionTests {
  static let jobs = 40
  static let clients = 4

  @Test func aJobRunsOnceHoweverOftenItIsSubmitted() async throws {
    let stack = try await StackUnderTest()
    do {
      for number in 0..<Self.jobs { try await submitUntilFinal(stack, number) }
      for number in 0..<Self.jobs { #expect(stack.lines(Self.file(stack, number)) == 1, "job \(number)") }
      let metrics = try await stack.client.send(ClientRequest("GET", ["metrics"]))
      #expect(String(decoding: metrics.body, as: UTF8.self).contains("strata_attempts_superfluous_total 0"))
    } catch {
      Issue.record("\(error)")
    }
    await stack.stop()
  }

  private static func file(_ stack: StackUnderTest, _ number: Int) -> String { stack.folder + "/runs.\(number)" }

  /// Several clients post the same until they hear that it is done.
  private func submitUntilFinal(_ stack: StackUnderTest, _ number: Int) async throws {
    let words = ["sh", "-c", "echo x >> '\(Self.file(stack, number))'"].map(JSONValue.string)
    let request = JobRequest(capability: "command.run", params: ["command": .array(words)])
    let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
      for _ in 0..<Self.clients {
        group.addTask {
          while true {
            let job = try await stack.submit(request, key: "repeated-\(number)")
            if try await stack.job(job).state.isFinal { return job }
          }
        }
      }
      return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
    }
    #expect(ids.count == 1)
    for id in ids { #expect(try await stack.job(id).state == .succeeded) }
  }
}
