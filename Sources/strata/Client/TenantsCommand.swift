import StrataAPI
import StrataCore

extension Command {
  static let tenants = Command(
    name: "tenants", arguments: "[create NAME | set NAME]", argumentsMax: 2,
    summary: "List the tenants, make one, or say what share of the workers one gets",
    details: """
      create  makes one, with --credits to spend ('strata ledger grant' gives more) and no key yet: 'strata keys create
              laptop --tenant NAME' makes one. A name has letters, digits, '.', '_' and '-'
      set     changes the class, the weight or the limit of one

      All jobs of a higher class go before those of a lower one. Within a class tenants take turns by what they have used,
      and one of twice the weight gets twice as much. A new class is that of the jobs accepted from now on.

      For operators. Example: strata tenants set acme --class 6 --weight 200 --running-max 20
      """,
    options: [
      .option("class", "0…9", "its class [4]"), .option("weight", "1…10000", "its share within the class [100]"),
      .option("running-max", "COUNT", "the most of its jobs that run at once; 'none' for any number"),
      .option(
        "rate", "RATE", "the most of its jobs that start in a time, such as 10/s or 100/1h; 'none' for any number"),
      .option("burst", "COUNT", "the most that start at once [as many as in one period]"),
      .option("plan", "NAME", "the name of its plan (create) [local]"),
      .option("credits", "N", "credits that it may spend (create) [none]"),
      .dataDirectory, .json,
    ],
    run: { arguments in
      if arguments.positional.first != "create", arguments.has("plan") || arguments.has("credits") {
        throw UsageError("--plan and --credits are for 'strata tenants create'", command: "tenants")
      }
      let server = try Server(arguments)
      switch (arguments.positional.first, arguments.positional.count) {
      case (nil, _):
        guard try patch(arguments) == TenantPatch() else {
          throw UsageError("whose is to be set? say 'set NAME'", command: "tenants")
        }
        return try list(try await server.get("/v1/tenants"), arguments)
      case ("set", 2):
        let change = try patch(arguments)
        guard change != TenantPatch() else {
          throw UsageError("what is to be set? give --class, --weight, --running-max or --rate", command: "tenants")
        }
        let tenant: TenantView = try await server.patch(["v1", "tenants", arguments.positional[1]], change)
        if !arguments.has("json") { return try list([tenant], arguments) }
        Terminal.print(try JSONText.of(tenant))
        return .done
      case ("create", 2): return try await create(arguments.positional[1], arguments, on: server)
      default: throw UsageError("expected 'create NAME', 'set NAME' or nothing", command: "tenants")
      }
    })

  private static func create(_ name: String, _ arguments: Arguments, on server: Server) async throws -> ExitStatus {
    guard try patch(arguments) == TenantPatch() else {
      throw UsageError("a new tenant takes --plan and --credits; set the rest afterwards", command: "tenants")
    }
    let credits = try arguments["credits"].map { try Quantity.millionths($0, of: "--credits") } ?? 0
    let tenant: TenantView = try await server.post(
      "/v1/tenants", TenantRequest(name: name, plan: arguments["plan"], grantMicrocredits: credits))
    if arguments.has("json") {
      Terminal.print(try JSONText.of(tenant))
      return .done
    }
    Terminal.print(tenant.id.description)
    Terminal.note(
      """
      strata: tenant '\(tenant.name)' is made, with \(MicroCredits(micros: credits)) credits
        strata keys create laptop --tenant \(tenant.name)    makes a key for it
        strata ledger grant N --tenant \(tenant.name)        gives it more credits
      """)
    return .done
  }

  private static func patch(_ arguments: Arguments) throws(UsageError) -> TenantPatch {
    var patch = TenantPatch()
    patch.priorityClass = try arguments.integer("class", in: 0...9)
    patch.weight = try arguments.integer("weight", in: 1...10_000)
    if let text = arguments["running-max"] { patch.limit.runningMax = .some(try RunningMaxWord.read(text, "tenants")) }
    if let text = arguments["rate"] {
      let burst = try arguments.integer("burst", in: 1...Int(Int32.max))
      patch.limit.rate = .some(try RateWord.read(text, burst: burst, "tenants"))
    } else if arguments.has("burst") {
      throw UsageError("--burst needs --rate", command: "tenants")
    }
    return patch
  }

  private static func list(_ tenants: [TenantView], _ arguments: Arguments) throws -> ExitStatus {
    if arguments.has("json") {
      Terminal.print(try JSONText.of(items: tenants))
      return .done
    }
    var table = Table("NAME", "PLAN", "CLASS", "WEIGHT", "LIMIT")
    for tenant in tenants {
      table.add(
        tenant.name, tenant.plan, "\(tenant.priorityClass)", "\(tenant.weight)",
        RunningMaxWord.text(tenant.runningMax, isPaused: tenant.isPaused, rate: tenant.rate))
    }
    Terminal.print(table, none: "no tenants")
    return .done
  }
}
