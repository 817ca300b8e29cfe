import StrataCore

/// The tiers that a worker serves, as `worker` and `up` take them.
enum WorkerTiers {
  static let standard: [TierName] = [.cpu]

  static func option(_ summary: String) -> OptionDefinition {
    .option("tier", "NAME", "\(summary) [cpu]", repeats: true)
  }

  /// In order of preference, each once.
  static func read(_ arguments: Arguments) throws(UsageError) -> [TierName] {
    var tiers: [TierName] = []
    for name in arguments.all("tier") {
      guard let tier = TierName(rawValue: name) else {
        throw UsageError(
          "'\(name)' cannot be a tier's name: use 1 to 32 letters a–z, digits and '-', a letter first",
          command: arguments.command)
      }
      guard !tiers.contains(tier) else {
        throw UsageError("tier '\(name)' was given twice", command: arguments.command)
      }
      tiers.append(tier)
    }
    return tiers.isEmpty ? standard : tiers
  }

  /// The words of a command line that `read` reads the same tiers from.
  static func words(_ tiers: [TierName]) -> [String] {
    tiers == standard ? [] : tiers.flatMap { ["--tier", $0.rawValue] }
  }
}
