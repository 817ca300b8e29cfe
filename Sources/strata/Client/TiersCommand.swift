import StrataAPI
import StrataCore

extension Command {
  static let tiers = Command(
    name: "tiers", arguments: "[set NAME | remove NAME]", argumentsMax: 2,
    summary: "Show the tiers: their workers and room, what waits and runs; say what one has and costs",
    details: """
      A tier comes to be when a worker serves it, or with 'set'. A job may ask for what one of its workers has that was
      seen in the last day, or for what 'set' says that one will have. LARGEST is the greatest of these. Slots are those
      that run jobs of a tier, and those whose workers wait for more. Room is what its workers have when nothing runs.
      'strata queue pause|resume|limit tier NAME' says what may start. For operators.

      set     declares the size of workers that have not started yet, as of a pool that grows when jobs wait, and what the
              tier's workers cost; what is not given stays as it is, and a size is given whole
      remove  forgets its declared size and the sizes seen; not while a worker serves it or jobs of it have not ended

      Examples: strata tiers set gpu --cpu 16 --memory 64G --gpu 2 --wall-hour 1.9
                strata tiers set gpu --no-size
                strata tiers remove gpu
      """,
    options: TierAction.options + [.dataDirectory, .json],
    run: { arguments in
      let action = TierAction(arguments: arguments)
      switch (arguments.positional.first, arguments.positional.count) {
      case (nil, _):
        try action.requireNoChange()
        return try await action.list()
      case ("set", 2): return try await action.set(arguments.positional[1])
      case ("remove", 2):
        try action.requireNoChange()
        return try await action.remove(arguments.positional[1])
      default: throw UsageError("expected 'set NAME', 'remove NAME' or nothing", command: "tiers")
      }
    })
}

/// The actions of `strata tiers`.
struct TierAction {
  static let options: [OptionDefinition] = [
    .option("cpu", "CORES", "declares what a worker will have (set)"),
    .option("memory", "SIZE", "the same of memory, such as 64G (set)"),
    .option("gpu", "COUNT", "the same of GPUs (set) [none: a size is given whole]"),
    .flag("no-size", "declares nothing any more (set)"),
    .option("cpu-hour", "EUR", "what an hour of a core's time costs (set)"),
    .option("memory-hour", "EUR", "what an hour of one GiB of memory costs (set)"),
    .option("wall-hour", "EUR", "what an hour of one slot costs (set)"),
  ]

  let arguments: Arguments

  func list() async throws -> ExitStatus {
    let tiers: [TierView] = try await Server(arguments).get("/v1/tiers")
    if arguments.has("json") {
      Terminal.print(try JSONText.of(items: tiers))
    } else {
      Terminal.print(Terminal.isOutputInteractive ? TierText.table(tiers) : TierText.lines(tiers))
    }
    return .done
  }

  func set(_ name: String) async throws -> ExitStatus {
    let patch = try patch()
    let tier: TierView = try await Server(arguments).patch(["v1", "tiers", name], patch)
    Terminal.print(arguments.has("json") ? try JSONText.of(tier) : TierText.terms(tier))
    return .done
  }

  func remove(_ name: String) async throws -> ExitStatus {
    let tier: TierView = try await Server(arguments).delete(["v1", "tiers", name])
    Terminal.print(arguments.has("json") ? try JSONText.of(tier) : "tier '\(tier.name)' is removed")
    return .done
  }

  func requireNoChange() throws(UsageError) {
    guard let stray = Self.options.first(where: { arguments.has($0.name) }) else { return }
    throw UsageError("--\(stray.name) is for 'strata tiers set NAME'", command: "tiers")
  }

  private func patch() throws -> TierPatch {
    var patch = TierPatch(declaredSize: try size())
    let rates = TierRatesView(
      cpuHour: try rate("cpu-hour"), memoryGibibyteHour: try rate("memory-hour"), wallHour: try rate("wall-hour"))
    if rates != TierRatesView() { patch.rates = rates }
    return patch
  }

  private func rate(_ name: String) throws(UsageError) -> Int64? {
    guard let text = arguments[name] else { return nil }
    return try Quantity.millionthsOrNone(text, of: "--\(name)")
  }

  private func size() throws -> ResourceRequest?? {
    let isSaid = ["cpu", "memory", "gpu"].contains(where: arguments.has)
    if arguments.has("no-size") {
      guard !isSaid else { throw UsageError("--no-size is to declare none; leave the size out", command: "tiers") }
      return .some(nil)
    }
    guard isSaid else { return nil }
    guard let cpu = arguments["cpu"], let memory = arguments["memory"] else {
      throw UsageError("a size has CPU and memory: give --cpu and --memory together", command: "tiers")
    }
    return .some(
      ResourceRequest(
        cpuMillicores: try Quantity.thousandths(cpu, of: "--cpu"),
        memoryBytes: try Quantity.bytes(memory, of: "--memory"),
        gpuThousandths: try arguments["gpu"].map { try Quantity.thousandthsOrNone($0, of: "--gpu") } ?? 0))
  }
}
