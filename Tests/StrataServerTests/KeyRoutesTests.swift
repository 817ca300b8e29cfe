import ControlTestSupport
import Foundation
import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import Testing

/// `/v1/keys`.
@Suite struct KeyRoutesTests {
  private func make(_ bench: APIBench, _ name: String = "laptop", key: String? = nil, query: String = "") async throws
    -> (id: String, secret: String)
  {
    let answer = try await bench.ask("POST", "/v1/keys\(query)", #"{"name":"\#(name)"}"#, key: key)
    #expect(answer.status == 201, "\(answer.body)")
    return (try #require(answer.json["id"]?.stringValue), try #require(answer.json["secret"]?.stringValue))
  }

  /// With the memory of answers as it is in production: what was valid a moment ago is remembered.
  @Test func aRevokedKeyAnswers401AtOnce() async throws {
    try await APIBench.with { bench in
      let (id, secret) = try await make(bench)
      #expect(try await bench.ask("GET", "/v1/account", key: secret).status == 200)
      let revoked = try await bench.ask("DELETE", "/v1/keys/\(id)")
      #expect(revoked.status == 200 && revoked.json["revoked_at"] != nil && revoked.json["secret"] == nil)
      #expect(try await bench.ask("GET", "/v1/account", key: secret).status == 401)
      #expect(try await bench.ask("GET", "/v1/account").status == 200, "others are untouched")
      #expect(try await bench.ask("DELETE", "/v1/keys/\(id)").json["revoked_at"] == revoked.json["revoked_at"])
    }
  }

  @Test(.timeLimit(.minutes(1))) func aStreamEndsWithItsKey() async throws {
    try await APIBench.with { bench in
      let job = try await bench.fixture.submit()
      let (id, secret) = try await make(bench)
      async let followed = bench.ask("GET", "/v1/jobs/\(job)/events", key: secret)
      try await eventually("somebody watches") { await bench.fixture.control.events.watcherCount == 1 }
      #expect(try await bench.ask("DELETE", "/v1/keys/\(id)").status == 200)
      let events = try await followed
      #expect(events.status == 200 && events.body.contains("event: queued") && !events.body.contains("cancelled"))
      #expect(try await bench.ask("GET", "/v1/jobs/\(job)").json["state"]?.stringValue == "queued")
    }
  }

  @Test func theSecretIsShownOnce() async throws {
    try await APIBench.with { bench in
      let (id, secret) = try await make(bench, "my laptop")
      let list = try await bench.ask("GET", "/v1/keys")
      #expect(list.body.contains(id) && list.body.contains("my laptop") && list.body.contains(secret.prefix(8)))
      #expect(!list.body.contains(secret.dropFirst(8)) && !list.body.contains("secret"))
      let page = try JSONDecoder().decode(Page<KeyView>.self, from: Data(list.body.utf8))
      #expect(page.items.map(\.isCurrent) == [true, false])
    }
  }

  @Test func theLastKeyIsRevokedByForceOnly() async throws {
    try await APIBench.with { bench in
      let kept = try await bench.ask("DELETE", "/v1/keys/\(bench.keyID)")
      #expect(kept.status == 409 && kept.code == "conflict" && kept.body.contains("last valid key"))
      #expect(try await bench.ask("GET", "/v1/account").status == 200)
      #expect(try await bench.ask("DELETE", "/v1/keys/\(bench.keyID)?force=yes").code == "invalid_force")
      #expect(try await bench.ask("DELETE", "/v1/keys/\(bench.keyID)?force=true").status == 200)
      #expect(try await bench.ask("GET", "/v1/account").status == 401)
    }
  }

  @Test func anotherTenantsKeysAreNotFoundButForOperators() async throws {
    try await APIBench.with { bench in
      let (id, secret) = try await make(bench)
      #expect(try await bench.ask("DELETE", "/v1/keys/\(id)", key: bench.otherKey).status == 404)
      for method in ["GET", "POST"] {
        let answer = try await bench.ask(method, "/v1/keys?tenant=acme", #"{"name":"x"}"#, key: bench.otherKey)
        #expect(answer.status == 403)
      }
      #expect(try await !bench.ask("GET", "/v1/keys", key: bench.otherKey).body.contains(id))
      let theirs = try await bench.ask("GET", "/v1/keys?tenant=acme", key: bench.operatorKey)
      #expect(theirs.body.contains(id) && !theirs.body.contains(#""current":true"#))
      #expect(try await bench.ask("GET", "/v1/keys?tenant=nobody", key: bench.operatorKey).status == 404)
      let made = try await make(bench, key: bench.operatorKey, query: "?tenant=acme")
      #expect(try await bench.ask("GET", "/v1/account", key: made.secret).json["name"]?.stringValue == "acme")
      #expect(try await bench.ask("DELETE", "/v1/keys/\(id)?tenant=acme", key: bench.operatorKey).status == 200)
      #expect(try await bench.ask("GET", "/v1/account", key: secret).status == 401)
    }
  }

  @Test(arguments: [#"{}"#, #"{"name":""}"#, #"{"name":"a\u0007b"}"#, #"{"name":7}"#, #"{"name":"a","role":"b"}"#])
  func aBadNameIsRefused(body: String) async throws {
    try await APIBench.with { bench in
      let long = #"{"name":"\#(String(repeating: "n", count: 101))"}"#
      for refused in [body, long] {
        let answer = try await bench.ask("POST", "/v1/keys", refused)
        #expect(answer.status == 422, "\(answer.body)")
      }
      #expect(try await bench.fixture.ledger.keys(of: bench.fixture.tenant).count == 1)
    }
  }
}
