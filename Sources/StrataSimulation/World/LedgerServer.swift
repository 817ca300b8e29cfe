import StrataCore
import StrataLedger
import StrataRuntime
import Synchronization

/// The ledger's server: it loses nothing, but may be away, and whoever asked when it went is not told what became of that. It
/// also knows who leads.
final class LedgerServer: Sendable {
  private struct State {
    var epoch = 0
    var isUp = true
    /// The program that leads, and when it was heard last.
    var leader: (program: UInt64, heard: Duration)?
  }

  /// The server ends the term of a leader from which it has heard nothing for so long.
  static let silenceMax = Leadership.silenceMaxDefault

  let memory: MemoryLedger
  let front: any JobLedger
  private let engine: Engine
  private let state = Mutex(State())

  init(_ engine: Engine, memory: MemoryLedger, judge: Judge, mutation: Mutation?) {
    self.engine = engine
    self.memory = memory
    front = WatchedLedger(next: mutation?.ledger(memory, engine) ?? memory, judge: judge)
  }

  /// Which of its starts this is; nil while it is down.
  var epoch: Int? { state.withLock { $0.isUp ? $0.epoch : nil } }

  func kill() async {
    state.withLock { state in
      (state.isUp, state.leader) = (false, nil)
      state.epoch += 1
    }
    await engine.delay(for: engine.duration(.milliseconds(1), .seconds(6)))
    state.withLock { $0.isUp = true }
  }

  // MARK: Leadership

  /// - Returns: whether the program leads from now on.
  func lead(_ program: UInt64) -> Bool {
    let now = engine.elapsed
    return state.withLock { state in
      if let leader = state.leader, leader.program != program, now - leader.heard < Self.silenceMax { return false }
      state.leader = (program, now)
      return true
    }
  }

  /// - Returns: whether the program leads still.
  func beat(_ program: UInt64) -> Bool {
    let now = engine.elapsed
    return state.withLock { state in
      guard let leader = state.leader, leader.program == program, now - leader.heard < Self.silenceMax else {
        return false
      }
      state.leader?.heard = now
      return true
    }
  }

  /// Its connection has ended.
  func leave(_ program: UInt64) {
    state.withLock { if $0.leader?.program == program { $0.leader = nil } }
  }

  var isLed: Bool { state.withLock { $0.leader != nil } }
}

/// A program's way to the ledger. As the one in PostgreSQL does, it repeats what may not have been done, and in the end says that
/// nobody knows.
struct LinkedLedger: LedgerRelay {
  /// Tries of one call.
  private static let triesMax = 3

  let program: Program
  let server: LedgerServer
  let network: Network

  var next: any JobLedger { server.front }

  func pass<Value: Sendable>(
    _ call: @escaping @Sendable (any JobLedger) async throws(LedgerError) -> Value
  ) async throws(LedgerError) -> Value {
    var tries = 1
    while true {
      do throws(LedgerError) { return try await carry(call) } catch {
        guard tries < Self.triesMax, program.isAlive else { throw error }
        tries += 1
      }
    }
  }

  private func carry<Value: Sendable>(
    _ call: @escaping @Sendable (any JobLedger) async throws(LedgerError) -> Value
  ) async throws(LedgerError) -> Value {
    try await network.carry(
      from: program, to: .ledger, of: { [server] in server.epoch }, failure: { LedgerError.disconnected($0) }
    ) { [server] () async throws(LedgerError) in
      try await server.memory.perform { _ throws(LedgerError) in try await call(server.front) }
    }
  }

  func isLed(_ role: LeaderRole) async throws(LedgerError) -> Bool {
    try await pass { [server] _ throws(LedgerError) in server.isLed }
  }

  /// - Returns: whether the program leads from now on.
  func lead() async -> Bool {
    let answer = try? await pass { [server, program] _ throws(LedgerError) in server.lead(program.number) }
    return answer ?? false
  }

  /// Returns when the program does not lead any more, or hears nothing from the server.
  func endOfTerm() async {
    while !Task.isCancelled {
      await program.time.pause(Leadership.heartbeat)
      let isHeld = try? await carry { [server, program] _ throws(LedgerError) in server.beat(program.number) }
      guard isHeld == true else { break }
    }
    // The server sees the connection's end, but for that of a program that it does not reach.
    if program.reaches(.ledger) { server.leave(program.number) }
  }
}

extension Leadership {
  /// How often a leader makes sure that the server is there.
  fileprivate static let heartbeat = Duration.seconds(2)
}
