package import StrataCore
package import StrataLedger
package import StrataQueue
package import StrataRuntime

/// Has jobs end whose owners have had them cancelled in the ledger: those that wait are taken out of the queue, those that run
/// are told to stop.
package struct Cancellation: Sendable {
  private let ledger: any JobLedger
  private let queue: any JobQueue
  private let entrance: Entrance
  private let settler: Settler
  private let log: Log

  package init(
    ledger: any JobLedger, queue: any JobQueue, entrance: Entrance, settler: Settler, log: Log = .silent
  ) {
    self.ledger = ledger
    self.queue = queue
    self.entrance = entrance
    self.settler = settler
    self.log = log
  }

  /// What cannot be done now is left to whoever leads.
  package func carryOut(_ jobs: [JobID]) async {
    let unknown = await takeOut(jobs)
    if !unknown.isEmpty { await end(unknown) }
  }

  /// Ends those that the queue does not hold and that have not ended: they are blocked, or not enqueued yet. Where that
  /// fails, whoever leads does it.
  private func end(_ unknown: [JobID]) async {
    do {
      let states = try await ledger.states(of: unknown)
      let open = unknown.filter { states[$0]?.isFinal == false }
      guard !open.isEmpty else { return }
      try await settler.settleCancelled(open)
      // If one has been enqueued meanwhile, it leaves again; the settler finds it settled.
      _ = try await queue.cancel(open)
    } catch {
      log.warning("cancellations are carried out later", ["jobs": "\(unknown.count)", "error": "\(error)"])
    }
  }

  /// Tells the queue. What it cannot be told now, and what is on its way into it, is seen to by whoever leads.
  ///
  /// - Returns: those that it does not hold, and whose ends, where they have ended, are settled: none where that could not be
  ///   seen to. Work that is done is charged.
  @discardableResult
  package func takeOut(_ jobs: [JobID]) async -> [JobID] {
    guard !jobs.isEmpty else { return [] }
    var unknown: [JobID] = []
    do {
      for start in stride(from: 0, to: jobs.count, by: Self.cancelMax) {
        let some = Array(jobs[start..<min(start + Self.cancelMax, jobs.count)])
        for (job, answer) in zip(some, try await queue.cancel(some)) where answer == .unknown {
          entrance.noteCancelled(job)
          unknown.append(job)
        }
      }
      // What was taken out, and what has ended already, is settled before anybody looks.
      try await settler.drain()
      return unknown
    } catch {
      log.warning("cancellations are carried out later", ["jobs": "\(jobs.count)", "error": "\(error)"])
      return []
    }
  }

  /// Jobs cancelled by one call of the queue.
  private static let cancelMax = 500
}
