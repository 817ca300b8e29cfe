import StrataCore

/// How the ends of jobs are told to those that wait for them, inside a transaction that holds their tenants' accounts.
enum DependencyWrites {
  /// Up to `limit` rows of those who wait for `jobs`, and whether there are more.
  static func edges(
    _ rows: PostgreSQLRows, limit: Int
  ) throws(PostgreSQLError) -> (edges: [DependencyDecision.Edge], areThereMore: Bool) {
    let edges = try rows.map { row throws(PostgreSQLError) in try DependencyDecision.Edge(&row) }
    return (Array(edges.prefix(limit)), edges.count > limit)
  }

  /// One more than `limit` is asked for, to know whether there are more.
  static func reading(_ jobs: [JobID], limit: Int) -> PostgreSQLCommand {
    Query.findDependants(.identifiers(jobs), .integer(Int64(limit) + 1))
  }

  /// Its answer has the released jobs, as `UnfinishedJob` reads them.
  static func release(_ decision: DependencyDecision) -> PostgreSQLCommand? {
    let jobs = decision.released
    guard !jobs.isEmpty else { return nil }
    return Query.releaseJobs(
      .identifiers(jobs), .documents(jobs.map { decision.inputs[$0].map { JSONText.encode($0) } }))
  }

  /// Everything but the release, and the ending of jobs.
  static func telling(_ decision: DependencyDecision) -> [PostgreSQLCommand] {
    guard !decision.changesNothing else { return [] }
    let waiting = decision.stillBlocked
    let deletion = Query.deleteDependencies(
      .identifiers(decision.told.map(\.needs)), .identifiers(decision.told.map(\.dependant.job)))
    guard !waiting.isEmpty else { return [deletion] }
    return [
      deletion, Query.countBlockers(.identifiers(waiting.map(\.job)), .integers(waiting.map { Int64($0.blockers) })),
    ]
  }
}

extension DependencyDecision.Edge {
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let needs: JobID = try row.identifier()
    let state: JobState = try row.named()
    self.init(needs: needs, stateOfNeeds: state, dependant: try DependencyDecision.Dependant(&row))
  }
}

extension DependencyDecision.Dependant {
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    self.init(
      job: try row.identifier(), tenant: try row.identifier(), state: try row.named(),
      blockers: Int(try row.integer()), policy: try row.named(), hold: try row.amount(), soldAs: try row.text(),
      isCancelRequested: try row.boolean(), batch: try row.optionalIdentifier(), holdsKey: try row.boolean(),
      awaited: try Self.awaited(&row))
  }

  private static func awaited(
    _ row: inout PostgreSQLRow
  ) throws(PostgreSQLError) -> (AwaitedInputs, amid: [ArtifactReference])? {
    let (awaited, stored): (AwaitedInputs?, [ArtifactReference]?) = (
      try row.optionalDocument(), try row.optionalDocument()
    )
    return awaited.map { ($0, amid: stored ?? []) }
  }
}
