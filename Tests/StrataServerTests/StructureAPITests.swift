import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import Testing

/// How jobs stand to others, over HTTP.
@Suite struct StructureAPITests {
  @Test func aJobRunsAfterOthers() async throws {
    try await APIBench.with { bench in
      let first = try await bench.fixture.submit()
      let body = #"{"capability":"test.echo","after":["\#(first)"],"on_dependency_failure":"skip"}"#
      let accepted = try await bench.submit(body)
      #expect(accepted.status == 202 && accepted.json["state"]?.stringValue == "blocked", "\(accepted.body)")
      let path = "/v1/jobs/" + (try #require(accepted.json["id"]?.stringValue))
      let blocked = try await bench.ask("GET", path).json
      #expect(blocked["waits_for"] == .integer(1) && blocked["after"] == .array([.string("\(first)")]))
      #expect(blocked["jobs_ahead"] == nil && blocked["on_dependency_failure"] == .string("skip"))
      _ = try await bench.ask("DELETE", "/v1/jobs/\(first)")
      let ended = try await bench.ask("GET", path).json
      #expect(ended["state"]?.stringValue == "cancelled" && ended["waits_for"] == nil)
      guard case .object(let error)? = ended["error"] else { throw StrataError(.internalError, "no error") }
      #expect(error["code"]?.stringValue == "dependency_skipped")
    }
  }

  @Test func aJobWorksOnResultsOfAnother() async throws {
    try await APIBench.with { bench in
      let source = try await bench.fixture.submit()
      let input = #"{"job":"\#(source)","name":"in","result":"made"}"#
      let accepted = try await bench.submit(
        #"{"capability":"test.files","inputs":[\#(input)],"on_dependency_failure":"skip"}"#)
      #expect(accepted.status == 202 && accepted.json["state"]?.stringValue == "blocked", "\(accepted.body)")
      let path = "/v1/jobs/" + (try #require(accepted.json["id"]?.stringValue))
      let blocked = try await bench.ask("GET", path)
      #expect(blocked.body.contains(#""inputs":[\#(input)]"#), "\(blocked.body)")
      #expect(blocked.json["after"] == .array([.string("\(source)")]))
      let made = try await bench.fixture.upload("made")
      let report = ControlFixture.report(
        results: [ArtifactReference(name: "made", digest: made.digest, sizeBytes: made.sizeBytes)])
      try await bench.fixture.complete(try await bench.fixture.lease(), report: report)
      try await bench.fixture.control.settler.drain()
      let queued = try await bench.ask("GET", path)
      #expect(queued.json["state"]?.stringValue == "queued" && queued.body.contains("\(made.digest)"), "\(queued.body)")
      #expect(!queued.body.contains(#""result":"made""#), "\(queued.body)")
      for (body, status) in [
        (#"{"capability":"test.files","inputs":[{"job":"\#(source)","result":"a","size_bytes":1}]}"#, 422),
        (#"{"capability":"test.files","inputs":[{"job":"\#(source)"}]}"#, 422),
        (#"{"capability":"test.files","inputs":[\#(input)],"array":{"tasks":2}}"#, 422),
        (#"{"capability":"test.echo","inputs":[\#(input)]}"#, 400),
        (#"{"capability":"test.files","inputs":[\#(input),\#(input)]}"#, 400),
      ] {
        let answer = try await bench.submit(body)
        #expect(answer.status == status, "\(body): \(answer.body)")
      }
      let schedule = try await bench.ask(
        "POST", "/v1/schedules",
        #"{"name":"n","cron":"@daily","job":{"capability":"test.files","inputs":[\#(input)]}}"#)
      #expect(schedule.status == 422 && schedule.body.contains("results"), "\(schedule.body)")
    }
  }

  @Test func whatBelongsToAnotherTenantCannotBeWaitedFor() async throws {
    try await APIBench.with { bench in
      let job = try await bench.fixture.submit()
      for id in [job, JobID()] {
        let body = #"{"capability":"test.echo","after":["\#(id)"]}"#
        let answer = try await bench.ask("POST", "/v1/jobs", body, key: bench.otherKey)
        #expect(answer.status == 422 && answer.code == "unknown_dependency", "\(answer.body)")
      }
    }
  }

  @Test func aBlockedJobIsExplainedByTheJobsThatItWaitsFor() async throws {
    try await APIBench.with { bench in
      let (first, second) = (try await bench.fixture.submit(), try await bench.fixture.submit())
      let accepted = try await bench.submit(
        #"{"capability":"test.echo","after":["\#(first)","\#(second)"],"delay_seconds":600}"#)
      #expect(accepted.json["state"]?.stringValue == "blocked", "\(accepted.body)")
      let id = try #require(accepted.json["id"]?.stringValue)
      try await bench.fixture.complete(try await bench.fixture.lease())
      try await bench.fixture.control.settler.drain()
      let answer = try await bench.ask("GET", "/v1/jobs/\(id)/explain")
      guard case .array(let reasons)? = answer.json["reasons"], reasons.count == 2,
        case .object(let waits) = reasons[0],
        case .object(let later) = reasons[1]
      else { throw StrataError(.internalError, answer.body) }
      #expect(waits["code"]?.stringValue == "blocked" && waits["count"] == .integer(1))
      #expect(waits["jobs"] == .array([.string("\(second)")]) && answer.body.contains("1 of the 2 jobs"))
      #expect(later["code"]?.stringValue == "scheduled" && later["until"] != nil && later["jobs"] == nil)
      _ = try await bench.ask("DELETE", "/v1/jobs/\(second)")
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)").json["state"]?.stringValue == "failed")
    }
  }

  @Test func aCheckKnowsWhatJobsStandTo() async throws {
    try await APIBench.with { bench in
      let first = try await bench.submit(#"{"capability":"test.echo","unique_key":"nightly"}"#)
      let id = try #require(first.json["id"]?.stringValue)
      func check(_ members: String) async throws -> String {
        let answer = try await bench.ask("POST", "/v1/jobs:check", #"{"capability":"test.echo",\#(members)}"#)
        return answer.status == 200 ? "taken" : answer.code ?? answer.body
      }
      #expect(try await check(#""after":["\#(id)"],"on_dependency_failure":"run","delay_seconds":60"#) == "taken")
      #expect(try await check(#""after":["\#(JobID())"]"#) == "unknown_dependency")
      #expect(try await check(#""batch":"\#(BatchID())""#) == "unknown_batch")
      #expect(try await check(#""unique_key":"nightly""#) == "taken")
      #expect(try await check(#""unique_key":"nightly","on_duplicate":"refuse""#) == "not_unique")
      #expect(try await check(#""on_dependency_failure":"run""#) == "invalid_body")
      #expect(try await bench.fixture.ledger.unfinished(limit: 10).count == 1)
    }
  }

  @Test func aBatchAnswersForEachJobAndTellsOfItsEnd() async throws {
    try await APIBench.with { bench in
      let body = """
        {"jobs": [{"capability":"test.echo"}, {"capability":"test.eco"}, {"capability":"test.echo","priority":101},
          {"capability":"test.echo","params":{"text":"a"},"max_credits":0.5}]}
        """
      let answer = try await bench.ask("POST", "/v1/jobs:batch", body, headers: ["idempotency-key: k"])
      #expect(answer.status == 202, "\(answer.body)")
      guard case .object(let batch)? = answer.json["batch"], case .array(let items)? = answer.json["items"],
        let id = batch["id"]?.stringValue
      else { throw StrataError(.internalError, answer.body) }
      #expect(batch["total"] == .integer(2) && batch["running"] == .integer(2) && batch["open"] == .boolean(false))
      let codes = items.map { item -> String in
        guard case .object(let item) = item, case .object(let error)? = item["error"] else { return "taken" }
        return error["code"]?.stringValue ?? ""
      }
      #expect(codes == ["taken", "not_found", "invalid_body", "taken"])
      #expect(answer.headers["location"] == "/v1/batches/\(id)")
      let again = try await bench.ask("POST", "/v1/jobs:batch", body, headers: ["idempotency-key: k"])
      #expect(again.json["batch"] == answer.json["batch"])
      let listed = try await bench.ask("GET", "/v1/jobs?batch=\(id)&state=queued").json["items"]
      guard case .array(let jobs)? = listed else { throw StrataError(.internalError, "no items") }
      #expect(jobs.count == 2)
      try await bench.fixture.complete(try await bench.fixture.lease(2))
      try await bench.fixture.control.settler.drain()
      for part in [id.prefix(10), id.suffix(8)] {
        let found = try await bench.ask("GET", "/v1/batches?id=\(part)")
        #expect(found.status == 200 && found.body.contains(#""id":"\#(id)""#), "\(found.body)")
        #expect(try await !bench.ask("GET", "/v1/batches?id=\(part)", key: bench.otherKey).body.contains(id))
      }
      #expect(try await bench.ask("GET", "/v1/batches").code == "invalid_id")
      let finished = try await bench.ask("GET", "/v1/batches/\(id)").json
      #expect(finished["succeeded"] == .integer(2) && finished["finished_at"] != nil)
      let events = try await bench.ask("GET", "/v1/batches/\(id)/events")
      #expect(events.body.contains("event: finished"))
      #expect(try await bench.ask("GET", "/v1/batches/\(id)", key: bench.otherKey).status == 404)
    }
  }

  @Test func aBatchMayStayOpenForOthersToJoin() async throws {
    try await APIBench.with { bench in
      let opened = try await bench.ask("POST", "/v1/jobs:batch", #"{"jobs":[],"keep_open":true}"#)
      guard case .object(let batch)? = opened.json["batch"], let id = batch["id"]?.stringValue else {
        throw StrataError(.internalError, opened.body)
      }
      let joined = try await bench.submit(#"{"capability":"test.echo","batch":"\#(id)"}"#)
      #expect(joined.status == 202)
      let stranger = try await bench.ask(
        "POST", "/v1/jobs", #"{"capability":"test.echo","batch":"\#(id)"}"#, key: bench.otherKey)
      #expect(stranger.status == 422 && stranger.code == "unknown_batch")
      let stream = Task { try await bench.ask("GET", "/v1/batches/\(id)/events").body }
      _ = try await bench.ask("DELETE", "/v1/jobs/" + (try #require(joined.json["id"]?.stringValue)))
      let closed = try await bench.ask("POST", "/v1/jobs:batch", #"{"jobs":[],"batch":"\#(id)"}"#)
      #expect(closed.status == 202 && closed.body.contains(#""cancelled":1"#), "\(closed.body)")
      #expect(try await stream.value.contains("event: finished"))
      let late = try await bench.submit(#"{"capability":"test.echo","batch":"\#(id)"}"#)
      #expect(late.status == 409 && late.code == "conflict")
    }
  }

  @Test func aUniqueKeyFindsOrRefuses() async throws {
    try await APIBench.with { bench in
      let first = try await bench.submit(#"{"capability":"test.echo","unique_key":"nightly"}"#)
      let second = try await bench.submit(#"{"capability":"test.echo","unique_key":"nightly","priority":9}"#)
      #expect(second.json["id"] == first.json["id"] && second.json["repeat"] == .boolean(true))
      let third = try await bench.submit(
        #"{"capability":"test.echo","unique_key":"nightly","on_duplicate":"refuse","unique_seconds":60}"#)
      #expect(third.status == 409 && third.code == "not_unique")
      let stray = try await bench.submit(#"{"capability":"test.echo","unique_seconds":60}"#)
      #expect(stray.status == 422 && stray.code == "invalid_body")
    }
  }

  @Test func whatFailedIsDoneAgain() async throws {
    try await APIBench.with { bench in
      let job = try await bench.fixture.submit()
      let early = try await bench.ask("POST", "/v1/jobs/\(job)/retry")
      #expect(early.status == 409 && early.code == "conflict")
      _ = try await bench.ask("DELETE", "/v1/jobs/\(job)")
      let dry = try await bench.ask("POST", "/v1/jobs:retry", #"{"state":"cancelled","dry_run":true}"#)
      #expect(dry.status == 200 && dry.body.contains("\(job)"))
      #expect(try await bench.fixture.ledger.unfinished(limit: 1).isEmpty)
      let dear = try await bench.ask("POST", "/v1/jobs/\(job)/retry", #"{"max_microcredits":1}"#)
      #expect(dear.status == 402)
      let retry = try await bench.ask("POST", "/v1/jobs/\(job)/retry")
      #expect(retry.status == 202, "\(retry.body)")
      let id = try #require(retry.json["id"]?.stringValue)
      #expect(try await bench.ask("GET", "/v1/jobs/\(job)").json["retried_by"]?.stringValue == id)
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)").json["retry_of"]?.stringValue == "\(job)")
      let bulk = try await bench.ask("POST", "/v1/jobs:retry", #"{"state":"cancelled"}"#)
      #expect(bulk.status == 202 && bulk.json["items"] == .array([]))
      for body in [#"{"state":"queued"}"#, #"{"limit":0}"#, #"{"limit":1001}"#, #"{"max":1}"#] {
        #expect(try await bench.ask("POST", "/v1/jobs:retry", body).status == 422)
      }
    }
  }
}
