import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import Testing

/// What waits and runs, and for whom, over HTTP.
@Suite struct QueueRoutesTests {
  @Test func operatorsSeeAllTenantsAndTheOthersTheirOwn() async throws {
    try await APIBench.with { bench in
      _ = try await bench.fixture.ledger.grant(MicroCredits(micros: 1_000_000), to: bench.otherTenant)
      for key in [bench.key, bench.key, bench.otherKey] {
        let answer = try await bench.ask("POST", "/v1/jobs", #"{"capability":"test.echo"}"#, key: key)
        #expect(answer.status == 202)
      }
      _ = try await bench.fixture.lease()
      let whole = try await bench.ask("GET", "/v1/queue", key: bench.operatorKey)
      #expect(whole.status == 200 && whole.body.contains(#""name":"acme""#) && whole.body.contains(#""name":"other""#))
      #expect(whole.body.contains(#""tenant_count":2"#) && whole.body.contains(#""share_due":0.5"#))
      #expect(whole.json["workers"] != nil && whole.json["scheduled"] == .integer(0))

      let own = try await bench.ask("GET", "/v1/queue", key: bench.otherKey)
      #expect(own.status == 200 && own.body.contains(#""name":"other""#))
      for hidden in ["acme", "\(bench.fixture.tenant)", "\(bench.fixture.worker)", "scheduled", "outcomes_pending"] {
        #expect(!own.body.contains(hidden), "\(hidden): \(own.body)")
      }
      #expect(own.body.contains(#""tiers":[{"leased":0,"name":"cpu","ready":1}]"#), "\(own.body)")
      let stranger = try await bench.ask("GET", "/v1/queue", key: "")
      #expect(stranger.status == 401)
    }
  }

  @Test func operatorsSeeWhatWorkersRun() async throws {
    try await APIBench.with { bench in
      _ = try await bench.submit()
      let lease = try #require(try await bench.fixture.lease().first)
      _ = try await bench.fixture.queue.heartbeat(
        worker: lease.worker, held: [lease.reference], for: .seconds(60),
        place: WorkerPlace(address: "build-3:4711", slots: 2, name: "worker-1").text)
      #expect(try await bench.ask("GET", "/v1/workers").status == 403)
      let answer = try await bench.ask("GET", "/v1/workers", key: bench.operatorKey)
      for part in [
        #""place":"build-3:4711""#, #""job":"\#(lease.job.id)""#, #""tiers":["cpu"]"#, #""dedicated":false"#,
        #""name":"worker-1""#, #""slots":2,"#, #""draining":false"#,
      ] {
        #expect(answer.body.contains(part), "\(part): \(answer.body)")
      }
      let whole = try await bench.ask("GET", "/v1/queue", key: bench.operatorKey)
      #expect(whole.body.contains(#""place":"build-3:4711""#), "\(whole.body)")
      // Who asks for no more is gone once what it runs has ended, which its owner has asked for.
      #expect(try await bench.fixture.queue.leave(lease.worker) == false)
      let leaving = try await bench.ask("GET", "/v1/workers", key: bench.operatorKey)
      #expect(leaving.body.contains(#""draining":true"#), "\(leaving.body)")
      let cancelled = try await bench.ask("DELETE", "/v1/jobs/\(lease.job.id)")
      #expect(cancelled.body.contains(#""cancel_requested":true"#), "\(cancelled.body)")
    }
  }

  @Test func soManyTenantsAreShownAsAreAskedFor() async throws {
    try await APIBench.with { bench in
      _ = try await bench.submit()
      let none = try await bench.ask("GET", "/v1/queue?tenants=0", key: bench.operatorKey)
      #expect(none.body.contains(#""tenant_count":1,"tenants":[]"#), "\(none.body)")
      for wrong in ["-1", "1001", "many"] {
        let refused = try await bench.ask("GET", "/v1/queue?tenants=\(wrong)", key: bench.operatorKey)
        #expect(refused.status == 400 && refused.code == "invalid_limit", "\(wrong)")
      }
      let unknown = try await bench.ask("GET", "/v1/queue?tenant=1", key: bench.operatorKey)
      #expect(unknown.code == "unknown_query_item")
    }
  }

  @Test func tiersAreShownToOperators() async throws {
    try await APIBench.with { bench in
      _ = try await bench.submit()
      let room = ResourceRequest(cpuMillicores: 500, memoryBytes: 1 << 30)
      _ = try await bench.fixture.queue.lease(
        LeaseRequest(worker: bench.fixture.worker, tiers: [.cpu], count: 2, room: room), for: .seconds(60))
      let tiers = try await bench.ask("GET", "/v1/tiers", key: bench.operatorKey)
      #expect(tiers.status == 200 && tiers.body.contains(#""name":"cpu""#), "\(tiers.body)")
      // Half a core is free, and the job wants a whole one.
      #expect(tiers.body.contains(#""slots":2,"slots_free":2,"waiting":1,"workers":1"#), "\(tiers.body)")
      #expect(tiers.body.contains(#""free":{"cpu_millicores":500"#))
      let refused = try await bench.ask("GET", "/v1/tiers")
      #expect(refused.status == 403)
    }
  }
}
