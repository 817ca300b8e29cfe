import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import Testing

/// Classes, weights, limits, starts and explanations over HTTP.
@Suite struct SharingRoutesTests {
  @Test func onlyOperatorsSeeAndChangeWhatTenantsShare() async throws {
    try await APIBench.with { bench in
      for (method, path) in [
        ("GET", "/v1/tenants"), ("PATCH", "/v1/tenants/acme"), ("PATCH", "/v1/tiers/cpu/policy"),
        ("PATCH", "/v1/capabilities/test.echo/policy"), ("GET", "/v1/queue/policy"), ("PATCH", "/v1/queue/policy"),
      ] {
        let change = path == "/v1/queue/policy" ? #"{"class_patience_ms":5000}"# : #"{"paused":true}"#
        let body = method == "GET" ? "" : change
        let refused = try await bench.ask(method, path, body)
        let answered = try await bench.ask(method, path, body, key: bench.operatorKey)
        #expect(refused.status == 403 && answered.status == 200, "\(path)")
      }
    }
  }

  @Test func aTenantIsChangedMemberByMember() async throws {
    try await APIBench.with { bench in
      func patch(_ body: String) async throws -> APIBench.Answer {
        try await bench.ask("PATCH", "/v1/tenants/acme", body, key: bench.operatorKey)
      }
      let first = try await patch(#"{"priority_class":7,"weight":250,"running_max":3}"#).json
      #expect(first["priority_class"] == .integer(7) && first["weight"] == .integer(250))
      #expect(first["running_max"] == .integer(3) && first["paused"] == .boolean(false))
      let second = try await patch(#"{"paused":true}"#).json
      #expect(second["running_max"] == .integer(3) && second["paused"] == .boolean(true))
      let third = try await patch(#"{"running_max":null,"paused":false}"#).json
      #expect(third["running_max"] == nil && third["weight"] == .integer(250))
      for body in [
        #"{"priority_class":10}"#, #"{"running_max":"many"}"#, #"{"pausd":true}"#, #"{"paused":1}"#,
      ] {
        #expect(try await patch(body).status == 422, "\(body)")
      }
      for body in [#"{"weight":0}"#, #"{"running_max":-1}"#] {
        let refused = try await patch(body)
        #expect(refused.status == 422 && refused.code == "invalid_body", "\(body)")
      }
      let nothing = try await patch(#"{"priority_class":null,"weight":null,"paused":null}"#).json
      #expect(nothing["priority_class"] == .integer(7) && nothing["weight"] == .integer(250))
      let stranger = try await bench.ask("PATCH", "/v1/tenants/nobody", "{}", key: bench.operatorKey)
      #expect(stranger.status == 404)
    }
  }

  @Test func anOperatorMakesATenantWhoMaySpendWhatItIsGranted() async throws {
    try await APIBench.with { bench in
      func create(_ body: String) async throws -> APIBench.Answer {
        try await bench.ask("POST", "/v1/tenants", body, key: bench.operatorKey)
      }
      #expect(try await bench.ask("POST", "/v1/tenants", #"{"name":"mine"}"#).status == 403)
      let made = try await create(#"{"name":"new.tenant","grant_microcredits":2000000}"#)
      #expect(made.status == 201 && made.headers["location"] == "/v1/tenants/new.tenant", "\(made.body)")
      #expect(made.json["plan"] == .string("local") && made.json["operator"] == .boolean(false))
      let key = try await bench.ask(
        "POST", "/v1/keys?tenant=new.tenant", #"{"name":"laptop"}"#, key: bench.operatorKey)
      let secret = try #require(key.json["secret"]?.stringValue)
      let account = try await bench.ask("GET", "/v1/account", key: secret)
      #expect(account.json["available_microcredits"] == .integer(2_000_000))
      #expect(try await bench.ask("POST", "/v1/jobs", #"{"capability":"test.echo"}"#, key: secret).status == 202)
      let poor = try await create(#"{"name":"poor","plan":"creator"}"#)
      #expect(poor.status == 201 && poor.json["plan"] == .string("creator"))
      for (body, status, code) in [
        (#"{"name":"new.tenant"}"#, 409, "conflict"), (#"{"name":"a b"}"#, 422, "invalid_body"),
        (#"{"name":""}"#, 422, "invalid_body"), (#"{"name":"a","plan":"b/c"}"#, 422, "invalid_body"),
        (#"{"name":"\#(String(repeating: "a", count: 101))"}"#, 422, "invalid_body"),
        (#"{"name":"a","grant_microcredits":-1}"#, 422, "invalid_body"), (#"{"nam":"a"}"#, 422, "unknown_member"),
        (#"{"name":"a","grant_microcredits":9223372036854775807}"#, 400, "invalid_input"),
      ] {
        let refused = try await create(body)
        #expect(refused.status == status && refused.code == code, "\(body): \(refused.body)")
      }
      #expect(try await bench.fixture.ledger.tenant(named: "a") == nil)
      #expect(try await bench.fixture.ledger.verify().isSound)
    }
  }

  @Test func aRateIsSetShownAndLifted() async throws {
    try await APIBench.with { bench in
      func patch(_ body: String) async throws -> APIBench.Answer {
        try await bench.ask("PATCH", "/v1/tiers/cpu/policy", body, key: bench.operatorKey)
      }
      let rate = #""rate":{"burst":5,"count":10,"seconds":60}"#
      let set = try await patch(#"{"rate":{"count":10,"seconds":60,"burst":5}}"#)
      #expect(set.body.contains(rate), "\(set.body)")
      #expect(try await bench.ask("GET", "/v1/queue", key: bench.operatorKey).body.contains(rate))
      #expect(try await patch(#"{"paused":false}"#).body.contains(rate))
      let id = try await bench.fixture.submit()
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)/explain").body.contains(#""code":"rate_limit""#))
      #expect(try await !patch(#"{"rate":null}"#).body.contains("rate"))
      for body in [
        #"{"rate":{"count":0,"seconds":1}}"#, #"{"rate":{"count":1,"seconds":0}}"#, #"{"rate":{"count":1}}"#,
        #"{"rate":{"count":1,"seconds":9999999}}"#, #"{"rate":{"count":1,"seconds":1,"burst":0}}"#,
        #"{"rate":{"count":1,"secs":1}}"#,
      ] {
        #expect(try await patch(body).status == 422, "\(body)")
      }
    }
  }

  @Test func howManyRunBehindALimitIsTold() async throws {
    try await APIBench.with { bench in
      func running(_ path: String) async throws -> JSONValue? {
        try await bench.ask("GET", path, key: bench.operatorKey).json["running"]
      }
      let paths = ["/v1/tiers/cpu/policy", "/v1/capabilities/test.echo/policy", "/v1/tenants/acme"]
      for path in paths { #expect(try await running(path) == .integer(0), "\(path)") }
      _ = try await bench.fixture.submit()
      #expect(try await bench.fixture.lease().count == 1)
      for path in paths { #expect(try await running(path) == .integer(1), "\(path)") }
      for path in ["/v1/tiers/none/policy", "/v1/tenants/nobody"] {
        #expect(try await bench.ask("GET", path, key: bench.operatorKey).status == 404, "\(path)")
      }
    }
  }

  @Test func aPriorityIsChanged() async throws {
    try await APIBench.with { bench in
      let id = try await bench.fixture.submit()
      let changed = try await bench.ask("PATCH", "/v1/jobs/\(id)", #"{"priority":80}"#)
      #expect(changed.status == 200 && changed.json["priority"] == .integer(80))
      for body in [#"{"priority":101}"#, #"{"priority":"high"}"#, "{}", #"{"tier":"gpu"}"#] {
        #expect(try await bench.ask("PATCH", "/v1/jobs/\(id)", body).status == 422, "\(body)")
      }
      #expect(try await bench.ask("PATCH", "/v1/jobs/\(JobID())", #"{"priority":80}"#).status == 404)
    }
  }

  @Test func theOrderOfTheQueueIsTuned() async throws {
    try await APIBench.with { bench in
      func patch(_ body: String) async throws -> APIBench.Answer {
        try await bench.ask("PATCH", "/v1/queue/policy", body, key: bench.operatorKey)
      }
      let tuned = try await patch(#"{"keep_room_after_ms":0,"priority_ageing_ms":60000}"#)
      #expect(tuned.json["keep_room_after_ms"] == .integer(0) && tuned.json["keep_room_for_ms"] == .integer(30_000))
      let shown = try await bench.ask("GET", "/v1/queue/policy", key: bench.operatorKey)
      #expect(shown.json["priority_ageing_ms"] == .integer(60_000) && shown.json["class_patience_ms"] == .integer(0))
      for body in [#"{"keep_room_for_ms":0}"#, #"{"class_patience_ms":-1}"#, #"{"patience":1}"#] {
        #expect(try await patch(body).status == 422, "\(body)")
      }
    }
  }

  @Test func aJobSaysByWhenItHasToHaveStarted() async throws {
    try await APIBench.with { bench in
      let body = #"{"capability":"test.echo","params":{"text":"hi"},"start_within_seconds":600}"#
      let id = try await bench.ask("POST", "/v1/jobs", body).json["id"]?.stringValue ?? ""
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)").json["start_by"] != nil)
      for member in [
        #""start_by":"soon""#, #""start_by":"2020-01-01T00:00:00Z""#, #""start_within_seconds":-1"#,
        #""start_within_seconds":5,"delay_seconds":6"#, #""start_within_seconds":5,"start_by":"2099-01-01T00:00:00Z""#,
      ] {
        let refused = try await bench.ask("POST", "/v1/jobs", #"{"capability":"test.echo",\#(member)}"#)
        #expect(refused.status == 422 && refused.code == "invalid_body", "\(member): \(refused.body)")
      }
    }
  }

  @Test func aJobSaysThatItMayBePreempted() async throws {
    try await APIBench.with { bench in
      let body = #"{"capability":"test.echo","params":{"text":"hi"},"preemptible":true"#
      for (members, shown) in [
        ("}", #""preemption":{"grace_seconds":30,"signal":"TERM"}"#),
        (#","grace_seconds":5,"checkpoint_signal":"USR1"}"#, #""preemption":{"grace_seconds":5,"signal":"USR1"}"#),
      ] {
        let id = try await bench.ask("POST", "/v1/jobs", body + members).json["id"]?.stringValue ?? ""
        let job = try await bench.ask("GET", "/v1/jobs/\(id)")
        #expect(job.body.contains(shown), "\(job.body)")
      }
      for members in [
        #""preemptible":true,"grace_seconds":301"#, #""preemptible":true,"grace_seconds":-1"#, #""grace_seconds":5"#,
        #""preemptible":false,"checkpoint_signal":"TERM""#, #""preemptible":true,"checkpoint_signal":"KILL""#,
      ] {
        let refused = try await bench.ask("POST", "/v1/jobs", #"{"capability":"test.echo",\#(members)}"#)
        #expect(refused.status == 422 && refused.code == "invalid_body", "\(members): \(refused.body)")
      }
      let policy = try await bench.ask(
        "PATCH", "/v1/queue/policy", #"{"preempt_after_ms":0}"#, key: bench.operatorKey)
      #expect(policy.json["preempt_after_ms"] == .integer(0))
    }
  }

  @Test func aPausedTierIsShownWithTheQueue() async throws {
    try await APIBench.with { bench in
      _ = try await bench.ask(
        "PATCH", "/v1/tiers/cpu/policy", #"{"running_max":5,"paused":true}"#, key: bench.operatorKey)
      _ = try await bench.submit()
      let queue = try await bench.ask("GET", "/v1/queue", key: bench.operatorKey)
      #expect(queue.body.contains(#""limits":[{"kind":"tier","name":"cpu","paused":true,"running_max":5}]"#))
      #expect(queue.body.contains(#""capability":"test.echo","leased":0,"priority_class":4,"ready":1"#))
      #expect(try await bench.fixture.lease().isEmpty)
      _ = try await bench.ask("PATCH", "/v1/tenants/acme", #"{"paused":true}"#, key: bench.operatorKey)
      let both = try await bench.ask("GET", "/v1/queue", key: bench.operatorKey)
      #expect(both.body.contains(#"{"kind":"tenant","name":"acme","paused":true}"#))
      let unknown = try await bench.ask("PATCH", "/v1/tiers/cpuu/policy", "{}", key: bench.operatorKey)
      #expect(unknown.status == 404 && unknown.body.contains("did you mean 'cpu'?"))
    }
  }

  /// What a capability is sold as names it too: its jobs share one limit.
  @Test func aCapabilityIsLimitedByTheNameThatClientsKnow() async throws {
    try await APIBench.with { bench in
      let path = "/v1/capabilities/echo-deluxe/policy"
      let answer = try await bench.ask("PATCH", path, #"{"running_max":1}"#, key: bench.operatorKey)
      #expect(answer.status == 200 && answer.json["name"] == .string("test.echo"), "\(answer.body)")
      #expect(try await bench.fixture.ledger.gates().map(\.name) == ["test.echo"])
    }
  }

  @Test func aStartIsAnInstantOrADelay() async throws {
    try await APIBench.with { bench in
      let at = Timestamp.now + .seconds(3_600)
      for start in [#""run_at":"\#(at.text)""#, #""delay_seconds":3600"#] {
        let answer = try await bench.submit(#"{"capability":"test.echo",\#(start)}"#)
        #expect(answer.status == 202 && answer.json["state"] == .string("scheduled"), "\(start)")
        let id = try #require(answer.json["id"]?.stringValue)
        let job = try await bench.ask("GET", "/v1/jobs/\(id)").json
        #expect(job["state"] == .string("scheduled") && job["run_at"] == job["scheduled_for"])
        let explanation = try await bench.ask("GET", "/v1/jobs/\(id)/explain")
        #expect(explanation.status == 200 && explanation.body.contains(#""code":"scheduled""#))
      }
      #expect(
        try await bench.submit(#"{"capability":"test.echo","delay_seconds":0}"#).json["state"] == .string("queued"))
      for start in [
        #""run_at":"tomorrow""#, #""run_at":"2026-11-21T06:15:00""#, #""delay_seconds":-1"#, #""delay_seconds":1.5"#,
        #""run_at":"2030-01-01T00:00:00Z","delay_seconds":1"#,
      ] {
        let answer = try await bench.submit(#"{"capability":"test.echo",\#(start)}"#)
        #expect(answer.status == 422 && answer.code == "invalid_body", "\(start)")
      }
      let far = try await bench.submit(#"{"capability":"test.echo","delay_seconds":40000000}"#)
      #expect(far.status == 422 && far.code == "invalid_body")
    }
  }

  @Test func anotherTenantsJobIsNotExplained() async throws {
    try await APIBench.with { bench in
      let id = try #require(try await bench.submit().json["id"]?.stringValue)
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)/explain").body.contains(#""code":"no_worker""#))
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)/explain", key: bench.otherKey).status == 404)
    }
  }
}
