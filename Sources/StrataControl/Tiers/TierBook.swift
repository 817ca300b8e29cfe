package import StrataCore
import Synchronization

/// What this controller knows of the tiers: as the ledger had them when it was read last.
package final class TierBook: Sendable {
  private let known: Mutex<[TierName: TierDefinition]>

  /// - Parameter tiers: what is known before the ledger is read.
  package init(_ tiers: [TierDefinition] = []) { known = Mutex(Self.byName(tiers)) }

  package var tiers: [TierName: TierDefinition] { known.withLock { $0 } }

  package var inOrder: [TierDefinition] { tiers.values.sorted { $0.name.rawValue < $1.name.rawValue } }

  func replace(_ tiers: [TierDefinition]) {
    let tiers = Self.byName(tiers)
    known.withLock { $0 = tiers }
  }

  private static func byName(_ tiers: [TierDefinition]) -> [TierName: TierDefinition] {
    Dictionary(tiers.map { ($0.name, $0) }) { _, last in last }
  }
}
