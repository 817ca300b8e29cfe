import StrataAPI
import StrataCore

extension Command {
  static let cancel = Command(
    name: "cancel", summary: "Cancel many jobs, newest first",
    details: """
      Jobs that have not ended and for which all is true that the options say; at least one of them, or --all. What waits is
      taken out of the queue, what runs is told to stop. 'strata job cancel ID' cancels one, 'strata array cancel ID' an
      array with those of its tasks that are not made yet.

      Example: strata cancel --label project=survey-12 --state queued --dry-run
      """,
    options: [
      .option("state", "NAME", "only those in this state: blocked, scheduled, queued or running; several with commas")
    ] + JobFilterOptions.all.filter { $0.name != "code" } + [
      .flag("all", "all that have not ended"), .ofTenant,
      .option("limit", "N|all", "how many [100]"), .flag("dry-run", "only list them"), .dataDirectory, .json,
    ],
    run: { arguments in
      var request = try await JobFilterOptions.request(arguments)
      request.state = arguments["state"]
      request.all = arguments.has("all") ? true : nil
      guard arguments.has("all") || request.isNarrowed else {
        throw UsageError("which jobs? give an option that says so, such as --label, or --all", command: "cancel")
      }
      let (limit, server) = (try arguments.limit(usual: 100), try Server(arguments))
      let (jobs, next) = try await cancel(request, limit, server, arguments.query("tenant"))
      if jobs.isEmpty { try await CapabilityNames.require(arguments["capability"], on: server) }
      if !arguments.has("dry-run") { try await tellOfArrays(jobs, server) }
      if arguments.has("json") {
        Terminal.print(try JSONText.of(Page(items: jobs, nextCursor: next)))
      } else {
        Terminal.print(JobTable.of(jobs), none: "nothing to cancel")
        if next != nil { Terminal.note("strata: there are more; --limit says how many, --limit all means them all") }
      }
      return .done
    })

  /// Arrays that are looked at for tasks to come.
  private static let arraysMax = 20

  /// Their next tasks are made, as those that were cancelled make place for them.
  private static func tellOfArrays(_ jobs: [JobView], _ server: Server) async throws {
    for id in Set(jobs.compactMap(\.task?.array)).sorted().prefix(arraysMax) {
      let array: ArrayView = try await server.get(["v1", "arrays", id.description])
      guard array.pending > 0 else { continue }
      Terminal.note(
        "strata: array \(id) goes on: \(array.pending.counted("task")) of it not made yet; 'strata array cancel \(id)' stops it"
      )
    }
  }

  private static func cancel(
    _ request: BulkJobRequest, _ limit: Int, _ server: Server, _ query: [(name: String, value: String)]
  ) async throws -> (jobs: [JobView], next: String?) {
    var (request, jobs, next): (BulkJobRequest, [JobView], String?) = (request, [], nil)
    repeat {
      request.limit = min(JobFilterOptions.bulkMax, limit - jobs.count)
      let page: Page<JobView> = try await server.post("/v1/jobs:cancel", request, query: query)
      jobs += page.items
      next = page.nextCursor
      request.cursor = next.flatMap(JobID.init)
    } while next != nil && jobs.count < limit
    return (jobs, next)
  }
}
