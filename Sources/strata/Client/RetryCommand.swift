import StrataAPI
import StrataCore

extension Command {
  static let retry = Command(
    name: "retry", summary: "Do many failed jobs again, oldest first",
    details: """
      Each becomes a new job with the same request, but for the time it was to start at, and a hold of its own; none is done
      again twice. 'strata jobs --state failed' lists them with their reasons, 'strata job retry ID' does one.

      Example: strata retry --code worker_lost --since 2h --limit 500 --dry-run
      """,
    options: JobFilterOptions.all + [
      .flag("cancelled", "those that were cancelled, instead of those that failed"),
      .ofTenant, .option("limit", "N|all", "how many [100]"),
      .flag("dry-run", "only list them"), JobOptions.patienceOption, .dataDirectory, .json,
    ],
    run: { arguments in
      var request = try await JobFilterOptions.request(arguments)
      request.state = arguments.has("cancelled") ? JobState.cancelled.rawValue : nil
      let (limit, server) = (try arguments.limit(usual: 100), try Server(arguments))
      let answer = try await retry(request, limit, server, arguments)
      for item in answer.items { WarningText.tell(item.job?.warnings, of: item.job.map { "job \($0.id)" }) }
      if answer.items.isEmpty { try await CapabilityNames.require(arguments["capability"], on: server) }
      if arguments.has("json") {
        Terminal.print(try JSONText.of(answer))
      } else {
        Terminal.print(answer.jobs.map { JobTable.of($0) } ?? RetryText.table(of: answer), none: "nothing to do again")
        if answer.nextCursor != nil {
          Terminal.note("strata: there may be more; --limit says how many, --limit all means them all")
        }
      }
      return answer.items.contains { $0.error != nil } ? .refused : .done
    })

  private static func retry(
    _ request: BulkJobRequest, _ limit: Int, _ server: Server, _ arguments: Arguments
  ) async throws -> BulkRetryAnswer {
    var (request, whole) = (request, BulkRetryAnswer(items: [], jobs: request.dryRun == true ? [] : nil))
    repeat {
      request.limit = min(JobFilterOptions.bulkMax, limit - whole.items.count)
      request.cursor = whole.nextCursor
      let answer: BulkRetryAnswer = try await server.post(
        "/v1/jobs:retry", request, query: arguments.query("tenant"),
        idempotencyKey: "cli-\(JobID())", patience: try JobOptions.patience(arguments))
      whole = BulkRetryAnswer(
        items: whole.items + answer.items, jobs: whole.jobs.map { $0 + (answer.jobs ?? []) },
        nextCursor: answer.nextCursor)
      // What is made here and fails again is none of those that were meant.
      if request.until == nil, let first = answer.items.compactMap(\.job?.id).min() {
        request.until = Timestamp(milliseconds: first.createdMilliseconds).text
      }
    } while whole.nextCursor != nil && whole.items.count < limit
    return whole
  }
}

enum RetryText {
  static func table(of answer: BulkRetryAnswer) -> Table {
    var table = Table("JOB", "AGAIN AS")
    for item in answer.items {
      let result = item.job?.id.description ?? item.error.map { "\($0.code): \($0.detail)" } ?? "-"
      table.add(item.retryOf?.description ?? "-", result)
    }
    return table
  }
}
