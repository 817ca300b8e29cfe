public import StrataCore
public import StrataRuntime
import Synchronization

/// The wall clock of the ledger's server, as a controller knows it. By it count delays, deadlines and schedules, so that it
/// makes no difference which controller accepts a job, nor whether somebody sets the clock of its machine.
///
/// It is looked at now and then, and counted on in between by a clock that nobody sets: nothing that is decided by it costs
/// an exchange with the server. It is wrong by half of the shortest time, of late, that an answer took.
public final class LedgerClock: Sendable {
  /// How often it is looked at: how long it may go unseen that it was set, or that another server has taken over.
  public static let interval = Duration.seconds(5)
  /// It is asked again at once where an answer takes longer, as one does for which a connection has to be made, …
  static let patience = Duration.milliseconds(100)
  /// … so many times in all.
  static let asksMax = 3

  private let ask: @Sendable () async throws(LedgerError) -> Timestamp?
  private let time: Timekeeper
  private let log: Log
  private let reading = Mutex<ClockReading?>(nil)

  public convenience init(of ledger: Ledger, log: Log = .silent, time: Timekeeper = .system) {
    self.init(log: log, time: time) { () async throws(LedgerError) in try await ledger.readClock() }
  }

  /// - Parameter ask: has the server's clock looked at.
  package init(
    log: Log = .silent, time: Timekeeper, ask: @escaping @Sendable () async throws(LedgerError) -> Timestamp?
  ) {
    self.log = log
    self.time = time
    self.ask = ask
  }

  /// This machine's own until the server has been asked.
  public var clock: WallClock {
    WallClock { [self] in reading.withLock { $0?.now(at: time.now) } ?? time.wall.now }
  }

  /// Asks the server.
  public func look() async throws(LedgerError) {
    var best: ClockReading?
    for _ in 0..<Self.asksMax {
      let asked = time.now
      guard let said = try await ask() else { break }
      let new = ClockReading(said, asked: asked, heard: time.now)
      if best.map({ new.width < $0.width }) ?? true { best = new }
      if new.width <= Self.patience { break }
    }
    guard let best else { return }
    reading.withLock { $0 = $0?.improved(by: best) ?? best }
  }

  /// Keeps it right until the task is cancelled. While the server is away it counts on.
  public func run() async {
    while !Task.isCancelled {
      await time.pause(Self.interval)
      do throws(LedgerError) { try await look() } catch {
        log.debug("the ledger's clock could not be looked at", ["error": "\(error)"])
      }
    }
  }
}

extension Ledger {
  /// The time by the server's clock, in microseconds.
  func readClock() async throws(LedgerError) -> Timestamp? {
    try await read(Query.readClock()) { row throws(PostgreSQLError) in try row.timestamp() }.first
  }
}
