package import StrataAPI
import StrataCore

package enum TierText {
  package static func table(_ tiers: [TierView]) -> String {
    var table = Table(
      "TIER", "WORKERS", "SLOTS", "FREE", "ROOM", "FREE OF IT", "LARGEST", "WAITING", "RUNNING", "SCHEDULED", "")
    for tier in tiers {
      table.add(
        tier.name.rawValue, "\(tier.workers)", "\(tier.slots)", "\(tier.slotsFree)", tier.room.inWords,
        tier.free.inWords, tier.largestRequest?.inWords ?? "-", "\(tier.waiting)", "\(tier.running)",
        "\(tier.scheduled)", marks(tier))
    }
    return table.text
  }

  /// A line for each: tabs between, `-` for what is not said.
  package static func lines(_ tiers: [TierView]) -> String {
    tiers.map { tier in
      let largest = tier.largestRequest.map { ["\($0.cpuMillicores)", "\($0.memoryBytes)", "\($0.gpuThousandths)"] }
      let columns = [
        tier.name.rawValue, "\(tier.workers)", "\(tier.slots)", "\(tier.slotsFree)", "\(tier.room.cpuMillicores)",
        "\(tier.room.memoryBytes)", "\(tier.room.gpuThousandths)", "\(tier.free.cpuMillicores)",
        "\(tier.free.memoryBytes)", "\(tier.free.gpuThousandths)", "\(tier.waiting)", "\(tier.running)",
        "\(tier.scheduled)", tier.runningMax.map { "\($0)" } ?? "-", tier.isPaused ? "paused" : "-",
        "\(tier.dedicated)",
      ]
      return (columns + (largest ?? ["-", "-", "-"])).joined(separator: "\t")
    }.joined(separator: "\n")
  }

  /// What jobs may ask for of a tier, and what it costs.
  package static func terms(_ tier: TierView) -> String {
    let sizes =
      tier.offers.isEmpty
      ? "none: it takes no jobs until a worker comes or a size is declared"
      : tier.offers.reversed().map(\.inWords).joined(separator: "; ")
    var lines = [
      "tier            \(tier.name)", "declared size   \(tier.declaredSize?.inWords ?? "none")",
      "a job may ask   \(sizes)",
    ]
    if let rates = tier.rates {
      func euro(_ micros: Int64?) -> String { MicroEuro(micros: micros ?? 0).description }
      lines.append(
        "EUR an hour     \(euro(rates.cpuHour)) a core, \(euro(rates.memoryGibibyteHour)) a GiB, "
          + "\(euro(rates.wallHour)) a slot")
    }
    return lines.joined(separator: "\n")
  }

  private static func marks(_ tier: TierView) -> String {
    let dedicated = tier.dedicated > 0 ? ["\(tier.dedicated) dedicated"] : []
    let limit =
      tier.runningMax != nil || tier.isPaused
      ? [RunningMaxWord.text(tier.runningMax, isPaused: tier.isPaused, rate: tier.rate)] : []
    return (dedicated + limit).joined(separator: ", ")
  }
}
