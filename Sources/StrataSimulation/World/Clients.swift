import StrataCore
import StrataLedger
import StrataRuntime

/// Those who submit jobs, each for a tenant: they repeat what is not answered, at any controller, under the same key.
struct Clients: Sendable {
  let world: World

  private var engine: Engine { world.engine }
  private var plan: HistoryPlan { world.plan }

  func run() async {
    await withDiscardingTaskGroup { group in
      for (number, tenant) in world.tenants.enumerated() {
        let count = plan.jobs / plan.tenants + (number < plan.jobs % plan.tenants ? 1 : 0)
        group.addTask { await submit(count, for: tenant) }
      }
    }
  }

  private func submit(_ count: Int, for tenant: TenantID) async {
    await withDiscardingTaskGroup { group in
      var known: [JobID] = []
      for number in 0..<count {
        await engine.delay(for: engine.duration(.zero, plan.submitting * 2 / max(1, count)))
        guard let job = await accepted(order(for: tenant, number, known)) else { continue }
        known.append(job)
        guard engine.happens(onceIn: plan.cancellation), let unwanted = pick(known) else { continue }
        group.addTask { await cancel(unwanted) }
      }
    }
  }

  private func pick(_ jobs: [JobID]) -> JobID? { engine.draw { jobs.randomElement(using: &$0) } }

  /// - Returns: the job as it was acknowledged; nil where it was refused.
  private func accepted(_ asked: JobSubmission) async -> JobID? {
    while true {
      var submission = asked
      submission.order.job = engine.newIdentifier()
      submission.createdAt = engine.wall.now
      guard let verdict = await answer(to: submission) else {
        await engine.delay(for: engine.duration(.milliseconds(50), .seconds(2)))
        continue
      }
      switch verdict {
      case .accepted(let job), .existing(let job):
        world.judge.noteAcknowledged(job.job)
        return job.job
      case .refused(.budget):
        world.judge.noteRefused()
        return nil
      case .refused(let why):
        world.judge.note(.kept, "\(submission.job) was refused: \(why)")
        return nil
      }
    }
  }

  /// - Returns: nil where none came.
  private func answer(to submission: JobSubmission) async -> AdmissionVerdict? {
    guard let controller = world.anyController(), let verdict = try? await controller.submit(submission) else {
      return nil
    }
    return controller.program.isAlive && !engine.happens(onceIn: plan.odds.lostAnswer) ? verdict : nil
  }

  /// Once; a wish that reaches nobody is none.
  private func cancel(_ job: JobID) async {
    await engine.delay(for: engine.duration(.zero, .seconds(10)))
    try? await world.anyController()?.cancel(job)
  }

  private func order(for tenant: TenantID, _ number: Int, _ known: [JobID]) -> JobSubmission {
    let attempts = engine.draw { Int.random(in: 1...5, using: &$0) }
    let policy = try? RetryPolicy(
      attemptsMax: attempts, firstDelay: .milliseconds(200), factor: 2, delayMax: .seconds(20))
    var submission = JobSubmission(
      order: WorkOrder(
        job: engine.newIdentifier(), tenant: tenant, capability: World.capability, version: 1, parametersJSON: "{}",
        inputs: [], timeoutSeconds: 60, resources: ResourceRequest(), retry: policy),
      tier: .cpu, priority: engine.draw { JobPriority(rawValue: Int.random(in: 0...9, using: &$0)) } ?? .standard,
      attemptsMax: attempts, idempotencyKey: "\(number)", fingerprint: [UInt8(truncatingIfNeeded: number)],
      createdAt: engine.wall.now)
    if engine.happens(onceIn: plan.delay) {
      submission.runAt = engine.wall.now + engine.duration(.milliseconds(1), .seconds(30))
    }
    if engine.happens(onceIn: plan.dependency), !known.isEmpty {
      submission.structure.after = engine.draw { random in
        known.suffix(12).shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)).map(\.self)
      }
      submission.structure.dependencyPolicy =
        engine.draw { DependencyPolicy.allCases.randomElement(using: &$0) } ?? .fail
    }
    return submission
  }
}
