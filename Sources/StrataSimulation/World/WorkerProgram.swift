import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import Synchronization

/// A worker: the real keeper of leases, over attempts that do nothing but take their time.
struct WorkerProgram: Sendable {
  let program: Program
  let id: WorkerID
  let keeper: LeaseKeeper
  private let host: IdleHost

  init(_ program: Program, id: WorkerID, slots: Int, world: World) {
    var configuration = WorkerConfiguration(
      tiers: [.cpu], slots: slots, room: ResourceRequest(cpuMillicores: 64_000, memoryBytes: 1 << 40), folder: "",
      runner: RunnerCommand(executable: "", arguments: []))
    configuration.id = id
    configuration.time = program.time
    let queue = LinkedQueue(program: program, server: world.queue, network: world.network)
    let keeper = LeaseKeeper(configuration, queue: queue)
    self.program = program
    self.id = id
    self.keeper = keeper
    host = IdleHost(program, keeper: keeper, world: world)
  }

  /// - Parameter dead: a worker that is known to be dead, whose place this one takes.
  func start(after dead: WorkerID?, world: World) {
    let queue = LinkedQueue(program: program, server: world.queue, network: world.network)
    program.start { [self] in
      if let dead { _ = try? await queue.noteDead([dead]) }
      await keeper.run(host)
    }
  }
}

/// Runs what is granted: each attempt takes a time, and ends as was drawn for it.
private final class IdleHost: AttemptHost {
  private struct Attempt {
    let work: Task<Void, Never>
    var reason: StopReason?
  }

  private let program: Program
  private let keeper: LeaseKeeper
  private let judge: Judge
  private let plan: HistoryPlan
  private let time: Timekeeper
  private let engine: Engine
  private let attempts = Mutex<[LeaseReference: Attempt]>([:])

  init(_ program: Program, keeper: LeaseKeeper, world: World) {
    self.program = program
    self.keeper = keeper
    judge = world.judge
    plan = world.plan
    engine = world.engine
    time = program.time
  }

  var shortage: String? { nil }

  func begin(_ lease: Lease) -> BegunAttempt {
    guard let order = ReportCoding.order(from: lease.job.payload) else {
      return .isOver(AttemptNotice(of: lease.reference, .failed, AttemptReport(usage: AttemptUsage())))
    }
    let length = engine.duration(.milliseconds(10), plan.lengthMax)
    let work = time.start { [time] in await time.pause(length) }
    attempts.withLock { $0[lease.reference] = Attempt(work: work) }
    judge.noteRunning(
      Judge.Running(lease: lease.reference, program: program) { [keeper] in keeper.ownedUntil(of: lease.reference) })
    return .runs { [self] in await run(lease, order, work, length) }
  }

  private func run(_ lease: Lease, _ order: WorkOrder, _ work: Task<Void, Never>, _ length: Duration) async {
    await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      work.cancel()
    }
    judge.noteEnded(lease.reference)
    let attempt = attempts.withLock { $0.removeValue(forKey: lease.reference) }
    guard program.isAlive else { return }
    if plan.poison > 0, engine.happens(onceIn: plan.poison) { return program.kill() }
    let end = AttemptEnd(reason: attempt?.reason, outcome: outcome(length), exit: nil)
    guard let (ending, error) = end.ending(of: order) else { return keeper.finish(lease.reference, nil) }
    let usage = AttemptUsage(cpuMicroseconds: length.nanoseconds / 1_000, wallMicroseconds: length.nanoseconds / 1_000)
    let notice = AttemptNotice(of: lease.reference, ending, AttemptReport(usage: usage, error: error))
    let policy = order.retry ?? .standard
    keeper.finish(
      lease.reference, engine.draw { notice.decided(after: lease.attempt, by: policy, using: &$0) })
  }

  private func outcome(_ length: Duration) -> RunnerOutcome {
    var error: AttemptError?
    if engine.happens(onceIn: plan.failure) {
      error = AttemptError(code: "drawn", message: "it was drawn so", isRetryable: !engine.happens(onceIn: 4))
    }
    return RunnerOutcome(error: error, cpuMicroseconds: length.nanoseconds / 1_000)
  }

  func stop(_ lease: LeaseReference, _ reason: StopReason) {
    let work = attempts.withLock { attempts in
      // The worst that happens to it is what is said of it.
      if attempts[lease]?.reason != .leaseLost { attempts[lease]?.reason = reason }
      return attempts[lease]?.work
    }
    guard let work else { return }
    // It takes a while to end; but who lost its lease does not own it any more.
    let (engine, grace) = (engine, engine.duration(.zero, .seconds(2)))
    time.start {
      await engine.delay(for: grace)
      work.cancel()
    }
  }

  func hasten(_ lease: LeaseReference) { attempts.withLock { $0[lease]?.work }?.cancel() }
}
