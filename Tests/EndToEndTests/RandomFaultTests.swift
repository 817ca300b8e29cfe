import Foundation
import StrataAPI
import StrataCore
import TestSupport
import Testing

/// Faults in random order and at random moments, while jobs keep coming. A failing seed is printed; `STRATA_SEED`
/// replays its choices.
@Suite(.serialized) struct RandomFaultTests {
  enum Fault: CaseIterable {
    case killWorker, killRunner, killController, flushRedis, killRedis, restartPostgreSQL

    func strike(_ stack: StackUnderTest) async throws {
      switch self {
      case .killWorker: try stack.kill("worker")
      case .killRunner: try stack.kill("runner")
      case .killController: try stack.kill("controller")
      case .flushRedis: try await stack.redis("FLUSHALL")
      case .killRedis: try stack.kill("redis-server")
      case .restartPostgreSQL: try stack.kill("bin/postgres", SIGQUIT)
      }
    }
  }

  @Test func everyAcceptedJobFinishesOnceUnderRandomFaults() async throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    let stack = try await StackUnderTest()
    do {
      let (jobs, marked) = try await submitUnderFaults(stack, &random)
      let all = jobs + marked.map(\.id)
      for job in all { _ = try await stack.finished(job) }
      let total = try await stack.total(of: all)
      try await stack.expectSettledOnce(jobs, price: FaultTests.noopPrice, total: total)
      try await stack.expectSettledOnce(marked.map(\.id), total: total)
      // What a settlement alone cannot show: that the work was done.
      for job in marked { #expect(stack.runs(of: job) >= 1, "job \(job.id) succeeded and never ran") }
    } catch {
      Issue.record("seed \(seed): \(error)")
    }
    await stack.stop()
    print("random faults: STRATA_SEED=\(seed)")
  }

  private func submitUnderFaults(_ stack: StackUnderTest, _ random: inout SeededGenerator) async throws -> (
    noops: [JobID], marked: [MarkedJob]
  ) {
    var (jobs, marked): ([JobID], [MarkedJob]) = ([], [])
    for fault in Fault.allCases.shuffled(using: &random) {
      let count = Int.random(in: 5...40, using: &random)
      let strikesAfter = Int.random(in: 0..<count, using: &random)
      for number in 0..<count {
        // The victim may be down already, from the fault before: then this one is passed over.
        if number == strikesAfter { try? await fault.strike(stack) }
        if Bool.random(using: &random) {
          jobs.append(try await stack.submitPersistently(FaultTests.noop))
        } else {
          marked.append(try await FaultTests.submitMarked(stack))
        }
      }
    }
    return (jobs, marked)
  }
}
