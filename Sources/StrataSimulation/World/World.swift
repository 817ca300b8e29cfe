import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Synchronization

/// All that takes part in a history: two servers, what programs there are at the moment, and the network between them.
final class World: Sendable {
  private struct Staff {
    var workers: [Int: WorkerProgram] = [:]
    var controllers: [Int: ControllerProgram] = [:]
    var isOver = false
    var lastNumber: UInt64 = 0
  }

  /// What everything is sold as.
  static let capability = "test"
  /// From the end of the last harm to the end of the last job. Jobs wait for each other, and are tried again after waits.
  static let patience = Duration.seconds(900)

  let plan: HistoryPlan
  let engine: Engine
  let judge: Judge
  let network: Network
  let queue: QueueServer
  let ledger: LedgerServer
  let tenants: [TenantID]
  private let staff = Mutex(Staff())

  init(_ plan: HistoryPlan, _ engine: Engine, _ mutation: Mutation?) {
    self.plan = plan
    self.engine = engine
    let judge = Judge(engine)
    self.judge = judge
    network = Network(engine, plan.odds)
    queue = QueueServer(engine, judge: judge, mutation: mutation)
    ledger = LedgerServer(
      engine, memory: MemoryLedger(clock: engine.wall), judge: judge, mutation: mutation)
    tenants = (0..<plan.tenants).map { _ in engine.newIdentifier() }
    // A request that comes late, or twice, takes leases back from those who run them.
    let mayBeLate = plan.odds.straggler > 0 || plan.odds.slow > 0
    if mayBeLate { judge.noteMayRepeat() }
    // Only one controller knows what it is about to enqueue.
    if mayBeLate || plan.controllers > 1 || plan.harms.contains(.controllerKilled) { judge.noteMayEnterLate() }
  }

  /// From the first job to the end of the last.
  func play() async {
    await openBooks()
    queue.whenStarted { [self] in tellOfNewServer() }
    for place in 0..<plan.controllers { keep { await self.keepController(place) } }
    for place in 0..<plan.workers { keep { await self.keepWorker(place) } }
    await withDiscardingTaskGroup { group in
      group.addTask { await Clients(world: self).run() }
      group.addTask { await Nemesis(world: self).run() }
    }
    await waitForEnd()
    await judge.look(at: ledger.memory, queue.memory)
    await close()
  }

  /// Credits for about all that a tenant may submit, or for less.
  private func openBooks() async {
    let price = Price(perJob: MicroCredits(micros: 1_000), perCPUSecond: MicroCredits(micros: 10))
    await ledger.memory.publish(prices: [Capability.Listing(name: Self.capability, price: price)])
    await ledger.memory.publish(rates: [
      TierRate(
        tier: .cpu, cpuHour: MicroEuro(micros: 36_000), memoryGibibyteHour: MicroEuro(micros: 3_600), wallHour: .zero)
    ])
    for tenant in tenants {
      let credits = engine.draw { Int64.random(in: 10_000...1_000_000, using: &$0) }
      await ledger.memory.open(tenant, limit: MicroCredits(micros: credits))
    }
  }

  private func keep(_ work: @escaping @Sendable () async -> Void) { Task(executorPreference: engine) { await work() } }

  // MARK: Programs

  /// Starts a worker whenever there is none at its place.
  private func keepWorker(_ place: Int) async {
    var dead: WorkerID?
    while !isOver {
      let (slots, id) = (
        engine.draw { Int.random(in: 1...plan.slotsMax, using: &$0) }, engine.newIdentifier() as WorkerID
      )
      let worker = WorkerProgram(newProgram("worker \(place)"), id: id, slots: slots, world: self)
      staff.withLock { $0.workers[place] = worker }
      worker.start(after: dead, world: self)
      await worker.program.end()
      dead = worker.program.isAlive ? nil : id
      await engine.delay(for: engine.duration(.milliseconds(50), .seconds(2)))
    }
  }

  private func keepController(_ place: Int) async {
    while !isOver {
      let controller = ControllerProgram(newProgram("controller \(place)"), world: self)
      staff.withLock { $0.controllers[place] = controller }
      controller.start()
      await controller.program.end()
      ledger.leave(controller.program.number)
      await engine.delay(for: engine.duration(.milliseconds(50), .seconds(2)))
    }
  }

  private func newProgram(_ name: String) -> Program {
    let number = staff.withLock { staff in
      staff.lastNumber += 1
      return staff.lastNumber
    }
    return Program(name, number: number, engine: engine)
  }

  private func tellOfNewServer() {
    for controller in staff.withLock({ $0.controllers }).sorted(by: { $0.key < $1.key }).map(\.value) {
      let wait = engine.duration(.milliseconds(1), .seconds(1))
      keep { [engine] in
        await engine.delay(for: wait)
        controller.noteNewServer()
      }
    }
  }

  private var isOver: Bool { staff.withLock(\.isOver) }

  /// One of those that live; nil where none does.
  func anyWorker() -> WorkerProgram? { any(of: staff.withLock(\.workers)) { $0.program.isAlive } }
  func anyController() -> ControllerProgram? { any(of: staff.withLock(\.controllers)) { $0.program.isAlive } }

  private func any<One>(of all: [Int: One], where isMeant: (One) -> Bool) -> One? {
    let some = all.sorted { $0.key < $1.key }.map(\.value).filter(isMeant)
    return engine.draw { some.randomElement(using: &$0) }
  }

  /// Nothing harms anybody any more.
  func heal() {
    network.heal()
    queue.setClockRight()
    let (workers, controllers) = staff.withLock { ($0.workers, $0.controllers) }
    for worker in workers.values { worker.program.heal() }
    for controller in controllers.values { controller.program.heal() }
  }

  // MARK: The end

  private func waitForEnd() async {
    let limit = engine.elapsed + Self.patience
    while engine.elapsed < limit {
      let open = (try? await ledger.memory.unfinished(after: nil, limit: 1)) ?? []
      let pending = (try? await queue.memory.census()).map { $0.outcomesPending + $0.lanes.count + $0.delayed }
      if open.isEmpty, pending == 0, await ledger.memory.isSettled { return }
      await engine.delay(for: .seconds(1))
    }
  }

  private func close() async {
    let (workers, controllers) = staff.withLock { staff in
      staff.isOver = true
      return (staff.workers, staff.controllers)
    }
    for place in workers.keys.sorted() { workers[place]?.program.kill() }
    for place in controllers.keys.sorted() { controllers[place]?.program.kill() }
    await queue.memory.stop()
  }
}

extension Engine {
  /// As a program makes them, but drawn from the seed.
  func newIdentifier<Tag>() -> Identifier<Tag> {
    let now = wall.now
    return draw { Identifier(now: now, using: &$0) }
  }
}
