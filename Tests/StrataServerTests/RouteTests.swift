import StrataCore
import StrataServer
import Testing

@Suite struct RouteTests {
  static let job = JobID()
  static let key = KeyID()
  static let batch = BatchID()
  static let digest = ArtifactDigest(bytes: [UInt8](repeating: 0xAB, count: 32))!

  @Test(arguments: [
    (HTTPMethod.get, ["healthz"], Route.alive), (.get, ["readyz"], .ready), (.get, ["metrics"], .metrics),
    (.post, ["v1", "jobs"], .submitJob), (.post, ["v1", "jobs:check"], .checkJob),
    (.get, ["v1", "jobs"], .listJobs),
    (.get, ["v1", "jobs", job.description], .job(job)), (.head, ["v1", "jobs", job.description], .job(job)),
    (.delete, ["v1", "jobs", job.description.uppercased()], .cancelJob(job)),
    (.get, ["v1", "jobs", job.description, "events"], .jobEvents(job)),
    (.get, ["v1", "jobs", job.description, "log"], .jobLog(job)),
    (.get, ["v1", "jobs", job.description, "explain"], .explainJob(job)),
    (.get, ["v1", "tenants"], .tenants), (.post, ["v1", "tenants"], .createTenant),
    (.patch, ["v1", "tenants", "a b"], .changeTenant("a b")),
    (.patch, ["v1", "tiers", "cpu", "policy"], .changeTierLimit("cpu")),
    (.patch, ["v1", "tiers", "cpu"], .changeTier("cpu")), (.delete, ["v1", "tiers", "cpu"], .removeTier("cpu")),
    (.get, ["v1", "tiers", "cpu", "policy"], .tierLimit("cpu")),
    (.get, ["v1", "capabilities", "noop", "policy"], .capabilityLimit("noop")),
    (.get, ["v1", "tenants", "acme"], .tenant("acme")),
    (.patch, ["v1", "capabilities", "noop", "policy"], .changeCapability("noop")),
    (.post, ["v1", "jobs", job.description, "retry"], .retryJob(job)),
    (.post, ["v1", "jobs:batch"], .submitBatch), (.post, ["v1", "jobs:retry"], .retryJobs),
    (.get, ["v1", "batches"], .listBatches), (.get, ["v1", "batches", batch.description], .batch(batch)),
    (.get, ["v1", "batches", batch.description, "events"], .batchEvents(batch)),
    (.put, ["v1", "artifacts"], .putArtifact),
    (.get, ["v1", "artifacts", digest.description], .artifact(digest)),
    (.get, ["v1", "artifacts", digest.hexadecimal], .artifact(digest)),
    (.get, ["v1", "keys"], .listKeys), (.post, ["v1", "keys"], .createKey),
    (.delete, ["v1", "keys", key.description], .revokeKey(key)),
    (.get, ["v1", "schedules"], .listSchedules), (.post, ["v1", "schedules"], .createSchedule),
    (.post, ["v1", "schedules:check"], .checkSchedule), (.get, ["v1", "schedules", "n"], .schedule("n")),
    (.patch, ["v1", "schedules", "n"], .changeSchedule("n")),
    (.delete, ["v1", "schedules", "n"], .deleteSchedule("n")),
    (.post, ["v1", "schedules", "n", "run"], .runSchedule("n")),
    (.get, ["v1", "schedules", "n", "times"], .scheduleTimes("n")),
    (.get, ["v1", "capabilities"], .capabilities), (.get, ["v1", "account"], .account),
    (.patch, ["v1", "jobs", job.description], .changeJob(job)),
    (.get, ["v1", "queue", "policy"], .queuePolicy), (.patch, ["v1", "queue", "policy"], .changeQueuePolicy),
    (.get, ["v1", "queue"], .queue), (.get, ["v1", "tiers"], .tiers),
    (.get, ["v1", "ledger", "verification"], .ledgerVerification),
  ]) func leadsSomewhere(method: HTTPMethod, segments: [String], route: Route) throws {
    #expect(try Route(method, segments) == route)
  }

  @Test(arguments: [
    (HTTPMethod.get, [], 404), (.get, ["v2", "jobs"], 404), (.get, ["v1"], 404), (.get, ["v1", "job"], 404),
    (.get, ["healthz", "x"], 404), (.get, ["v1", "jobs", "x"], 404),
    (.delete, ["v1", "keys", "x"], 404), (.get, ["v1", "keys", key.description], 405),
    (.get, ["v1", "jobs", job.description, "x"], 404), (.get, ["v1", "jobs", job.description, "log", "x"], 404),
    (.post, ["v1", "batches"], 405), (.get, ["v1", "batches", "x"], 404), (.get, ["v1", "jobs:batch"], 405),
    (.get, ["v1", "schedules", "n", "x"], 404), (.get, ["v1", "schedules", "n", "run"], 405),
    (.get, ["v1", "ledger"], 404), (.get, ["v1", "ledger", "x"], 404),
    (.get, ["v1", "artifacts", "x"], 400), (.put, ["v1", "jobs"], 405), (.delete, ["v1", "jobs"], 405),
    (.post, ["v1", "jobs", job.description], 405), (.get, ["v1", "artifacts"], 405), (.post, ["metrics"], 405),
  ]) func leadsNowhere(method: HTTPMethod, segments: [String], status: Int) {
    let refusal = #expect(throws: HTTPRefusal.self) { try Route(method, segments) }
    #expect(refusal?.status.rawValue == status)
  }

  @Test func onlyHealthAndMetricsAreOpenAndOnlyTheWholeIsForOperators() throws {
    let open: [Route] = [.alive, .ready, .metrics]
    let reserved: [Route] = [
      .tiers, .ledgerVerification, .tenants, .createTenant, .changeTenant("a"), .changeTier("a"), .removeTier("a"),
      .changeTierLimit("a"), .changeCapability("a"),
      .tenant("a"), .tierLimit("a"), .capabilityLimit("a"),
    ]
    let others: [Route] = [
      .submitJob, .listJobs, .job(Self.job), .putArtifact, .capabilities, .account, .queue, .listSchedules,
      .createSchedule, .runSchedule("a"), .changeJob(Self.job),
    ]
    for route in open { #expect(route.isOpen && !route.isForOperators) }
    for route in reserved { #expect(!route.isOpen && route.isForOperators) }
    for route in others { #expect(!route.isOpen && !route.isForOperators) }
  }
}
