import ControlTestSupport
import Foundation
import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import Testing

/// `/v1/schedules`.
@Suite struct ScheduleRoutesTests {
  private static func body(_ members: String = "", name: String = "nightly") -> String {
    #"{"name":"\#(name)","cron":"30 2 * * *","job":{"capability":"test.echo","params":{"text":"hi"}}\#(members)}"#
  }

  private func view(_ answer: APIBench.Answer) throws -> ScheduleView {
    try JSONDecoder().decode(ScheduleView.self, from: Data(answer.body.utf8))
  }

  @Test func aScheduleIsMadeShownListedChangedAndDeleted() async throws {
    try await APIBench.with { bench in
      let made = try await bench.ask(
        "POST", "/v1/schedules",
        Self.body(
          #","time_zone":"Europe/Madrid","missed":{"policy":"all","limit":7},"overlap":"skip","jitter_seconds":60"#))
      #expect(made.status == 201 && made.headers["location"] == "/v1/schedules/nightly", "\(made.body)")
      let schedule = try view(made)
      #expect(schedule.missed == MissedRunsRule(policy: .all, limit: 7) && schedule.overlap == .skip)
      #expect(schedule.times.count == 5 && schedule.times[0].local.contains("T02:30:00+0"))
      #expect(schedule.nextAt == schedule.times[0].at && schedule.chargeMaxMicrocredits == 1_000)
      #expect(schedule.job?.params == ["text": .string("hi")])
      for path in ["/v1/schedules/nightly", "/v1/schedules/\(schedule.id)"] {
        #expect(try view(try await bench.ask("GET", path)).id == schedule.id)
      }
      let patch = #"{"cron":"0 4 * * *","ends_at":"2100-01-01T00:00:00Z","overlap":null,"paused":true,"name":"early"}"#
      let changed = try view(try await bench.ask("PATCH", "/v1/schedules/nightly", patch))
      #expect(changed.cron == "0 4 * * *" && changed.endsAt == "2100-01-01T00:00:00.000000Z" && changed.isPaused)
      #expect(changed.overlap == .skip && changed.name == "early" && changed.nextAt == nil && changed.times.isEmpty)
      let resumed = try view(
        try await bench.ask("PATCH", "/v1/schedules/early", #"{"ends_at":null,"paused":false}"#))
      #expect(resumed.endsAt == nil && resumed.nextAt != nil)
      let times = try await bench.ask("GET", "/v1/schedules/early/times?limit=3")
      #expect(times.body.components(separatedBy: "T04:00:00+0").count == 4, "\(times.body)")
      let list = try await bench.ask("GET", "/v1/schedules")
      #expect(list.body.contains(schedule.id.description) && list.json["next_cursor"] == nil)
      #expect(try await bench.ask("DELETE", "/v1/schedules/early").status == 200)
      let gone = try await bench.ask("GET", "/v1/schedules/early")
      #expect(gone.status == 404 && gone.code == "not_found")
    }
  }

  @Test func anotherTenantsSchedulesAreNotFound() async throws {
    try await APIBench.with { bench in
      let schedule = try view(try await bench.ask("POST", "/v1/schedules", Self.body()))
      for (method, path) in [
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/run"), ("GET", "/times"),
      ] {
        for name in ["nightly", "\(schedule.id)"] {
          let body = method == "PATCH" ? #"{"paused":true}"# : ""
          let answer = try await bench.ask(method, "/v1/schedules/\(name)\(path)", body, key: bench.otherKey)
          #expect(answer.status == 404, "\(method) \(path): \(answer.body)")
        }
      }
      #expect(try await !bench.ask("GET", "/v1/schedules", key: bench.otherKey).body.contains("nightly"))
      #expect(try await bench.ask("GET", "/v1/jobs?schedule=\(schedule.id)", key: bench.otherKey).body.contains("[]"))
      #expect(try await bench.ask("POST", "/v1/schedules", Self.body(), key: bench.otherKey).status == 201)
    }
  }

  @Test func aLostAnswerIsAskedForAgain() async throws {
    try await APIBench.with { bench in
      let key = ["idempotency-key: k"]
      let first = try await bench.ask("POST", "/v1/schedules", Self.body(), headers: key)
      let again = try await bench.ask("POST", "/v1/schedules", Self.body(), headers: key)
      #expect(first.status == 201 && again.status == 200)
      #expect(try view(first).id == view(again).id)
      #expect(first.body == again.body)
      let taken = try await bench.ask("POST", "/v1/schedules", Self.body())
      #expect(taken.status == 409 && taken.body.contains("a schedule named 'nightly'"), "\(taken.body)")
      // Also one of another name: the key stands for one request.
      let body = Self.body(#","overlap":"skip""#)
      for other in [body, body.replacing("nightly", with: "weekly")] {
        let refused = try await bench.ask("POST", "/v1/schedules", other, headers: key)
        #expect(refused.status == 409 && refused.code == "conflict", "\(refused.body)")
        #expect(refused.body.contains("Idempotency-Key was used for another request"), "\(refused.body)")
      }
      #expect(try await bench.ask("GET", "/v1/schedules/weekly").status == 404)
      // It is found as it is now.
      _ = try await bench.ask("PATCH", "/v1/schedules/nightly", #"{"paused":true}"#)
      let late = try await bench.ask("POST", "/v1/schedules", Self.body(), headers: key)
      #expect(late.status == 200 && late.json["paused"] == .boolean(true), "\(late.body)")
    }
  }

  /// An instant would be past for all runs but one.
  @Test func eachOfItsJobsHasToStartInTime() async throws {
    try await APIBench.with { bench in
      func create(_ member: String) async throws -> APIBench.Answer {
        let job = #"{"capability":"test.echo","params":{"text":"hi"},\#(member)}"#
        return try await bench.ask("POST", "/v1/schedules", #"{"name":"n","cron":"@daily","job":\#(job)}"#)
      }
      for member in [#""start_by":"2100-01-01T00:00:00Z""#, #""start_within_seconds":\#(Int64.max)"#] {
        let refused = try await create(member)
        #expect(refused.status == 422 && refused.code == "invalid_body", "\(refused.body)")
      }
      let made = try await create(#""start_within_seconds":600"#)
      #expect(try view(made).job?.startWithinSeconds == 600, "\(made.body)")
      let run = try await bench.ask("POST", "/v1/schedules/n/run")
      let id = try #require(run.json["id"]?.stringValue)
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)").json["start_by"] != nil)
    }
  }

  @Test func runsBesideItsTimesAndTheirJobsAreShown() async throws {
    try await APIBench.with { bench in
      _ = try await bench.ask("POST", "/v1/schedules", Self.body(#","paused":true"#))
      let run = try await bench.ask("POST", "/v1/schedules/nightly/run")
      #expect(run.status == 202, "\(run.body)")
      let id = try #require(run.json["id"]?.stringValue)
      let strange = try await bench.ask("POST", "/v1/schedules/nightly/run", #"{"params":{}}"#)
      #expect(strange.status == 422 && strange.body.contains("'params'; it has none"), "\(strange.body)")
      let job = try await bench.ask("GET", "/v1/jobs/\(id)")
      #expect(job.body.contains(#""schedule":{"id":""#) && job.body.contains(#""name":"nightly"}"#), "\(job.body)")
      for query in ["?schedule=nightly", "?schedule=nightly&state=queued"] {
        #expect(try await bench.ask("GET", "/v1/jobs\(query)").body.contains(id))
      }
      #expect(try await !bench.ask("GET", "/v1/jobs?schedule=nightly&state=failed").body.contains(id))
      #expect(try await bench.ask("GET", "/v1/jobs?schedule=other").status == 404)
      let both = try await bench.ask("GET", "/v1/jobs?schedule=nightly&batch=\(BatchID())")
      #expect(both.status == 200 && !both.body.contains(id), "it is in no batch")
    }
  }

  /// One sentence each, of what is wrong and what to do.
  @Test(arguments: [
    (#"{"name":"n","job":{"capability":"test.echo"}}"#, 422, "needs a member 'cron'"),
    (#"{"name":"n","cron":"* * *","job":{"capability":"test.echo"}}"#, 422, "five fields"),
    (#"{"name":"n","cron":"0 0 31 2 *","job":{"capability":"test.echo"}}"#, 422, "no day ever fits"),
    (
      #"{"name":"n","cron":"@daily","time_zone":"Mars/Olympus","job":{"capability":"test.echo"}}"#, 422, "Europe/Madrid"
    ),
    (#"{"name":"a b","cron":"@daily","job":{"capability":"test.echo"}}"#, 422, "letters, digits"),
    (#"{"name":"-","cron":"@daily","job":{"capability":"test.echo"}}"#, 422, "a letter or a digit first"),
    (
      #"{"name":"01m8zzzzzzzzzzzzzzzzzzzzzz","cron":"@daily","job":{"capability":"test.echo"}}"#, 422,
      "looks like an identifier"
    ),
    (#"{"name":"n","cron":"@daily","job":{"capability":"test.ech"}}"#, 404, "no capability 'test.ech'"),
    (#"{"name":"n","cron":"@daily","job":{"capability":"test.echo","params":{"txt":1}}}"#, 400, "no such parameter"),
    (#"{"name":"n","cron":"@daily","job":{"capability":"test.echo","tier":"gpu"}}"#, 422, "there is no tier 'gpu'"),
    (#"{"name":"n","cron":"@daily","job":{"capability":"test.echo","max_credits":0}}"#, 402, "raise max_credits"),
    (#"{"name":"n","cron":"@daily","job":{"capability":"test.echo","delay_seconds":1}}"#, 422, "says when it runs"),
    (#"{"name":"n","cron":"@daily","job":{"capability":"test.echo","aftr":[]}}"#, 422, "did you mean 'after'?"),
    (#"{"name":"n","cron":"@daily","missed":{"policy":"all"},"job":{"capability":"test.echo"}}"#, 422, "a 'limit'"),
    (
      #"{"name":"n","cron":"@daily","missed":{"policy":"all","limit":1441},"job":{"capability":"test.echo"}}"#, 422,
      "1 to 1440"
    ),
    (
      #"{"name":"n","cron":"@daily","missed":{"policy":"skip","tolerance_milliseconds":0},"job":{"capability":"noop"}}"#,
      422, "from 1000 to 86400000"
    ),
    (#"{"name":"n","cron":"@daily","jitter_seconds":3601,"job":{"capability":"test.echo"}}"#, 422, "from 0 to 3600"),
    (#"{"name":"n","cron":"@daily","starts_at":"tomorrow","job":{"capability":"test.echo"}}"#, 422, "'starts_at'"),
    (
      #"{"name":"n","cron":"@daily","ends_at":"2020-01-01T00:00:00Z","job":{"capability":"test.echo"}}"#, 422,
      "would never run"
    ),
    (
      #"{"name":"n","cron":"@daily","overlap":"queue","job":{"capability":"test.echo"}}"#, 422,
      "'queue' is none of allow, skip"
    ),
    (#"{"name":"n","cron":"@daily","missed":{"policy":"x"},"job":{"capability":"test.echo"}}"#, 422, "skip, once, all"),
    (
      #"{"name":"n","cron":"\#(String(repeating: "0,", count: 130))0 * * * *","job":{"capability":"test.echo"}}"#, 422,
      "at most 255"
    ),
    (#"{"name":"n","cron":"@daily","paused":1,"job":{"capability":"test.echo"}}"#, 422, "true or false"),
    (
      #"{"name":"n","cron":"@daily","job":{"capability":"test.files","inputs":[{"name":"a","size_bytes":1,"#
        + #""digest":"sha256:\#(String(repeating: "ab", count: 32))"}]}}"#, 422, "upload it first"
    ),
  ])
  func whatCouldNeverBeAdmittedIsRefusedAtOnce(body: String, status: Int, words: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.ask("POST", "/v1/schedules", body)
      #expect(answer.status == status && answer.body.contains(words), "\(answer.body)")
      #expect(try await bench.ask("GET", "/v1/schedules").body.contains(#""items":[]"#))
      // Inputs are not looked for by whoever only asks.
      let check = try await bench.ask("POST", "/v1/schedules:check", body)
      #expect(check.status == (words == "upload it first" ? 200 : status), "\(check.body)")
    }
  }

  /// It may have credits by then.
  @Test func whoHasNoCreditsMayMakeASchedule() async throws {
    try await APIBench.with { bench in
      let check = try await bench.ask("POST", "/v1/schedules:check", Self.body(), key: bench.otherKey)
      #expect(check.status == 200 && check.json["charge_max_microcredits"] == .integer(1_000), "\(check.body)")
      #expect(try await bench.ask("POST", "/v1/schedules", Self.body(), key: bench.otherKey).status == 201)
      let run = try await bench.ask("POST", "/v1/schedules/nightly/run", key: bench.otherKey)
      #expect(run.status == 402 && run.code == "budget_exceeded")
    }
  }

  @Test func aTenantHasSoManySchedulesAndNoMore() async throws {
    try await APIBench.with(configure: { $0.schedules.schedulesMax = 3 }) { bench in
      for number in 0..<3 {
        #expect(try await bench.ask("POST", "/v1/schedules", Self.body(name: "n\(number)")).status == 201)
      }
      let fourth = try await bench.ask("POST", "/v1/schedules", Self.body(name: "n3"))
      #expect(fourth.status == 429 && fourth.code == "limit_exceeded" && fourth.body.contains("3 schedules"))
      let page = try await bench.ask("GET", "/v1/schedules?limit=2")
      let cursor = try #require(page.json["next_cursor"]?.stringValue)
      let rest = try await bench.ask("GET", "/v1/schedules?limit=2&cursor=\(cursor)")
      #expect(page.body.contains(#""name":"n2""#) && page.body.contains(#""name":"n1""#))
      #expect(rest.body.contains(#""name":"n0""#) && rest.json["next_cursor"] == nil, "\(rest.body)")
      for query in ["limit=0", "limit=201", "cursor=x"] {
        #expect(try await bench.ask("GET", "/v1/schedules?\(query)").status == 400)
      }
      #expect(try await bench.ask("GET", "/v1/schedules/n0/times?limit=101").code == "invalid_limit")
      let renamed = try await bench.ask("PATCH", "/v1/schedules/n0", #"{"name":"n1"}"#)
      #expect(renamed.status == 409 && renamed.code == "conflict")
    }
  }
}
