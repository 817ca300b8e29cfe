package import StrataAPI
package import StrataCore

extension Command {
  static let jobs = Command(
    name: "jobs", summary: "List jobs, newest first",
    details: """
      Each option leaves those for which it is true. What a job of a schedule is called without a name is the schedule.

      Examples: strata jobs --state queued,running --label project=survey-12
                strata jobs --since 24h --state failed --limit all
      """,
    options: [
      .option("state", "NAME", "only those in this state; several with commas: queued,running")
    ] + JobFilterOptions.all + [
      .ofTenant, .flag("all-tenants", "those of all (operators)"),
      .option("limit", "N|all", "how many [20]"),
      .option("cursor", "CURSOR", "go on where a list has ended: the next_cursor of its --json"), .dataDirectory, .json,
    ],
    run: { arguments in
      try await JobList(arguments, batch: JobOptions.batch(arguments)).show(on: try Server(arguments))
      return .done
    })
}

/// The options by which `strata jobs`, `strata retry` and `strata cancel` tell which jobs are meant.
enum JobFilterOptions {
  static let all: [OptionDefinition] = [
    .option("name", "TEXT", "only those called so; TEXT* for all whose names begin so"),
    .option("label", "NAME=VALUE", "only those with this label", repeats: true),
    .option("capability", "NAME", "only those submitted under this name"),
    .option("tier", "NAME", "only those submitted for this tier"),
    .option("code", "CODE", "only those whose error has this code"),
    .option("batch", "ID", "only those of this batch; ID may be shortened as in 'strata job'"),
    .option("schedule", "NAME", "only those that this schedule made"),
    .option("since", "INSTANT|TIME", "only those accepted since then, or since so long ago"),
    .option("until", "INSTANT|TIME", "only those accepted before"),
  ]

  /// Jobs of one request of `strata retry` and `strata cancel`, each of which is kept short.
  static let bulkMax = 500

  /// What these ask for.
  static func request(_ arguments: Arguments) async throws -> BulkJobRequest {
    BulkJobRequest(
      capability: arguments["capability"], name: arguments["name"], labels: try LabelWords.read(arguments),
      tier: arguments["tier"], batch: try await JobOptions.batch(arguments), schedule: arguments["schedule"],
      since: try instant("since", arguments), until: try instant("until", arguments), code: arguments["code"],
      dryRun: arguments.has("dry-run") ? true : nil)
  }

  /// Thirty years: nothing was accepted before.
  private static let agoSecondsMax: Int64 = 30 * 366 * 86_400

  /// As the API takes it.
  static func instant(_ name: String, _ arguments: Arguments) throws(UsageError) -> String? {
    guard let text = arguments[name] else { return nil }
    if Timestamp(text: text) != nil { return text }
    guard let ago = try? Quantity.seconds(text, of: "--\(name)") else {
      throw UsageError(
        "--\(name) takes an instant with its offset, such as 2026-11-21T06:15:00Z, or how long ago, such as 24h, not"
          + " '\(text)'", command: arguments.command)
    }
    return (Timestamp.now + .seconds(-min(ago, agoSecondsMax))).text
  }
}

/// One use of `strata jobs`.
private struct JobList {
  private let arguments: Arguments
  private let query: [(name: String, value: String)]
  private let limit: Int

  init(_ arguments: Arguments, batch: BatchID?) throws(UsageError) {
    self.arguments = arguments
    if arguments.has("tenant"), arguments.has("all-tenants") {
      throw UsageError("give --tenant or --all-tenants, not both", command: "jobs")
    }
    limit = try arguments.limit(usual: 20)
    if let text = arguments["state"] { try Self.check(states: text) }
    var query = arguments.query("state", "name", "capability", "tier", "code", "schedule", "tenant")
    if let batch { query.append((name: "batch", value: batch.description)) }
    for (name, value) in try LabelWords.read(arguments) ?? [:] {
      query.append((name: "label", value: "\(name)=\(value)"))
    }
    for name in ["since", "until"] {
      if let value = try JobFilterOptions.instant(name, arguments) { query.append((name: name, value: value)) }
    }
    if arguments.has("all-tenants") { query.append((name: "tenant", value: "*")) }
    self.query = query
  }

  /// To a pipe page by page, so that a list of any length takes no memory.
  func show(on server: Server) async throws {
    let tenants = try await tenantNames(on: server)
    let isStreamed = !arguments.has("json") && !Terminal.isOutputInteractive
    var (jobs, count): ([JobView], Int) = ([], 0)
    let next = try await server.pages(
      ["v1", "jobs"], query: query, from: arguments["cursor"], limit: limit
    ) { (page: Page<JobView>) in
      count += page.items.count
      if !isStreamed {
        jobs += page.items
      } else if !page.items.isEmpty {
        Terminal.print(JobTable.of(page.items, tenants), none: "")
      }
    }
    if arguments.has("json") {
      Terminal.print(try JSONText.of(Page(items: jobs, nextCursor: next)))
    } else if count == 0 || !isStreamed {
      if count == 0 { try await CapabilityNames.require(arguments["capability"], on: server) }
      Terminal.print(JobTable.of(jobs, tenants), none: "no jobs")
    }
    if next != nil, !isStreamed, !arguments.has("json") {
      Terminal.note("strata: there are more; --limit says how many to list, --limit all lists them all")
    }
  }

  /// Where they are told of, by their identifiers.
  private func tenantNames(on server: Server) async throws -> [TenantID: String]? {
    guard arguments.has("all-tenants") else { return nil }
    let tenants: [TenantView] = try await server.get("/v1/tenants")
    return Dictionary(tenants.map { ($0.id, $0.name) }) { first, _ in first }
  }

  private static func check(states text: String) throws(UsageError) {
    for name in text.split(separator: ",", omittingEmptySubsequences: false)
    where JobState(rawValue: String(name)) == nil {
      let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("there is no state '\(name)', only \(known)", command: "jobs")
    }
  }
}

/// Jobs as a list tells them.
package enum JobTable {
  /// With the reason of each, last, since it may be long.
  ///
  /// - Parameter tenants: their names, where it is told whose each job is.
  package static func of(_ jobs: [JobView], _ tenants: [TenantID: String]? = nil) -> Table {
    let columns = ["JOB", "STATE", "NAME", "CAPABILITY", "CREATED (UTC)", "CHARGED", "REASON"]
    var table = Table(tenants == nil ? columns : ["TENANT"] + columns)
    for job in jobs {
      let charged = job.state.isFinal ? MicroCredits(micros: job.chargedMicrocredits).description : "-"
      let cells = [
        job.id.description, job.state.rawValue, name(of: job), job.capability, String(job.createdAt.prefix(19)),
        charged,
        job.error.map { "\($0.code): \($0.message)" } ?? (job.isCancelRequested == true ? JobText.stopping : "-"),
      ]
      table.add(tenants.map { [$0[job.tenant] ?? job.tenant.description] + cells } ?? cells)
    }
    return table
  }

  /// What it is called, or the schedule that made it; with its index where it is a task.
  package static func name(of job: JobView) -> String {
    let name = job.name ?? job.schedule?.name
    guard let task = job.task else { return name ?? "-" }
    return "\(name ?? "")[\(task.index)]"
  }
}

/// What a list is asked for that may be misspelt.
enum CapabilityNames {
  /// - Throws: `notFound` for a name under which nothing can be submitted, so that a list that is empty for it is not
  ///   believed.
  static func require(_ name: String?, on server: Server) async throws {
    guard let name else { return }
    let all: [CapabilityView] = try await server.get("/v1/capabilities")
    guard all.contains(where: { $0.name == name }) else { throw missing(name, among: all) }
  }

  static func missing(_ name: String, among all: [CapabilityView]) -> StrataError {
    let near = Spelling.nearest(to: name, among: all.map(\.name))
    return StrataError(.notFound, "there is no capability '\(name)'", remedy: near.map { "did you mean '\($0)'?" })
  }
}
