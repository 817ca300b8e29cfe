import ControlTestSupport
import Foundation
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Testing

@Suite struct APITests {
  // MARK: Keys

  @Test func withoutAGoodKeyNothingIsTold() async throws {
    try await APIBench.with { bench in
      for headers in [[], ["authorization: Basic abc"], ["authorization: Bearer"], ["authorization: Bearer sk_wrong"]] {
        let answer = try await bench.ask("GET", "/v1/account", key: "", headers: headers)
        #expect(answer.status == 401 && answer.code == "unauthorized", "\(headers)")
        #expect(answer.headers["www-authenticate"] == "Bearer")
      }
      #expect(try await bench.ask("GET", "/v1/account").status == 200)
      for open in ["/healthz", "/readyz", "/metrics"] {
        #expect(try await bench.ask("GET", open, key: "").status == 200, "\(open)")
      }
    }
  }

  @Test func whatConcernsEveryTenantIsForOperators() async throws {
    try await APIBench.with { bench in
      for path in ["/v1/tiers", "/v1/ledger/verification"] {
        let refused = try await bench.ask("GET", path)
        #expect(refused.status == 403 && refused.code == "forbidden")
        #expect(try await bench.ask("GET", path, key: bench.operatorKey).status == 200)
        #expect(try await bench.ask("GET", path, key: "").status == 401)
      }
    }
  }

  // MARK: Submission

  @Test(arguments: [
    (#""priority":5.5"#, "'priority' must be a whole number"),
    (#""priority":"high""#, "'priority' must be a whole number"),
    (#""priority":1e400"#, "'priority' is a number that is too large"),
    (#""params":{"text":1e400}"#, "'params.text' is a number that is too large"),
    (#""tier":"no\ud800op""#, "'tier' holds what is no character"),
    (#""params":{"text":["\udc00"]}"#, "'params.text[0]' holds what is no character"),
    (#""max_credits":0.5,"resources":{"memory_bytes":1.5}"#, "'resources.memory_bytes' must be a whole number"),
    (#""inputs":[{"name":"a","digest":7,"size_bytes":1}]"#, "'inputs[0].digest' must be"),
    (#""inputs":[{"name":"a","digest":"x","size_bytes":1}]"#, "'inputs[0].digest'"),
    (#""inputs":[{"name":"a"}]"#, "'inputs[0]' needs a member '"), (#""inputs":{}"#, "'inputs' must be a list"),
    (#""priority":"#, "the body is not JSON"),
  ]) func aRefusalNamesTheMember(members: String, detail: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.submit(#"{"capability":"test.files",\#(members)}"#)
      #expect(answer.status == 422 && answer.body.contains(detail), "\(answer.body)")
      #expect(!answer.body.contains("Index") && !answer.body.contains("Swift"))
    }
  }

  @Test(arguments: [
    (#""priority":1,"priority":2"#, "priority"), (#""params":{"text":"a"},"params":{}"#, "params"),
    (#""params":{"text":"a","te\u0078t":"b"}"#, "params.text"),
    (#""params" : { "a\"b":1, "a\"b" : 2}"#, "params.a\\\"b"),
    (#""inputs":[{"name":"a","name":"b"}]"#, "inputs[0].name"),
    (#""inputs":[{"name":"a","size_bytes":1},{"name":"name","size_bytes":1,"size_bytes":2}]"#, "inputs[1].size_bytes"),
    (#""params":{"text":[[],{"x":{},"y":[{"z":1,"z":1}]}]}"#, "params.text[1].y[0].z"),
  ]) func aMemberGivenTwiceIsNamed(members: String, path: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.submit(#"{"capability":"test.files",\#(members)}"#)
      #expect(answer.status == 422 && answer.code == "repeated_member", "\(answer.body)")
      #expect(answer.body.contains("'\(path)' is given twice"), "\(answer.body)")
    }
  }

  @Test(arguments: [
    #"{"text":"a","b":"text"}"#, #"{"text":{"a":1},"other":{"a":1}}"#, #"{"text":[{"a":"a"},{"a":"a"},"a","a"]}"#,
    #"{"text":"\\","x":"\"text\":"}"#,
  ]) func whatIsNotGivenTwiceIsNotSaidToBe(parameters: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.submit(#"{"capability":"test.files","params":\#(parameters)}"#)
      #expect(answer.code == "invalid_input", "it has no such parameters: \(answer.body)")
    }
  }

  @Test(arguments: [
    (#"{"capability":"test.eco"}"#, 404, "not_found"), ("", 422, "invalid_body"), ("[]", 422, "invalid_body"),
    ("{", 422, "invalid_body"), (#"{"params":{}}"#, 422, "invalid_body"),
    (#"{"capability":7}"#, 422, "invalid_body"), (#"{"capability":"test.echo","tiers":"cpu"}"#, 422, "unknown_member"),
    (#"{"capability":"test.echo","resources":{"cpus":1}}"#, 422, "unknown_member"),
    (#"{"capability":"test.echo","inputs":[{"name":"a","digest":"x","mode":1}]}"#, 422, "unknown_member"),
    (#"{"capability":"test.echo","inputs":[{"name":"a","digest":"x","size_bytes":1}]}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","priority":101}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","tier":"CPU!"}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","tier":"gpu"}"#, 422, "unsatisfiable"),
    (#"{"capability":"test.echo","params":{"loud":true}}"#, 400, "invalid_input"),
    (#"{"capability":"test.echo","max_microcredits":1}"#, 402, "budget_exceeded"),
    (#"{"capability":"test.echo","max_credits":0.000999}"#, 402, "budget_exceeded"),
    (#"{"capability":"test.echo","max_credits":0}"#, 402, "budget_exceeded"),
    (#"{"capability":"test.echo","max_credits":0.0000001}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","max_credits":-1}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","max_microcredits":-1}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","max_credits":"5"}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","max_credits":9223372036854775807}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","max_credits":1e300}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","max_credits":1,"max_microcredits":1000000}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","after":["x"]}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","on_dependency_failure":"run"}"#, 422, "invalid_body"),
    (#"{"capability":"test.echo","after":[],"on_dependency_failure":"stop"}"#, 422, "invalid_body"),
    (
      #"{"capability":"test.files","inputs":[{"name":".stdin","digest":"\#(RouteTests.digest)","size_bytes":1}]}"#, 422,
      "invalid_name"
    ),
    (
      #"{"capability":"test.files","inputs":[{"name":"output","digest":"\#(RouteTests.digest)","size_bytes":1}]}"#, 422,
      "invalid_name"
    ),
    (
      #"{"capability":"test.files","inputs":[{"name":"a/b","digest":"\#(RouteTests.digest)","size_bytes":1}]}"#, 422,
      "invalid_name"
    ),
    (
      #"{"capability":"test.files","inputs":[{"name":"a","digest":"\#(RouteTests.digest)","size_bytes":1}]}"#, 422,
      "unknown_artifact"
    ),
  ]) func aBadSubmissionIsRefused(body: String, status: Int, code: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.submit(body)
      #expect(answer.status == status && answer.code == code, "\(answer.body)")
      #expect(answer.headers["content-type"] == "application/problem+json")
      #expect(try await bench.fixture.ledger.unfinished(limit: 1).isEmpty)
    }
  }

  @Test func aCheckRefusesWhatASubmissionWouldAndKeepsNothing() async throws {
    try await APIBench.with { bench in
      let input = #""inputs":[{"name":"a","digest":"\#(RouteTests.digest)","size_bytes":1}]"#
      for (body, code) in [
        (#"{"capability":"test.files","tier":"gpu",\#(input)}"#, "unsatisfiable"),
        (#"{"capability":"test.files","max_microcredits":1,\#(input)}"#, "budget_exceeded"),
        (#"{"capability":"test.echo",\#(input)}"#, "invalid_input"),
        (#"{"capability":"test.files",\#(input.replacing(":1}", with: ":999999999999}"))}"#, "artifact_too_large"),
      ] {
        let answer = try await bench.ask("POST", "/v1/jobs:check", body)
        #expect(answer.code == code, "\(body): \(answer.body)")
      }
      let good = #"{"capability":"test.files",\#(input)}"#
      let answer = try await bench.ask("POST", "/v1/jobs:check", good)
      #expect(answer.status == 200, "\(answer.body)")
      #expect(answer.body.contains(#""charge_max_microcredits":\#(ControlFixture.price.micros)"#))
      #expect(try await bench.fixture.ledger.unfinished(limit: 1).isEmpty)
      #expect(try await bench.fixture.ledger.balance(of: bench.fixture.tenant).held == .zero)
    }
  }

  /// The job of a repeated request is found, whatever the account has left for new ones.
  @Test func aCheckWithAKnownKeyRefusesNothing() async throws {
    try await APIBench.with { bench in
      let file = try await bench.fixture.upload("abc")
      func body(_ digest: ArtifactDigest) -> String {
        #"{"capability":"test.files","inputs":[{"name":"a","digest":"\#(digest)","size_bytes":3}]}"#
      }
      #expect(try await bench.submit(body(file.digest), headers: ["idempotency-key: k"]).status == 202)
      let dear = body(RouteTests.digest).replacing("}]}", with: #"}],"max_microcredits":1}"#)
      let headers = ["idempotency-key: k"]
      #expect(try await bench.ask("POST", "/v1/jobs:check", dear, headers: headers).status == 200)
      #expect(try await bench.ask("POST", "/v1/jobs:check", dear).status == 402)
    }
  }

  @Test(arguments: ["0.001", "1", "1.0", "0.123457", "1e-3", "5000000000"]) func aBoundInCreditsIsTaken(_ bound: String)
    async throws
  {
    try await APIBench.with { bench in
      let answer = try await bench.submit(#"{"capability":"test.echo","max_credits":\#(bound)}"#)
      #expect(answer.status == 202, "\(answer.body)")
    }
  }

  @Test func aSubmissionIsAcceptedOncePerIdempotencyKey() async throws {
    try await APIBench.with { bench in
      let first = try await bench.submit(headers: ["idempotency-key: k"])
      #expect(first.status == 202 && first.json["repeat"] == .boolean(false))
      let id = try #require(first.json["id"]?.stringValue)
      #expect(first.headers["location"] == "/v1/jobs/\(id)")
      let again = try await bench.submit(headers: ["idempotency-key: k"])
      #expect(again.json["id"]?.stringValue == id && again.json["repeat"] == .boolean(true))
      let other = try await bench.submit(#"{"capability":"test.echo","priority":1}"#, headers: ["idempotency-key: k"])
      #expect(other.status == 409 && other.code == "conflict")
      let long = try await bench.submit(headers: ["idempotency-key: " + String(repeating: "k", count: 256)])
      #expect(long.status == 400 && long.code == "invalid_idempotency_key")
      let big = try await bench.submit(#"{"capability":""# + String(repeating: "x", count: 300_000) + #""}"#)
      #expect(big.status == 413 && big.code == "body_too_large")
    }
  }

  // MARK: Tenants apart

  @Test func anotherTenantsThingsAreNotFound() async throws {
    try await APIBench.with { bench in
      let job = try #require(try await bench.submit().json["id"]?.stringValue)
      let file = try await bench.fixture.upload("secret")
      let targets = [
        ("GET", "/v1/jobs/\(job)"), ("GET", "/v1/jobs/\(job)/log"), ("GET", "/v1/jobs/\(job)/events"),
        ("DELETE", "/v1/jobs/\(job)"), ("GET", "/v1/artifacts/\(file.digest)"),
      ]
      for (method, target) in targets {
        let answer = try await bench.ask(method, target, key: bench.otherKey)
        #expect(answer.status == 404 && answer.code == "not_found", "\(method) \(target)")
      }
      #expect(try await bench.ask("GET", "/v1/jobs", key: bench.otherKey).json["items"] == .array([]))
      let stolen = #"{"capability":"test.files","inputs":[{"name":"a","digest":"\#(file.digest)","size_bytes":6}]}"#
      let answer = try await bench.ask("POST", "/v1/jobs", stolen, key: bench.otherKey)
      #expect(answer.status == 422 && answer.code == "unknown_artifact")
      #expect(try await bench.ask("GET", "/v1/jobs/\(job)").json["state"]?.stringValue == "queued")
    }
  }

  @Test(arguments: [
    "idempotency-key: a", "artifact-name: a", "range: bytes=0-1", "last-event-id: 1-1", "authorization: Bearer x",
  ])
  func aHeaderOfOneValueIsGivenOnce(header: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.ask("GET", "/v1/jobs", headers: [header, header])
      #expect(answer.status == 400 && answer.code == "repeated_header", "\(answer.body)")
      let name = header.prefix { $0 != ":" }
      #expect(answer.body.contains("'\(name)' is given twice"), "\(answer.body)")
    }
  }

  // MARK: Artifacts

  @Test func artifactsComeBackWholeInPartsAndNotAtAllWhenKnown() async throws {
    try await APIBench.with { bench in
      let put = try await bench.ask("PUT", "/v1/artifacts", "0123456789", headers: ["artifact-name: digits"])
      #expect(put.status == 201 && put.json["name"]?.stringValue == "digits")
      #expect(put.json["size_bytes"] == .integer(10))
      let path = "/v1/artifacts/" + (try #require(put.json["digest"]?.stringValue))
      let whole = try await bench.ask("GET", path)
      #expect(whole.status == 200 && whole.body == "0123456789")
      let tag = try #require(whole.headers["etag"])
      let part = try await bench.ask("GET", path, headers: ["range: bytes=2-4"])
      #expect(part.status == 206 && part.body == "234" && part.headers["content-range"] == "bytes 2-4/10")
      let tail = try await bench.ask("GET", path, headers: ["range: bytes=-2"])
      #expect(tail.status == 206 && tail.body == "89")
      let beyond = try await bench.ask("GET", path, headers: ["range: bytes=10-"])
      #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */10")
      let head = try await bench.ask("HEAD", path)
      #expect(head.status == 200 && head.headers["content-length"] == "10" && head.body.isEmpty)
      let digest = try #require(put.json["digest"]?.stringValue)
      for known in [tag, "W/\(tag)", "\"x\", \(tag)", "*", "\"\(digest)\"", "\"x\"\r\nif-none-match: \(tag)"] {
        let unchanged = try await bench.ask("GET", path, headers: ["if-none-match: \(known)"])
        #expect(unchanged.status == 304 && unchanged.body.isEmpty && unchanged.headers["etag"] == tag, "\(known)")
      }
      #expect(try await bench.ask("GET", path, headers: ["if-none-match: \"x\""]).status == 200)
    }
  }

  @Test func anArtifactNeedsAPlainName() async throws {
    try await APIBench.with { bench in
      for name in ["a/b", "..", String(repeating: "n", count: 256)] {
        let answer = try await bench.ask("PUT", "/v1/artifacts", "x", headers: ["artifact-name: \(name)"])
        #expect(answer.status == 422 && answer.code == "invalid_name")
      }
      let missing = try await bench.ask("GET", "/v1/artifacts/\(RouteTests.digest)")
      #expect(missing.status == 404)
    }
  }

  @Test func anUploadThatTouchesTheReserveIsRefusedAndLeavesNothing() async throws {
    var limits = ArtifactStore.Limits()
    (limits.reserveBytes, limits.reserveShare) = (.max, 1)
    try await APIBench.with(storeLimits: limits) { bench in
      let answer = try await bench.ask("PUT", "/v1/artifacts", "0123456789")
      #expect(answer.status == 507 && answer.code == "insufficient_storage", "\(answer.body)")
      #expect(answer.headers["content-type"] == "application/problem+json")
      let incoming = bench.fixture.store.root + "/incoming"
      #expect(try FileManager.default.contentsOfDirectory(atPath: incoming).isEmpty)
      let ready = try await bench.ask("GET", "/readyz", key: "")
      #expect(ready.status == 200 && ready.body.contains("warning: the artifacts' file system"), "\(ready.body)")
    }
  }

  // MARK: Listing

  @Test func aListingIsPagedToItsEnd() async throws {
    try await APIBench.with { bench in
      var jobs: [String] = []
      for _ in 0..<205 { jobs.append(try await bench.fixture.submit().description) }
      let running = try await bench.fixture.lease(3).map(\.job.id.description)
      #expect(try await walk(bench, "limit=200") == jobs.reversed())
      #expect(try await walk(bench, "limit=7") == jobs.reversed())
      // The oldest are leased first, so they are on the last of the ledger's pages.
      #expect(try await walk(bench, "limit=50&state=running") == running.reversed())
      #expect(try await walk(bench, "limit=2&state=running") == running.reversed())
      #expect(try await walk(bench, "limit=200&state=queued").count == 202)
      #expect(try await walk(bench, "state=succeeded") == [])
    }
  }

  /// The jobs of all pages.
  private func walk(_ bench: APIBench, _ query: String) async throws -> [String] {
    var (found, cursor, pages): ([String], String?, Int) = ([], nil, 0)
    repeat {
      let page = try await bench.ask("GET", "/v1/jobs?\(query)" + (cursor.map { "&cursor=\($0)" } ?? "")).json
      guard case .array(let items)? = page["items"] else { return found }
      for case .object(let job) in items { found.append(job["id"]?.stringValue ?? "") }
      cursor = page["next_cursor"]?.stringValue
      pages += 1
    } while cursor != nil && pages < 100
    return found
  }

  @Test(arguments: [
    ("batch=x", "invalid_batch"), ("limit=0", "invalid_limit"), ("limit=201", "invalid_limit"),
    ("limit=x", "invalid_limit"),
    ("state=lost", "invalid_state"), ("cursor=x", "invalid_cursor"),
    ("id=abcde", "invalid_id"), ("id=abcdef&limit=1", "invalid_id"), ("id=illegal", "invalid_id"),
    ("states=running", "unknown_query_item"),
    ("limit=1&limit=2", "repeated_query_item"),
  ]) func aBadQueryIsRefused(query: String, code: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.ask("GET", "/v1/jobs?\(query)")
      #expect(answer.status == 400 && answer.code == code)
    }
  }

  @Test func aQueryItemThatARouteDoesNotTakeIsRefused() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit()
      let targets = [
        "/v1/account", "/v1/capabilities", "/v1/jobs/\(id)", "/v1/jobs/\(id)/events", "/v1/jobs/\(id)/log", "/healthz",
        "/readyz", "/metrics",
      ]
      for target in targets {
        let answer = try await bench.ask("GET", target + "?limit=1")
        #expect(answer.status == 400 && answer.code == "unknown_query_item", "\(target)")
        #expect(answer.json["detail"]?.stringValue?.contains("'limit'") == true)
      }
      let named = try await bench.ask("GET", "/v1/jobs?sort=1")
      #expect(named.json["detail"]?.stringValue?.contains("state, batch, schedule, capability") == true)
      let states = try await bench.ask("GET", "/v1/jobs?state=foo")
      #expect(JobState.allCases.allSatisfy { states.body.contains($0.rawValue) })
    }
  }

  @Test func aPartOfAnIdentifierFindsItsJob() async throws {
    try await APIBench.with { bench in
      var jobs: [JobID] = []
      // Identifiers begin with the time: two may lie on both sides of a change of that part.
      repeat {
        jobs = [try await bench.fixture.submit(), try await bench.fixture.submit()]
      } while jobs[0].description.prefix(8) != jobs[1].description.prefix(8)
      let end = jobs[0].description.suffix(6)
      let mine = try await bench.ask("GET", "/v1/jobs?id=\(end)")
      #expect(mine.body.contains(jobs[0].description) && !mine.body.contains(jobs[1].description))
      #expect(try await bench.ask("GET", "/v1/jobs?id=\(end)", key: bench.otherKey).json["items"] == .array([]))
      let both = try await bench.ask("GET", "/v1/jobs?id=\(jobs[0].description.prefix(8))")
      #expect(both.body.contains(jobs[0].description) && both.body.contains(jobs[1].description))
    }
  }

  // MARK: A job's life

  @Test func whatIsHeldIsNothingAfterTheEnd() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit(key: "k")
      let price = JSONValue.integer(ControlFixture.price.micros)
      let lease = try await bench.fixture.lease()[0]
      let running = try await bench.ask("GET", "/v1/jobs/\(id)").json
      #expect(running["held_microcredits"] == price && running["charge_max_microcredits"] == price)
      #expect(running["state"]?.stringValue == "running" && running["progress"] == nil)
      _ = try await bench.fixture.queue.progress([ProgressReport(lease: lease.reference, fraction: 0.5)])
      let half = JSONValue.object(["fraction": .number(0.5)])
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)").json["progress"] == half)
      try await bench.fixture.complete([lease])
      try await bench.fixture.settler().drain()
      let done = try await bench.ask("GET", "/v1/jobs/\(id)").json
      #expect(done["held_microcredits"] == .integer(0) && done["charge_max_microcredits"] == price)
      #expect(done["charged_microcredits"] == price && done["progress"] == nil)
      let first = try await bench.submit(headers: ["idempotency-key: again"]).json
      #expect(first["held_microcredits"] == price)
      let other = try #require(first["id"]?.stringValue)
      #expect(try await bench.ask("DELETE", "/v1/jobs/\(other)").status == 202)
      let repeated = try await bench.submit(headers: ["idempotency-key: again"]).json
      #expect(repeated["state"]?.stringValue == "cancelled" && repeated["held_microcredits"] == .integer(0))
    }
  }

  @Test func everyEventHasAnIdThatMayBeSentBack() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit()
      async let followed = bench.ask("GET", "/v1/jobs/\(id)/events")
      try await eventually("somebody watches") { await bench.fixture.control.events.watcherCount == 1 }
      #expect(try await bench.ask("DELETE", "/v1/jobs/\(id)").status == 202)
      let events = try await followed.body.components(separatedBy: "\n\n").filter { $0.contains("event: ") }
      #expect(events.count == 2 && events.allSatisfy { $0.contains(#/id: \d+-\d+\nevent: /#) }, "\(events)")
      let last = try #require(events.last?.firstMatch(of: #/id: (\d+-\d+)/#)?.1)
      let again = try await bench.ask("GET", "/v1/jobs/\(id)/events", headers: ["last-event-id: \(last)"])
      #expect(again.body.contains("id: \(last)\nevent: cancelled"))
      let bad = try await bench.ask("GET", "/v1/jobs/\(id)/events", headers: ["last-event-id: yesterday"])
      #expect(bad.status == 400 && bad.code == "invalid_event_id")
    }
  }

  @Test func whatCanBeGotCanBeAskedForItsHead() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit()
      let file = try await bench.fixture.upload("abc")
      _ = try await bench.ask("DELETE", "/v1/jobs/\(id)")
      for target in [
        "/v1/jobs", "/v1/jobs/\(id)", "/v1/jobs/\(id)/log", "/v1/jobs/\(id)/events", "/v1/artifacts/\(file.digest)",
        "/v1/capabilities", "/v1/account", "/healthz", "/readyz", "/metrics",
      ] {
        let answer = try await bench.ask("HEAD", target)
        #expect(answer.status == 200 && answer.body.isEmpty, "\(target)")
      }
      let several = try await bench.ask("GET", "/v1/artifacts/\(file.digest)", headers: ["range: bytes=0-0,2-2"])
      #expect(several.status == 200 && several.body == "abc")
    }
  }

  @Test func theQueueAndReadinessTellOfWhatCannotBeRead() async throws {
    try await APIBench.with { bench in
      #expect(try await bench.ask("GET", "/readyz", key: "").body == "ready\n")
      await bench.fixture.queue.memory.setAside(.outcomes, "1-1", because: "it is cut")
      let queue = try await bench.ask("GET", "/v1/queue", key: bench.operatorKey).json
      #expect(queue["unreadable_entries"] == .integer(1))
      let ready = try await bench.ask("GET", "/readyz", key: "")
      #expect(ready.status == 200 && ready.body.contains("warning: 1 entries of the queue could not be read"))
      #expect(try await bench.ask("GET", "/metrics", key: "").body.contains("strata_queue_unreadable_entries 1"))
    }
  }

  @Test func aJobShowsItsAttemptsItsLogAndItsEnd() async throws {
    try await APIBench.with { bench in
      let fixture = bench.fixture
      let id = try await fixture.submit()
      try await fixture.fail(try await fixture.lease()[0], code: "crashed")
      let lease = try await fixture.lease()[0]
      _ = try await fixture.queue.progress([
        ProgressReport(lease: lease.reference, fraction: 0.5, log: Array("half".utf8))
      ])
      let running = try await bench.ask("GET", "/v1/jobs/\(id)").json
      #expect(running["state"]?.stringValue == "running")
      let live = try await bench.ask("GET", "/v1/jobs/\(id)/log?offset=2")
      #expect(live.body == "lf" && live.headers["log-attempt"] == "\(lease.token.rawValue)")
      let printed = try await fixture.upload("half and whole")
      try await fixture.complete([lease], report: ControlFixture.report(log: printed))
      try await fixture.settler().drain()
      let done = try await bench.ask("GET", "/v1/jobs/\(id)")
      #expect(done.json["state"]?.stringValue == "succeeded" && done.body.contains(#""code":"crashed""#))
      let whole = try await bench.ask("GET", "/v1/jobs/\(id)/log?offset=5")
      #expect(whole.body == "and whole" && whole.headers["log-attempt"] == "\(lease.token.rawValue)")
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)/log?offset=99").body == "")
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)/log?offset=-1").code == "invalid_offset")
      let late = try await bench.ask("DELETE", "/v1/jobs/\(id)")
      #expect(late.status == 409 && late.code == "conflict")
      let events = try await bench.ask("GET", "/v1/jobs/\(id)/events")
      #expect(events.headers["content-type"] == "text/event-stream" && events.body.contains("event: succeeded"))
    }
  }

  @Test func aWatcherLearnsOfAnEndWhoseEventGotLost() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit()
      async let events = bench.ask("GET", "/v1/jobs/\(id)/events")
      try await eventually("somebody watches") { await bench.fixture.control.events.watcherCount == 1 }
      // Nobody reads the queue's events here, as if they had been lost; the ledger is asked in the silence.
      #expect(try await bench.ask("DELETE", "/v1/jobs/\(id)").status == 202)
      #expect(try await events.body.contains("event: cancelled"))
    }
  }

  @Test func metricsCountWhatHappened() async throws {
    try await APIBench.with { bench in
      _ = try await bench.submit()
      _ = try await bench.submit("{}")
      let text = try await bench.ask("GET", "/metrics", key: "").body
      for line in [
        #"strata_http_requests_total{class="2xx"} 1"#, #"strata_http_requests_total{class="4xx"} 1"#,
        "strata_jobs_accepted_total 1", #"strata_queue_ready_jobs{tier="cpu"} 1"#, "strata_queue_reachable 1",
        "strata_workers 0", "strata_settlement_lag_seconds 0", "strata_settlement_pending_outcomes 0",
      ] { #expect(text.contains(line), "\(line) in \(text)") }
    }
  }
}
