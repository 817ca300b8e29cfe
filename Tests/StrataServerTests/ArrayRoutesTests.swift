import ControlTestSupport
import Foundation
import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import Testing

/// `/v1/arrays`, and their submission.
@Suite struct ArrayRoutesTests {
  private static func body(_ array: String, _ members: String = "") -> String {
    #"{"capability":"test.echo","params":{"text":"{task}"},"array":\#(array)\#(members)}"#
  }

  private func view(_ answer: APIBench.Answer) throws -> ArrayView {
    try JSONDecoder().decode(ArrayView.self, from: Data(answer.body.utf8))
  }

  private func make(_ bench: APIBench) async throws {
    let keeper = ArrayKeeper(ledger: bench.fixture.ledger, admission: bench.fixture.control.admission)
    while try await keeper.makeDue() > 0 {}
  }

  @Test func anArrayIsSubmittedShownFollowedAndCancelled() async throws {
    try await APIBench.with { bench in
      let key = ["idempotency-key: k"]
      let made = try await bench.submit(Self.body(#"{"tasks":10,"max_running":4}"#), headers: key)
      #expect(made.status == 202 && made.json["tasks"] == .integer(10), "\(made.body)")
      let id = try #require(made.json["id"]?.stringValue)
      #expect(made.headers["location"] == "/v1/arrays/\(id)" && made.json["held_microcredits"] == .integer(0))
      #expect(made.body.contains(#""charge_max_microcredits":10000"#))
      let again = try await bench.submit(Self.body(#"{"range":"0-9","max_running":4}"#), headers: key)
      #expect(again.json["id"]?.stringValue == id && again.json["repeat"] == .boolean(true))
      try await make(bench)
      let shown = try view(try await bench.ask("GET", "/v1/arrays/\(id)"))
      #expect((shown.tasks, shown.pending, shown.waiting, shown.running) == (10, 6, 4, 0) && shown.state == "queued")
      #expect(shown.indexes == "0-9" && shown.maxRunning == 4 && shown.capability == "test.echo")
      #expect(shown.job?.capability == "test.echo" && shown.job?.params?["text"] == .string("{task}"))
      let list = try await bench.ask("GET", "/v1/arrays")
      #expect(list.body.contains(id) && !list.body.contains("indexes"), "\(list.body)")
      #expect(!list.body.contains(#""job":"#), "\(list.body)")
      let task = try await bench.ask("GET", "/v1/arrays/\(id)/tasks/2")
      #expect(
        task.json["state"]?.stringValue == "queued" && task.body.contains(#""task":{"array":"\#(id)","index":2}"#))
      let job = try #require(task.json["id"]?.stringValue)
      #expect(try await bench.ask("GET", "/v1/jobs/\(job)").status == 200)
      let pending = try await bench.ask("GET", "/v1/arrays/\(id)/tasks/9")
      #expect(pending.json["state"]?.stringValue == "pending" && pending.json["job"] == nil)
      let missing = try await bench.ask("GET", "/v1/jobs/\(pending.json["id"]?.stringValue ?? "")")
      #expect(missing.status == 404 && missing.body.contains("is task 9 of array \(id)"), "\(missing.body)")
      #expect(missing.body.contains("6 of 10 tasks wait for room") && !missing.body.contains("/v1/"))
      #expect(try await bench.ask("GET", "/v1/jobs/\(id)").body.contains("is an array and no job"))
      let page = try await bench.ask("GET", "/v1/arrays/\(id)/tasks?state=pending&limit=4")
      #expect(page.json["next_cursor"]?.stringValue == "8" && page.body.contains(#""index":4,"#), "\(page.body)")
      #expect(try await bench.ask("GET", "/v1/arrays/\(id)/explain").body.contains("array_limit"))
      #expect(try await bench.ask("GET", "/v1/arrays/\(id)/tasks/9/explain").body.contains("own_jobs"))
      #expect(try await bench.ask("GET", "/v1/arrays/\(id)/tasks/2/explain").body.contains(#""job":"#))
      let one = try view(try await bench.ask("DELETE", "/v1/arrays/\(id)/tasks/9"))
      let some = try view(try await bench.ask("DELETE", "/v1/arrays/\(id)?tasks=0,5-6"))
      #expect(one.cancelled == 1 && (some.cancelled, some.pending, some.waiting) == (4, 3, 3))
      let whole = try await bench.ask("DELETE", "/v1/arrays/\(id)")
      #expect(whole.status == 202)
      #expect(try view(whole).state == "cancelled")
      let late = try await bench.ask("DELETE", "/v1/arrays/\(id)")
      #expect(late.status == 409 && late.code == "conflict")
      let events = try await bench.ask("GET", "/v1/arrays/\(id)/events")
      #expect(events.body.contains("event: cancelled"), "\(events.body)")
      #expect(try await bench.ask("POST", "/v1/arrays/\(id)/retry").status == 409)
      #expect(try await bench.ask("GET", "/v1/batches/\(id)").status == 200)
      let joined = try await bench.ask("POST", "/v1/jobs:batch", #"{"jobs":[],"batch":"\#(id)"}"#)
      #expect(joined.status == 409 && joined.body.contains("is an array"))
    }
  }

  @Test func anArrayIsFoundByAPartOfItsIdentifier() async throws {
    try await APIBench.with { bench in
      let id = try #require(try await bench.submit(Self.body(#"{"tasks":3}"#)).json["id"]?.stringValue)
      for part in [id.suffix(10), id.prefix(12), id.suffix(20)] {
        let found = try await bench.ask("GET", "/v1/arrays?id=\(part)")
        #expect(found.status == 200 && found.body.contains(id), "\(part): \(found.body)")
      }
      #expect(try await bench.ask("GET", "/v1/arrays?id=\(id.suffix(10))", key: bench.otherKey).body.contains("[]"))
      for query in ["id=0000", "id=\(id.suffix(10))&limit=5", "id=\(id)"] {
        let refused = try await bench.ask("GET", "/v1/arrays?\(query)")
        #expect(refused.status == 400 && refused.code == "invalid_id", "\(query): \(refused.body)")
      }
    }
  }

  @Test func whatItsTasksWereChargedAndHoldIsTold() async throws {
    try await APIBench.with { bench in
      let id = try #require(try await bench.submit(Self.body(#"{"tasks":3}"#)).json["id"]?.stringValue)
      try await make(bench)
      let made = try view(try await bench.ask("GET", "/v1/arrays/\(id)"))
      #expect((made.chargedMicrocredits, made.heldMicrocredits) == (0, 3_000))
      try await bench.fixture.complete(try await bench.fixture.lease())
      try await bench.fixture.settler().drain()
      let ended = try view(try await bench.ask("GET", "/v1/arrays/\(id)"))
      #expect((ended.chargedMicrocredits, ended.heldMicrocredits) == (1_000, 2_000))
      let cancelled = try view(try await bench.ask("DELETE", "/v1/arrays/\(id)"))
      #expect((cancelled.chargedMicrocredits, cancelled.heldMicrocredits) == (1_000, 0))
    }
  }

  @Test func anotherTenantsArraysAreNotFound() async throws {
    try await APIBench.with { bench in
      let id = try #require(try await bench.submit(Self.body(#"{"tasks":3}"#)).json["id"]?.stringValue)
      for (method, path) in [
        ("GET", ""), ("DELETE", ""), ("GET", "/tasks"), ("GET", "/tasks/1"), ("DELETE", "/tasks/1"),
        ("GET", "/explain"), ("GET", "/tasks/1/explain"), ("GET", "/events"), ("POST", "/retry"),
      ] {
        let answer = try await bench.ask(method, "/v1/arrays/\(id)\(path)", key: bench.otherKey)
        #expect(answer.status == 404 && answer.code == "not_found", "\(method) \(path): \(answer.body)")
      }
      #expect(try await bench.ask("GET", "/v1/arrays", key: bench.otherKey).body.contains("[]"))
    }
  }

  @Test func whatCannotBeReadIsRefused() async throws {
    try await APIBench.with { bench in
      for (array, says) in [
        ("{}", "either 'tasks' or a 'range'"), (#"{"tasks":1,"range":"0"}"#, "either"), (#"{"tasks":0}"#, "0 tasks"),
        (#"{"tasks":1000001}"#, "at most 1000000"), (#"{"range":"9-1"}"#, "goes upwards"),
        (#"{"tasks":5,"max_running":0}"#, "max_running"), (#"{"task":5}"#, "did you mean 'tasks'"),
        (#"{"range":5}"#, "array.range"),
      ] {
        let answer = try await bench.submit(Self.body(array))
        #expect(answer.status == 422 && answer.body.contains(says), "\(array): \(answer.body)")
      }
      let many = try await bench.ask("POST", "/v1/jobs:batch", #"{"jobs":[\#(Self.body(#"{"tasks":5}"#))]}"#)
      #expect(many.status == 202 && many.body.contains("submitted by itself"), "\(many.body)")
      let id = try #require(try await bench.submit(Self.body(#"{"tasks":3}"#)).json["id"]?.stringValue)
      for (method, path, status, code) in [
        ("DELETE", "?tasks=x", 400, "invalid_tasks"), ("GET", "/tasks?state=lost", 400, "invalid_state"),
        ("GET", "/tasks?cursor=x", 400, "invalid_cursor"), ("GET", "/tasks?limit=0", 400, "invalid_limit"),
        ("GET", "/tasks/x", 404, "not_found"), ("GET", "/tasks/3", 404, "not_found"), ("GET", "/x", 404, "not_found"),
        ("GET", "/tasks/1/x", 404, "not_found"), ("PATCH", "", 405, "method_not_allowed"),
      ] {
        let answer = try await bench.ask(method, "/v1/arrays/\(id)\(path)")
        #expect(answer.status == status && answer.code == code, "\(method) \(path): \(answer.body)")
      }
      #expect(try await bench.ask("GET", "/v1/arrays/x").status == 404)
      let check = try await bench.ask("POST", "/v1/jobs:check", Self.body(#"{"tasks":5}"#))
      #expect(check.status == 200 && check.body.contains("5000"), "\(check.body)")
    }
  }
}
