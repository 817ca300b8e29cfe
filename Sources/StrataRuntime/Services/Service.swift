public import StrataCore

/// A part of the running system that is started and stopped.
public protocol Service: Sendable {
  /// For messages and logs.
  var name: String { get }

  /// Returns once the service does its work, so that what is started next may use it.
  func start() async throws(StrataError)

  /// Ends it and returns once it is gone. Safe to call twice, and before a start.
  func stop() async
}

/// Services that depend on one another, in the order in which they are started: once.
public actor ServiceTree {
  private let services: [any Service]
  private let log: Log
  /// How many from the front have been started and not stopped.
  private var startedCount = 0
  private var isStopWanted = false

  /// - Parameter services: each may use those before it.
  public init(_ services: [any Service], log: Log = .silent) {
    self.services = services
    self.log = log
  }

  /// Starts all in order. If one cannot start, those before it are stopped again, last first.
  ///
  /// - Throws: the service's error; `cancelled` when a stop came before or in between.
  public func start() async throws(StrataError) {
    guard !isStopWanted else { throw Self.givenUp }
    while startedCount < services.count {
      let service = services[startedCount]
      let began = ContinuousClock.now
      // Counted before it is up: a service that failed half-way must be stopped as well.
      startedCount += 1
      do throws(StrataError) {
        try await service.start()
        try await endIfStopWanted(service)
        log.info("started", ["service": service.name, "ms": "\((ContinuousClock.now - began).milliseconds)"])
      } catch {
        if error.code == .cancelled {
          log.info("start given up", ["service": service.name])
        } else {
          log.error("could not start", ["service": service.name, "error": error.description])
        }
        await stop()
        throw error
      }
    }
  }

  /// A stop that came while the service was on its way up may have found nothing to stop yet.
  private func endIfStopWanted(_ service: any Service) async throws(StrataError) {
    guard isStopWanted else { return }
    await service.stop()
    throw Self.givenUp
  }

  private static var givenUp: StrataError {
    StrataError(.cancelled, "the start was given up, since a stop was asked for")
  }

  /// Stops all that were started, last first, and for good. Safe to call twice, and before the start.
  public func stop() async {
    isStopWanted = true
    while startedCount > 0 {
      startedCount -= 1
      let service = services[startedCount]
      await service.stop()
      log.info("stopped", ["service": service.name])
    }
  }
}
