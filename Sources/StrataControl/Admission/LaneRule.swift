package import StrataCore
package import StrataLedger
package import StrataQueue
import StrataScheduling

/// In which lane of the queue a job waits: the same for a job that is admitted and for one that is restored.
///
/// Resources are rounded up to the shapes of `ResourceShape`, so that there are few lanes, but never past what the
/// largest worker of the tier has, or nobody could run what was accepted.
package struct LaneRule: Sendable {
  private let largest: [TierName: ResourceRequest]
  private let clock: WallClock

  package init(tiers: [TierDefinition] = [], clock: WallClock = .system) {
    self.clock = clock
    largest = Dictionary(tiers.map { ($0.name, $0.largestRequest) }) { _, last in last }
  }

  /// The queue's form of an admitted submission.
  ///
  /// - Parameter accepted: what the ledger made of it.
  package func job(_ submission: JobSubmission, _ accepted: AcceptedJob) -> QueuedJob {
    QueuedJob(
      id: submission.job, tenant: submission.tenant,
      lane: lane(submission.order, submission.tier, accepted.priorityClass),
      priority: submission.priority, attemptsMax: submission.attemptsMax, notBefore: submission.runAt,
      startBy: submission.startBy, isPreemptible: submission.order.preemption != nil,
      payload: submission.order.encoded)
  }

  /// The queue's form of a job that is to be put back.
  package func job(_ job: UnfinishedJob) -> QueuedJob {
    QueuedJob(
      id: job.id, tenant: job.order.tenant, lane: lane(job.order, job.tier, job.priorityClass), priority: job.priority,
      attemptsMax: job.attemptsMax, attemptsMade: job.attemptsMade, workersLost: job.workersLost,
      notBefore: job.runAt.flatMap { $0 > clock.now ? $0 : nil },
      startBy: job.attemptsMade == 0 ? job.startBy : nil, isPreemptible: job.order.preemption != nil,
      payload: job.order.encoded)
  }

  private func lane(_ order: WorkOrder, _ tier: TierName, _ priorityClass: PriorityClass) -> Lane {
    Lane(
      tier: tier, priorityClass: priorityClass, capability: order.capability,
      resources: shape(of: order.resources, on: tier))
  }

  /// What a worker must have free. A request that has no shape was never accepted by this program; it is left as it is.
  package func shape(of request: ResourceRequest, on tier: TierName) -> ResourceRequest {
    let ceiling = largest[tier].map(ResourceAmounts.init(_:))
    guard let shape = try? ResourceShape(covering: ResourceAmounts(request), largest: ceiling) else {
      return request
    }
    return ResourceRequest(
      cpuMillicores: shape.amounts.cpuMillicores, memoryBytes: shape.amounts.memoryBytes,
      gpuThousandths: shape.amounts.gpuThousandths)
  }
}
