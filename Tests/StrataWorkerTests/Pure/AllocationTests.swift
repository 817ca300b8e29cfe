import StrataCore
import StrataWorker
import TestSupport
import Testing

/// What a worker allocates for each job, so that it does not grow unseen.
@Suite struct AllocationTests {
  private let order = WorkOrder(
    job: JobID(), tenant: TenantID(), capability: "command.run", version: 1,
    parametersJSON: #"{"command":["/bin/true"],"environment":[]}"#, inputs: [], timeoutSeconds: 60,
    resources: ResourceRequest())
  private let usage = AttemptUsage(cpuMicroseconds: 1_234, wallMicroseconds: 5_678, memoryPeakBytes: 1 << 20)
  private let summary = #"{"exit_status":0}"#

  @Test func anOrderAndAReport() throws {
    let payload = try #require(order.plainlyEncoded)
    let report = AttemptReport(usage: usage, summaryJSON: summary)
    let read = Allocations.count { ReportCoding.order(from: payload) }
    let written = Allocations.count { ReportCoding.encode(report, bytesMax: .max) }
    #expect(read > 0 && read <= 16, "\(read) to read an order")
    #expect(written > 0 && written <= 6, "\(written) to write a report")
  }

  @Test func whatARunnerIsToldAndSays() throws {
    let assignment = Assignment(
      order: order, tier: .cpu, inputs: [], workingFolder: "attempts/1/work",
      outputFolder: "attempts/1/work-output", cores: 1)
    let outcome = RunnerOutcome(summaryJSON: summary, cpuMicroseconds: 1_234, memoryPeakBytes: 1 << 20)
    let (asked, told) = (RunnerRequest.run(assignment), RunnerReply.outcome(outcome))
    let (request, reply) = (try asked.body, try told.body)
    let counts = [
      try Allocations.count { try asked.frame }, try Allocations.count { try RunnerRequest(body: request) },
      try Allocations.count { try told.frame }, try Allocations.count { try RunnerReply(body: reply) },
    ]
    #expect(zip(counts, [22, 18, 5, 1]).allSatisfy { $0 > 0 && $0 <= $1 }, "\(counts)")
  }
}
