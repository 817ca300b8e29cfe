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

  private let ledger: Ledger
  private let time: Timekeeper
  private let log: Log
  private let reading = Mutex<ClockReading?>(nil)

  public init(of ledger: Ledger, log: Log = .silent, time: Timekeeper = .system) {
    self.ledger = ledger
    self.log = log
    self.time = time
  }

  /// This machine's own until the server has been asked.
  public var clock: WallClock {
    WallClock { [self] in reading.withLock { $0?.now(at: time.now) } ?? time.wall.now }
  }

  /// Asks the server.
  public func look() async throws(LedgerError) {
    let asked = time.now
    guard let said = try await ledger.readClock() else { return }
    let new = ClockReading(said, asked: asked, heard: time.now)
    reading.withLock { $0 = $0?.improved(by: new) ?? new }
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
