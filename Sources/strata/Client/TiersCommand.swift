package import StrataAPI
import StrataCore

extension Command {
  static let tiers = Command(
    name: "tiers", summary: "Show the tiers: their workers and room, what waits and runs, limits",
    details: """
      Slots are the jobs that a tier's workers would run at once. Room is what they have: what is free, and what the jobs
      that run occupy. 'strata queue pause|resume|limit tier NAME' says what may start. For operators.

      Example: strata tiers --json
      """,
    options: [.dataDirectory, .json],
    run: { arguments in
      let tiers: [TierView] = try await Server(arguments).get("/v1/tiers")
      if arguments.has("json") {
        Terminal.print(try JSONText.of(tiers))
      } else {
        Terminal.print(Terminal.isOutputInteractive ? TierText.table(tiers) : TierText.lines(tiers))
      }
      return .done
    })
}

package enum TierText {
  package static func table(_ tiers: [TierView]) -> String {
    var table = Table("TIER", "WORKERS", "SLOTS", "FREE", "ROOM", "FREE OF IT", "WAITING", "RUNNING", "SCHEDULED", "")
    for tier in tiers {
      table.add(
        tier.name.rawValue, "\(tier.workers)", "\(tier.slots)", "\(tier.slotsFree)", tier.room.inWords,
        tier.free.inWords, "\(tier.waiting)", "\(tier.running)", "\(tier.scheduled)", marks(tier))
    }
    return table.text
  }

  /// A line for each: tabs between, `-` for what is not said.
  package static func lines(_ tiers: [TierView]) -> String {
    tiers.map { tier in
      [
        tier.name.rawValue, "\(tier.workers)", "\(tier.slots)", "\(tier.slotsFree)", "\(tier.room.cpuMillicores)",
        "\(tier.room.memoryBytes)", "\(tier.room.gpuThousandths)", "\(tier.free.cpuMillicores)",
        "\(tier.free.memoryBytes)", "\(tier.free.gpuThousandths)", "\(tier.waiting)", "\(tier.running)",
        "\(tier.scheduled)", tier.runningMax.map { "\($0)" } ?? "-", tier.isPaused ? "paused" : "-",
        "\(tier.dedicated)",
      ].joined(separator: "\t")
    }.joined(separator: "\n")
  }

  private static func marks(_ tier: TierView) -> String {
    let dedicated = tier.dedicated > 0 ? ["\(tier.dedicated) dedicated"] : []
    let limit =
      tier.runningMax != nil || tier.isPaused
      ? [RunningMaxWord.text(tier.runningMax, isPaused: tier.isPaused, rate: tier.rate)] : []
    return (dedicated + limit).joined(separator: ", ")
  }
}
