package import StrataLedger
package import StrataQueue
package import StrataRuntime
import Synchronization

/// Keeps a `TierBook` as the ledger is, and the ledger as the workers are.
///
/// One reading at a time: what is asked for while one is under way is done together by the next.
package final class TierWatch: Sendable {
  private enum Wish { case read, look }

  package let book: TierBook
  private let limits: TierLimits
  private let log: Log
  private let readings: Batcher<Wish, LedgerError?>

  package init(
    book: TierBook, ledger: Ledger, queue: any JobQueue, limits: TierLimits = TierLimits(), log: Log = .silent
  ) {
    self.book = book
    self.limits = limits
    self.log = log
    let lastLook = Mutex<ContinuousClock.Instant?>(nil)
    readings = Batcher { wishes in
      let isLook = wishes.contains(.look)
      if isLook {
        let last = lastLook.withLock { $0 }
        // Cancelled or not, who asked is answered.
        if let last { try? await Task.sleep(until: last + limits.lookGap) }
        lastLook.withLock { $0 = .now }
      }
      do throws(LedgerError) {
        book.replace(try await Self.reading(ledger, isLook ? queue : nil, limits).map(TierDefinition.init))
        return wishes.map { _ in nil }
      } catch {
        return wishes.map { _ in error }
      }
    }
  }

  /// Reads the ledger.
  package func read() async throws(LedgerError) { try await carryOut(.read) }

  /// Looks which workers live, notes in the ledger what they have, and reads it. What cannot be seen of the queue while it
  /// is away is left as it is known. Takes up to `TierLimits.lookGap`.
  package func look() async throws(LedgerError) { try await carryOut(.look) }

  /// Reads the ledger regularly, until the task is cancelled.
  package func run() async { await repeating { () async throws(LedgerError) in try await self.read() } }

  /// Looks at the workers regularly, until the task is cancelled: for the leader.
  package func runLooks() async { await repeating { () async throws(LedgerError) in try await self.look() } }

  private func carryOut(_ wish: Wish) async throws(LedgerError) {
    if let error = await readings.submit(wish) { throw error }
  }

  private func repeating(_ step: () async throws(LedgerError) -> Void) async {
    while !Task.isCancelled {
      do throws(LedgerError) { try await step() } catch {
        log.info("tiers are read later", ["error": "\(error)"])
      }
      try? await Task.sleep(for: limits.interval)
    }
  }

  /// - Parameter queue: nil looks at no workers.
  private static func reading(
    _ ledger: Ledger, _ queue: (any JobQueue)?, _ limits: TierLimits
  ) async throws(LedgerError) -> [StoredTier] {
    let tiers = try await ledger.tiers(seenWithin: limits.workerMemory)
    guard let room = try? await queue?.room() else { return tiers }
    let new = room.sightings(missingIn: tiers, olderThan: limits.noteAge)
    guard !new.isEmpty else { return tiers }
    try await ledger.note(new)
    return try await ledger.tiers(seenWithin: limits.workerMemory)
  }
}
