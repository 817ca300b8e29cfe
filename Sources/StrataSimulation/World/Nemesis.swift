import StrataCore
import StrataRuntime
import StrataWorker

/// Does harm, as the plan says, until the clients are about done; then heals everything.
struct Nemesis: Sendable {
  /// How long harm goes on after the last job was submitted.
  private static let afterwards = Duration.seconds(20)

  let world: World

  private var engine: Engine { world.engine }
  private var plan: HistoryPlan { world.plan }

  func run() async {
    let end = plan.submitting + Self.afterwards
    await withDiscardingTaskGroup { group in
      while engine.elapsed < end {
        await engine.delay(for: min(end - engine.elapsed, engine.duration(.zero, plan.harmInterval * 2)))
        guard let harm = engine.draw({ plan.harms.randomElement(using: &$0) }) else { continue }
        group.addTask { await act(harm) }
      }
    }
    world.heal()
  }

  private func act(_ harm: HistoryPlan.Harm) async {
    engine.note(UInt64(HistoryPlan.Harm.allCases.firstIndex(of: harm) ?? 0) + 1_000)
    switch harm {
    case .workerKilled: world.anyWorker()?.program.kill()
    case .workerFrozen: world.anyWorker()?.program.freeze(for: engine.duration(.milliseconds(100), .seconds(25)))
    case .workerStopped: world.anyWorker()?.keeper.stop(within: engine.duration(.zero, .seconds(5)))
    case .workerCutOff:
      world.anyWorker()?.program.cutOff(from: .queue, for: engine.duration(.milliseconds(10), .seconds(25)))
    case .controllerKilled: world.anyController()?.program.kill()
    case .controllerFrozen:
      world.anyController()?.program.freeze(for: engine.duration(.milliseconds(100), .seconds(25)))
    case .controllerCutOff:
      let server = engine.draw { Program.Server.allCases.randomElement(using: &$0) } ?? .queue
      world.anyController()?.program.cutOff(from: server, for: engine.duration(.milliseconds(10), .seconds(25)))
    case .queueKilled: await world.queue.kill(losing: .nothing)
    case .queueTruncated: await world.queue.kill(losing: .tail)
    case .queueReplaced: await world.queue.kill(losing: .everything)
    case .queueFlushed: await world.queue.flush()
    case .queueClockSet: setClock()
    case .ledgerKilled: if world.ledger.epoch != nil { await world.ledger.kill() }
    }
  }

  /// Forward or back, by seconds to minutes: what waits for a time that was over, and that nobody saw to, waits for it to come
  /// again, and that is to be before patience is at its end.
  private func setClock() {
    world.judge.noteClockSet()
    if engine.happens(onceIn: 3) { return world.queue.setClockRight() }
    let step = engine.duration(.seconds(3), engine.happens(onceIn: 2) ? .seconds(30) : .seconds(240))
    world.queue.setClock(by: engine.happens(onceIn: 2) ? step : .zero - step)
  }
}
