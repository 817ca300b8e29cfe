package import StrataCore
package import StrataLedger
package import StrataQueue
import StrataScheduling

/// In which lane of the queue a job waits: the same for a job that is admitted and for one that is restored.
///
/// Resources are rounded up to the shapes of `ResourceShape`, so that there are few lanes, but never past the smallest
/// worker that the request itself fits: that one can run it, and so can every one that is larger in all.
package struct LaneRule: Sendable {
  private let book: TierBook
  private let clock: WallClock

  /// - Parameter book: which workers there are, when a job's lane is asked for.
  package init(_ book: TierBook = TierBook(), clock: WallClock = .system) {
    self.book = book
    self.clock = clock
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

  /// In which a job of this class waits that prefers this tier.
  package func lane(_ order: WorkOrder, _ tier: TierName, _ priorityClass: PriorityClass) -> Lane {
    Lane(
      tier: tier, priorityClass: priorityClass, capability: order.capability,
      resources: shape(of: order.resources, on: tier),
      alternatives: (order.alternatives ?? []).map {
        Placement(tier: $0.tier, resources: shape(of: $0.resources, on: $0.tier))
      })
  }

  /// What a worker must have free.
  package func shape(of request: ResourceRequest, on tier: TierName) -> ResourceRequest {
    Self.shape(of: request, on: book.tiers[tier])
  }

  /// The same, of the tier as it is given. A request that has no shape was never accepted by this program; it is left as it
  /// is. Pure.
  package static func shape(of request: ResourceRequest, on tier: TierDefinition?) -> ResourceRequest {
    let ceiling = tier?.offer(for: request).map(ResourceAmounts.init(_:))
    guard let shape = try? ResourceShape(covering: ResourceAmounts(request), largest: ceiling) else {
      return request
    }
    return ResourceRequest(
      cpuMillicores: shape.amounts.cpuMillicores, memoryBytes: shape.amounts.memoryBytes,
      gpuThousandths: shape.amounts.gpuThousandths)
  }
}
