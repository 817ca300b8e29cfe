import StrataAPI
import StrataCore

extension Command {
  static let capabilities = Command(
    name: "capabilities", arguments: "[NAME]", argumentsMax: 1,
    summary: "List what can be run, or explain one capability",
    options: [.dataDirectory, .json],
    run: { arguments in
      let all: [CapabilityView] = try await Server(arguments).get("/v1/capabilities")
      guard let name = arguments.positional.first else {
        if arguments.has("json") {
          Terminal.print(try JSONText.of(items: all))
        } else {
          Terminal.print(CapabilityText.table(of: all), none: "no capabilities")
        }
        return .done
      }
      guard let one = all.first(where: { $0.name == name }) else { throw CapabilityNames.missing(name, among: all) }
      Terminal.print(arguments.has("json") ? try JSONText.of(one) : CapabilityText.explanation(of: one))
      return .done
    })

  static let account = Command(
    name: "account", summary: "Show the credits granted, charged, held and available",
    options: [.ofTenant, .dataDirectory, .json],
    run: { arguments in
      let account: AccountView = try await Server(arguments).get("/v1/account", query: arguments.query("tenant"))
      if arguments.has("json") {
        Terminal.print(try JSONText.of(account))
        return .done
      }
      Terminal.print(
        """
        tenant     \(account.name) (\(account.plan))
        granted    \(MicroCredits(micros: account.limitMicrocredits)) credits
        charged    \(MicroCredits(micros: account.postedMicrocredits))
        held       \(MicroCredits(micros: account.heldMicrocredits))
        available  \(MicroCredits(micros: account.availableMicrocredits))
        """)
      return .done
    })
}

enum CapabilityText {
  static func table(of all: [CapabilityView]) -> Table {
    var table = Table("NAME", "TIER", "CREDITS", "SUMMARY")
    for one in all { table.add(one.name, one.tier.rawValue, price(of: one), one.summary) }
    return table
  }

  private static func price(of one: CapabilityView) -> String {
    let perSecond = one.price.perCPUSecond == .zero ? "" : " + \(one.price.perCPUSecond)/CPU s"
    let perMillion =
      one.price.perMillionUnits == .zero ? "" : " + \(one.price.perMillionUnits)/M \(one.meter?.unit ?? "units")"
    return "\(one.price.perJob)\(perSecond)\(perMillion)"
  }

  private static func priceInWords(of one: CapabilityView) -> String {
    let (price, unit) = (one.price, one.meter?.unit ?? "units")
    return "\(price.perJob) credits a job"
      + (price.perCPUSecond == .zero ? "" : " + \(price.perCPUSecond) a second of CPU")
      + (price.perMillionUnits == .zero ? "" : " + \(price.perMillionUnits) a million \(unit)")
  }

  /// How many, and the longest waits between them.
  private static func attempts(of one: CapabilityView) -> String {
    let waits = (1..<max(1, one.attemptsMax)).map { one.retry.delayCeiling(afterAttempt: $0).brief }
    guard let first = waits.first, let last = waits.last else { return "1" }
    let later = waits.count == 1 ? "" : ", at most \(last) before the last"
    return "up to \(one.attemptsMax), at most \(first) after the first\(later)"
  }

  static func explanation(of one: CapabilityView) -> String {
    var lines = [
      "\(one.name) — \(one.summary)", "",
      "price       \(priceInWords(of: one))", "tier        \(one.tier)",
      "inputs      \(one.inputsMin == one.inputsMax ? "\(one.inputsMin)" : "\(one.inputsMin) to \(one.inputsMax)") file\(one.inputsMax == 1 ? "" : "s")",
      "resources   \(one.resources.coresInWords), \(one.resources.memoryBytes.asBytes)",
      "timeout     \(one.timeoutSeconds) s",
      "attempts    \(attempts(of: one))",
    ]
    if let meter = one.meter {
      lines.append(
        "counts      \(meter.unit); \(meter.assumedMax) are held for where inputs are yet to be made (--units-max)")
    }
    if let parts = one.parts { lines.append("parts       up to \(parts.maximum), with --split") }
    if one.name != one.implementation { lines.insert("runs        \(one.implementation)", at: 2) }
    if !one.parameters.isEmpty { lines += ["", "Parameters:"] }
    lines += one.parameters.flatMap { Self.lines(of: $0, indent: "  ") }
    return lines.joined(separator: "\n")
  }

  private static func lines(of parameter: ParameterDefinition, indent: String) -> [String] {
    let fallback = parameter.defaultValue.map { " [\($0)]" } ?? (parameter.isRequired ? " (required)" : "")
    let head = "\(parameter.name.padded(to: 12)) \(parameter.kind.rawValue.padded(to: 8))"
    var lines = ["\(indent)\(head) \(parameter.summary)\(fallback)"]
    if !parameter.choices.isEmpty {
      lines.append("\(indent)\("".padded(to: 21)) one of: \(parameter.choices.joined(separator: ", "))")
    }
    for variant in parameter.variants {
      lines += ["", "\(indent)\(parameter.selector ?? "") \(variant.name) — \(variant.summary)"]
      lines += variant.parameters.flatMap { Self.lines(of: $0, indent: indent + "  ") }
    }
    return lines
  }
}
