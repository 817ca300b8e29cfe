import StrataCore
import StrataRuntime
import Synchronization

/// Carries requests and answers between programs and servers: late, out of order, or not at all; and a request may arrive long
/// after its sender has given it up and sent others.
final class Network: Sendable {
  /// One in so many; 0 for none.
  struct Odds: Hashable, Sendable {
    var lostRequest = 0
    var lostAnswer = 0
    var straggler = 0
    var slow = 0
  }

  private let engine: Engine
  private let odds: Mutex<Odds>

  init(_ engine: Engine, _ odds: Odds) {
    self.engine = engine
    self.odds = Mutex(odds)
  }

  /// From now on everything arrives.
  func heal() { odds.withLock { $0 = Odds() } }

  /// Has a call carried out by a server, or not.
  ///
  /// - Parameters:
  ///   - server: which one, and whether it is up and since which of its starts, when asked.
  ///   - failure: what the caller is told of a call that was lost, and may have been carried out.
  func carry<Value: Sendable, Failure: Error>(
    from program: Program, to server: Program.Server, of epoch: @escaping @Sendable () -> Int?,
    failure: (String) -> Failure, _ call: @escaping @Sendable () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let odds = odds.withLock(\.self)
    guard program.isAlive else {
      // What is left of it must not turn in circles before it ends.
      await engine.delay(for: .seconds(1))
      throw failure("the program is dead")
    }
    await program.thaw()
    await travel(odds)
    guard let start = epoch(), program.reaches(server), !engine.happens(onceIn: odds.lostRequest) else {
      await engine.delay(for: engine.duration(.milliseconds(1), .seconds(2)))
      throw failure("the request was lost")
    }
    if engine.happens(onceIn: odds.straggler) {
      straggle(epoch, call)
      throw failure("the connection broke")
    }
    engine.note(program.number)
    let answer: Result<Value, Failure>
    do throws(Failure) { answer = .success(try await call()) } catch { answer = .failure(error) }
    await travel(odds)
    guard epoch() == start, program.reaches(server), !engine.happens(onceIn: odds.lostAnswer) else {
      throw failure("the answer was lost")
    }
    await program.thaw()
    guard program.isAlive else { throw failure("the program is dead") }
    engine.note(program.number)
    return try answer.get()
  }

  private func travel(_ odds: Odds) async {
    let most: Duration = engine.happens(onceIn: odds.slow) ? .seconds(3) : .milliseconds(5)
    await engine.delay(for: engine.duration(.microseconds(20), most))
  }

  private func straggle<Value: Sendable, Failure: Error>(
    _ epoch: @escaping @Sendable () -> Int?, _ call: @escaping @Sendable () async throws(Failure) -> Value
  ) {
    let (engine, start) = (engine, epoch())
    let wait = engine.duration(.milliseconds(1), .seconds(5))
    Task(executorPreference: engine) {
      await engine.delay(for: wait)
      guard epoch() == start else { return }
      engine.note(0)
      _ = try? await call()
    }
  }
}
