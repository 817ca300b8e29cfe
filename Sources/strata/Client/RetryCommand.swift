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
      .option("tenant", "NAME", "those of this tenant (operators)"), .option("limit", "N", "how many [100]"),
      .flag("dry-run", "only list them"), JobOptions.patienceOption, .dataDirectory, .json,
    ],
    run: { arguments in
      var request = try JobFilterOptions.request(arguments)
      request.state = arguments.has("cancelled") ? JobState.cancelled.rawValue : nil
      request.limit = try arguments.integer("limit", in: 1...1_000)
      let server = try Server(arguments)
      let answer: BulkRetryAnswer = try await server.post(
        "/v1/jobs:retry", request, query: arguments["tenant"].map { [(name: "tenant", value: $0)] } ?? [],
        idempotencyKey: "cli-\(JobID())", patience: try JobOptions.patience(arguments))
      for item in answer.items { WarningText.tell(item.job?.warnings, of: item.job.map { "job \($0.id)" }) }
      if answer.items.isEmpty { try await CapabilityNames.require(arguments["capability"], on: server) }
      if arguments.has("json") {
        Terminal.print(try JSONText.of(answer))
      } else {
        Terminal.print(answer.jobs.map { JobTable.of($0) } ?? RetryText.table(of: answer), none: "nothing to do again")
      }
      return answer.items.contains { $0.error != nil } ? .refused : .done
    })
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
