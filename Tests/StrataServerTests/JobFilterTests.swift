import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import Testing

/// Names and labels of jobs, the lists that are asked for by them, and whose jobs an operator sees.
@Suite struct JobFilterTests {
  /// Of the jobs that a list has, in its order.
  private func names(_ bench: APIBench, _ query: String, key: String? = nil) async throws -> [String] {
    let answer = try await bench.ask("GET", "/v1/jobs?\(query)", key: key)
    #expect(answer.status == 200, "\(query): \(answer.body)")
    guard case .array(let items)? = answer.json["items"] else { return [] }
    return items.map { item in
      guard case .object(let job) = item else { return "?" }
      return job["name"]?.stringValue ?? "-"
    }
  }

  private func submit(_ bench: APIBench, _ members: String, key: String? = nil) async throws -> String {
    let body = #"{"capability":"test.echo"\#(members.isEmpty ? "" : ",")\#(members)}"#
    let answer = try await bench.ask("POST", "/v1/jobs", body, key: key)
    #expect(answer.status == 202, "\(answer.body)")
    return try #require(answer.json["id"]?.stringValue)
  }

  @Test func jobsAreFoundByWhatTheirOwnerCallsThem() async throws {
    try await APIBench.with { bench in
      let first = try await submit(bench, #""name":"night 1","labels":{"project":"a","run":"1"}"#)
      _ = try await submit(bench, #""name":"night 2","labels":{"project":"a","run":"2"}"#)
      _ = try await submit(bench, #""name":"100%_\\ of it","labels":{"project":"b"}"#)
      _ = try await submit(bench, "")
      for (query, expected) in [
        ("", ["-", "100%_\\ of it", "night 2", "night 1"]), ("name=night+1", ["night 1"]), ("name=night", []),
        ("name=night*", ["night 2", "night 1"]), ("name=100%25_%5C*", ["100%_\\ of it"]), ("name=1000*", []),
        ("name=_%CC%81*", []),
        ("label=project=a", ["night 2", "night 1"]), ("label=project=a&label=run=2", ["night 2"]),
        ("label=project=c", []), ("label=project=a&name=100*", []), ("capability=test.echo&limit=1", ["-"]),
        ("capability=other", []), ("tier=cpu&label=run=1", ["night 1"]), ("tier=gpu", []),
        ("state=queued,failed&label=run=1", ["night 1"]), ("state=failed,running", []), ("code=crashed", []),
        ("since=2020-01-01T00:00:00Z&label=run=1", ["night 1"]), ("until=2020-01-01T00:00:00Z", []),
      ] {
        #expect(try await names(bench, query) == expected, "\(query)")
      }
      let job = try await bench.ask("GET", "/v1/jobs/\(first)")
      #expect(job.json["labels"] == .object(["project": .string("a"), "run": .string("1")]))
    }
  }

  @Test func aPageGoesOnWithinTheFilter() async throws {
    try await APIBench.with { bench in
      for number in 0..<7 { _ = try await submit(bench, #""name":"n\#(number)","labels":{"odd":"\#(number % 2)"}"#) }
      var (seen, cursor): ([String], String?) = ([], nil)
      repeat {
        let query = "label=odd=0&limit=3" + (cursor.map { "&cursor=\($0)" } ?? "")
        seen += try await names(bench, query)
        cursor = try await bench.ask("GET", "/v1/jobs?\(query)").json["next_cursor"]?.stringValue
      } while cursor != nil && seen.count < 10
      #expect(seen == ["n6", "n4", "n2", "n0"])
    }
  }

  @Test(arguments: [
    (#""name":"""#, "invalid_body"), (#""name":"two\nlines""#, "invalid_body"),
    (#""labels":{"with blank":"x"}"#, "invalid_body"), (#""labels":{"a":"b\u0000c"}"#, "invalid_body"),
    (#""labels":{"a":1}"#, "invalid_body"), (#""retry":{"attempts_max":0}"#, "invalid_body"),
    (#""retry":{"attempts":3}"#, "unknown_member"), (#""retry":{"factor":0.5}"#, "invalid_body"),
    (#""retry":{"retryable_codes":["Not A Code"]}"#, "invalid_body"),
    (#""retry":{"attempts_max":1.5}"#, "invalid_body"),
  ]) func whatCannotBeIsRefused(members: String, code: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.ask("POST", "/v1/jobs", #"{"capability":"test.echo",\#(members)}"#)
      #expect(answer.status == 422 || answer.status == 400, "\(answer.status) \(answer.body)")
      #expect(answer.code == code, "\(members): \(answer.body)")
    }
  }

  @Test func seventeenLabelsAreTooMany() async throws {
    try await APIBench.with { bench in
      let labels = (0..<17).map { #""l\#($0)":"x""# }.joined(separator: ",")
      let answer = try await bench.ask("POST", "/v1/jobs", #"{"capability":"test.echo","labels":{\#(labels)}}"#)
      #expect(answer.status == 422 && answer.body.contains("17 labels"), "\(answer.body)")
    }
  }

  @Test(arguments: ["label=x", "label=a%20b=c", "label=a=1&label=a=2", "since=yesterday", "tier=UPPER", "state=done"])
  func aFilterThatSaysNothingIsRefused(query: String) async throws {
    try await APIBench.with { bench in
      let answer = try await bench.ask("GET", "/v1/jobs?\(query)")
      #expect(answer.status == 400, "\(answer.body)")
    }
  }

  @Test func aJobHasAsManyAttemptsAsItWasGiven() async throws {
    try await APIBench.with { bench in
      let retry = #""retry":{"attempts_max":5,"first_delay_milliseconds":2000,"retryable_codes":["exit_status"]}"#
      let id = try await submit(bench, retry)
      let job = try await bench.ask("GET", "/v1/jobs/\(id)")
      #expect(job.json["attempts_max"] == .integer(5), "\(job.body)")
      guard case .object(let policy)? = job.json["retry"] else { throw StrataError(.notFound, "\(job.body)") }
      #expect(policy["retryable_codes"] == .array([.string("exit_status")]))
      #expect(
        policy["first_delay_milliseconds"] == .integer(2_000) && policy["delay_max_milliseconds"] == .integer(600_000))
      let order = try #require(try await bench.fixture.lease().first?.job)
      #expect(order.attemptsMax == 5)
      // The number alone is no other policy, and takes no room in the queue.
      let plain = try await submit(bench, #""retry":{"attempts_max":9}"#)
      let shown = try await bench.ask("GET", "/v1/jobs/\(plain)")
      #expect(shown.json["attempts_max"] == .integer(9) && shown.json["retry"] == nil, "\(shown.body)")
    }
  }

  /// What comes back under a key with another name is not the same job.
  @Test func aRepeatedKeyComesWithTheSameName() async throws {
    try await APIBench.with { bench in
      for (name, status) in [("one", 202), ("one", 202), ("two", 409)] {
        let body = #"{"capability":"test.echo","name":"\#(name)"}"#
        let answer = try await bench.ask("POST", "/v1/jobs", body, headers: ["idempotency-key: k"])
        #expect(answer.status == status, "\(answer.body)")
      }
    }
  }

  @Test func whatIsDoneAgainKeepsItsNameAndIsFoundByIt() async throws {
    try await APIBench.with { bench in
      for number in 0..<3 {
        _ = try await submit(bench, #""name":"n\#(number)","labels":{"odd":"\#(number % 2)"}"#)
        try await bench.fixture.fail(
          try #require(try await bench.fixture.lease().first), code: "broken", isRetryable: false)
      }
      try await bench.fixture.settler().drain()
      let dry = try await bench.ask("POST", "/v1/jobs:retry", #"{"labels":{"odd":"0"},"dry_run":true}"#)
      #expect(dry.status == 200 && dry.body.contains(#""name":"n0""#) && dry.body.contains("broken"), "\(dry.body)")
      #expect(!dry.body.contains(#""name":"n1""#))
      let done = try await bench.ask("POST", "/v1/jobs:retry", #"{"labels":{"odd":"0"},"name":"n2"}"#)
      #expect(done.status == 202, "\(done.body)")
      #expect(try await names(bench, "state=queued") == ["n2"])
      #expect(try await names(bench, "state=failed&code=broken") == ["n2", "n1", "n0"])
    }
  }

  @Test func anOperatorSeesEverybodysJobs() async throws {
    try await APIBench.with { bench in
      _ = try await bench.fixture.ledger.grant(MicroCredits(micros: 1_000_000), to: bench.otherTenant)
      let own = try await submit(bench, #""name":"own""#)
      let other = try await submit(bench, #""name":"other's""#, key: bench.otherKey)
      #expect(try await names(bench, "", key: bench.operatorKey).isEmpty)
      #expect(try await names(bench, "tenant=*", key: bench.operatorKey) == ["other's", "own"])
      #expect(try await names(bench, "tenant=other", key: bench.operatorKey) == ["other's"])
      #expect(try await names(bench, "id=\(own.suffix(8))", key: bench.operatorKey) == ["own"])
      for target in ["/v1/jobs/\(other)", "/v1/jobs/\(other)/explain", "/v1/jobs/\(other)/log"] {
        #expect(try await bench.ask("GET", target, key: bench.operatorKey).status == 200, "\(target)")
        #expect(try await bench.ask("GET", target).status == 404, "\(target)")
      }
      #expect(try await bench.ask("GET", "/v1/jobs?tenant=*").status == 403)
      #expect(try await bench.ask("GET", "/v1/jobs?tenant=other").status == 403)
      #expect(try await bench.ask("DELETE", "/v1/jobs/\(other)").status == 404)
      let cancelled = try await bench.ask("DELETE", "/v1/jobs/\(other)", key: bench.operatorKey)
      #expect(cancelled.status == 202 && cancelled.json["state"]?.stringValue == "cancelled", "\(cancelled.body)")
      let account = try await bench.ask("GET", "/v1/account?tenant=other", key: bench.operatorKey)
      #expect(account.json["name"]?.stringValue == "other", "\(account.body)")
      for path in ["account", "arrays", "schedules", "keys"] {
        #expect(try await bench.ask("GET", "/v1/\(path)?tenant=other").status == 403, "\(path)")
        let seen = try await bench.ask("GET", "/v1/\(path)?tenant=other", key: bench.operatorKey)
        #expect(seen.status == 200, "\(path): \(seen.body)")
        let nobodys = try await bench.ask("GET", "/v1/\(path)?tenant=nobody", key: bench.operatorKey)
        #expect(nobodys.status == 404, "\(path)")
      }
      #expect(try await bench.ask("GET", "/v1/jobs/\(JobID())", key: bench.operatorKey).status == 404)
    }
  }

  /// Blocked, waiting and running ones alike; what has ended, and what is not meant, is left alone.
  @Test func manyAreCancelledTogether() async throws {
    try await APIBench.with { bench in
      let fixture = bench.fixture
      let label = #""labels":{"project":"a"}"#
      let ended = try await submit(bench, label)
      try await fixture.complete(try await fixture.lease())
      try await fixture.settler().drain()
      let runs = try await submit(bench, label)
      let lease = try #require(try await fixture.lease().first)
      let waits = try await submit(bench, label)
      let blocked = try await submit(bench, label + #","after":["\#(runs)"]"#)
      let later = try await submit(bench, label + #","delay_seconds":600"#)
      let other = try await submit(bench, #""labels":{"project":"b"}"#)
      let dry = try await bench.ask("POST", "/v1/jobs:cancel", #"{"labels":{"project":"a"},"dry_run":true}"#)
      #expect(dry.status == 200 && dry.body.contains(waits) && !dry.body.contains(ended), "\(dry.body)")
      #expect(try await fixture.ledger.cancelling(limit: 10).isEmpty)
      var (states, cursor): ([String: String], String?) = ([:], nil)
      repeat {
        let next = cursor.map { #","cursor":"\#($0)""# } ?? ""
        let answer = try await bench.ask(
          "POST", "/v1/jobs:cancel", #"{"labels":{"project":"a"},"limit":2\#(next)}"#)
        #expect(answer.status == 202, "\(answer.body)")
        guard case .array(let items)? = answer.json["items"] else { break }
        for case .object(let job) in items { states[job["id"]?.stringValue ?? ""] = job["state"]?.stringValue }
        cursor = answer.json["next_cursor"]?.stringValue
      } while cursor != nil
      #expect(states == [runs: "running", waits: "cancelled", blocked: "cancelled", later: "cancelled"])
      let reply = try await fixture.queue.heartbeat(worker: lease.worker, held: [lease.reference], for: .seconds(60))
      #expect(reply.cancelRequested == [lease.job.id])
      #expect(try await bench.ask("GET", "/v1/jobs/\(other)").json["state"]?.stringValue == "queued")
      #expect(try await bench.ask("GET", "/v1/jobs/\(ended)").json["state"]?.stringValue == "succeeded")
      #expect(try await fixture.ledger.verify().isSound)
      for body in [
        #"{"state":"failed"}"#, #"{"state":"done"}"#, #"{"limit":0}"#, #"{"code":5}"#, "{}",
        #"{"labels":{},"batch":null}"#,
      ] {
        let wrong = try await bench.ask("POST", "/v1/jobs:cancel", body)
        #expect(wrong.status >= 400 && wrong.status < 500, "\(body): \(wrong.body)")
      }
    }
  }
}
