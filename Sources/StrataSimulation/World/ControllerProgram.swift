import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// A controller: the real services that accept, settle and recover, each for itself under one leader.
struct ControllerProgram: Sendable {
  let program: Program
  private let ledger: LinkedLedger
  private let entrance: Entrance
  private let cancellation: Cancellation
  private let reconciler: Reconciler
  private let follower: FollowerWatch
  private let services: LeaderServices

  init(_ program: Program, world: World) {
    let (time, clock) = (program.time, world.engine.wall)
    let queue = LinkedQueue(program: program, server: world.queue, network: world.network)
    let ledger = LinkedLedger(program: program, server: world.ledger, network: world.network)
    let settler = Settler(ledger: ledger, queue: queue, lanes: LaneRule(clock: clock), time: time)
    let reconciler = Reconciler(ledger: ledger, queue: queue, settler: settler, time: time)
    var configuration = ControlPlane.Configuration(tiers: [])
    (configuration.time, configuration.clock) = (time, clock)
    self.program = program
    self.ledger = ledger
    self.reconciler = reconciler
    entrance = Entrance(
      ledger: ledger, queue: queue, settler: settler, reconciler: reconciler,
      room: AdmissionRoom(queue: queue, bounds: configuration.admission), time: time)
    cancellation = Cancellation(ledger: ledger, queue: queue, entrance: entrance, settler: settler)
    follower = FollowerWatch(
      ledger: ledger, queue: queue, settler: settler, patience: configuration.settlerSilenceMax,
      interval: configuration.followerInterval, log: .silent, time: time)
    services = LeaderServices(
      settler: settler, reconciler: reconciler, queue: queue, configuration: configuration)
  }

  func start() {
    program.start { [self] in
      await withTaskGroup { group in
        group.addTask { await entrance.retries.run() }
        group.addTask { await follower.run() }
        group.addTask { await leadForEver() }
        await group.waitForAll()
      }
    }
  }

  /// Leads whenever it may; as `ControlPlane` does with the lock of PostgreSQL.
  private func leadForEver() async {
    while !Task.isCancelled {
      guard await ledger.lead() else {
        await program.time.pause(.milliseconds(250))
        continue
      }
      await withTaskGroup { group in
        group.addTask { await services.run() }
        await ledger.endOfTerm()
        group.cancelAll()
      }
    }
  }

  /// The connection to the queue's server was made anew.
  func noteNewServer() { if program.isAlive { reconciler.request(.serverChanged) } }

  // MARK: Clients

  /// - Throws: where it is not known what became of it.
  func submit(_ submission: JobSubmission) async throws(LedgerError) -> AdmissionVerdict {
    try await entrance.submit(submission)
  }

  /// Cancels a job; the wish is committed first and holds.
  func cancel(_ job: JobID) async throws(LedgerError) {
    try await ledger.requestCancel(of: job)
    await cancellation.carryOut([job])
  }
}
