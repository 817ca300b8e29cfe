import StrataCore
import StrataRuntime
import Synchronization

/// A program of the simulation, a worker's or a controller's: it lives until it is killed, may stand still, and may be cut off.
final class Program: Sendable {
  /// Whom programs talk to.
  enum Server: Hashable, Sendable, CaseIterable { case queue, ledger }

  private struct State {
    var isAlive = true
    /// From the start of the history.
    var frozenUntil = Duration.zero
    var cutOffUntil: [Server: Duration] = [:]
    var main: Task<Void, Never>?
  }

  let name: String
  let number: UInt64
  private let engine: Engine
  private let state = Mutex(State())

  init(_ name: String, number: UInt64, engine: Engine) {
    self.name = name
    self.number = number
    self.engine = engine
  }

  /// The time that passes for it.
  var time: Timekeeper { engine.timekeeper(wall: engine.wall) { await self.thaw() } }

  /// Has it do its work.
  func start(_ work: @escaping @Sendable () async -> Void) {
    let main = Task(executorPreference: engine) { await work() }
    state.withLock { $0.main = main }
  }

  var isAlive: Bool { state.withLock(\.isAlive) }

  /// Nothing that it does from now on reaches anybody. What it has sent may arrive.
  func kill() {
    let main = state.withLock { state in
      state.isAlive = false
      return state.main
    }
    main?.cancel()
  }

  /// Returns when it has ended, by itself or since it was killed.
  func end() async { await state.withLock(\.main)?.value }

  func freeze(for duration: Duration) {
    let end = engine.elapsed + duration
    state.withLock { $0.frozenUntil = max($0.frozenUntil, end) }
  }

  /// Returns once it does not stand still.
  func thaw() async {
    while case let rest = state.withLock(\.frozenUntil) - engine.elapsed, rest > .zero {
      await engine.delay(for: rest)
    }
  }

  func cutOff(from server: Server, for duration: Duration) {
    let end = engine.elapsed + duration
    state.withLock { $0.cutOffUntil[server] = max($0.cutOffUntil[server] ?? .zero, end) }
  }

  func reaches(_ server: Server) -> Bool {
    state.withLock { $0.cutOffUntil[server] ?? .zero } <= engine.elapsed
  }

  /// Nothing is in its way any more.
  func heal() {
    state.withLock { state in
      state.frozenUntil = .zero
      state.cutOffUntil = [:]
    }
  }
}
