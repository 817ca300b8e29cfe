import StrataAPI
import StrataCore

/// Other ways to run a job, as `--or` takes them: `tier=gpu,gpu=2`.
enum AlternativeWords {
  static let option = OptionDefinition.option(
    "or", "WAY", "run it so where it cannot run as asked: tier=gpu,gpu=2 (tier, cpu, memory, gpu)", repeats: true)

  /// - Returns: nil where none is given.
  static func read(_ arguments: Arguments) throws(UsageError) -> [JobRequest.Alternative]? {
    let words = arguments.all("or")
    return words.isEmpty ? nil : try words.map(alternative)
  }

  private static func alternative(_ text: String) throws(UsageError) -> JobRequest.Alternative {
    var (alternative, resources) = (JobRequest.Alternative(), JobRequest.ResourceOverride())
    var named: Set<Substring> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[1].isEmpty else { throw unreadable(part, in: text) }
      let (name, value) = (sides[0], String(sides[1]))
      guard named.insert(name).inserted else { throw UsageError("--or \(text) says '\(name)' twice") }
      switch name {
      case "tier":
        guard TierName(rawValue: value) != nil else { throw UsageError("'\(value)' cannot be a tier's name") }
        alternative.tier = value
      case "cpu": resources.cpuMillicores = try Quantity.thousandths(value, of: "cpu in --or")
      case "memory": resources.memoryBytes = try Quantity.bytes(value, of: "memory in --or")
      case "gpu": resources.gpuThousandths = try Quantity.thousandthsOrNone(value, of: "gpu in --or")
      default: throw unreadable(part, in: text)
      }
    }
    alternative.resources = resources.unlessEmpty
    return alternative
  }

  private static func unreadable(_ part: Substring, in text: String) -> UsageError {
    UsageError("--or \(text): '\(part)' is none of tier=NAME, cpu=CORES, memory=SIZE and gpu=COUNT")
  }
}
