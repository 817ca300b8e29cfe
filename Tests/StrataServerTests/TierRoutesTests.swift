import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import Testing

/// Tiers over HTTP.
@Suite struct TierRoutesTests {
  @Test func aTierIsMadeChangedShownAndRemoved() async throws {
    try await APIBench.with { bench in
      func ask(_ method: String, _ path: String, _ body: String = "") async throws -> APIBench.Answer {
        try await bench.ask(method, path, body, key: bench.operatorKey)
      }
      let size = #"{"cpu_millicores":16000,"gpu_thousandths":2000,"memory_bytes":1073741824}"#
      let made = try await ask(
        "PATCH", "/v1/tiers/gpu", #"{"declared_size":\#(size),"rates":{"wall_hour_microeuro":1900000}}"#)
      #expect(made.status == 200 && made.json["name"] == .string("gpu"), "\(made.body)")
      for part in [
        #""declared_size":\#(size)"#, #""largest_request":\#(size)"#, #""offers":[\#(size)]"#,
        #""rates":{"cpu_hour_microeuro":12000,"memory_gibibyte_hour_microeuro":1500,"wall_hour_microeuro":1900000}"#,
      ] {
        #expect(made.body.contains(part), "\(part) in \(made.body)")
      }
      let job = #"{"capability":"test.echo","tier":"gpu","resources":{"gpu_thousandths":2000}}"#
      let id = try await bench.submit(job).json["id"]?.stringValue ?? ""
      let used = try await ask("DELETE", "/v1/tiers/gpu")
      #expect(used.status == 409 && used.code == "conflict" && used.body.contains("1 job of tier 'gpu'"))
      let undeclared = try await ask("PATCH", "/v1/tiers/gpu", #"{"declared_size":null}"#)
      #expect(undeclared.status == 200 && undeclared.json["declared_size"] == nil)
      #expect(undeclared.body.contains(#""offers":[],"#) && undeclared.json["largest_request"] == nil)
      let refused = try await bench.submit(job)
      #expect(refused.status == 422 && refused.code == "unsatisfiable" && refused.body.contains("takes no jobs"))
      #expect(try await bench.ask("DELETE", "/v1/jobs/\(id)").status < 300)
      try await bench.fixture.settler().drain()
      let removed = try await ask("DELETE", "/v1/tiers/gpu")
      #expect(removed.status == 200 && removed.json["name"] == .string("gpu"))
      #expect(try await ask("GET", "/v1/tiers").body.contains(#""name":"gpu""#) == false)
      let again = try await ask("DELETE", "/v1/tiers/gpu")
      #expect(again.status == 404 && again.code == "not_found")
    }
  }

  @Test func whatIsWrongIsNamed() async throws {
    try await APIBench.with { bench in
      for (body, words) in [
        (#"{"declared_size":{"cpu_millicores":1000}}"#, "'declared_size' needs a member 'memory_bytes'"),
        (#"{"declared_size":{"cpu_millicores":0,"memory_bytes":1}}"#, "declare more than zero"),
        (#"{"declared_size":{"cpu_millicores":1,"memory_bytes":1,"gpus":1}}"#, "'declared_size' has a member 'gpus'"),
        (#"{"rates":{"cpu_hour_microeuro":-1}}"#, "a rate 'cpu_hour' of -0.000001 EUR"),
        (#"{"rates":{"cpu_hour":1}}"#, "'rates' has a member 'cpu_hour'"), (#"{"size":{}}"#, "has a member 'size'"),
      ] {
        let refused = try await bench.ask("PATCH", "/v1/tiers/cpu", body, key: bench.operatorKey)
        #expect(refused.status == 422 && refused.body.contains(words), "\(body): \(refused.body)")
      }
      let name = try await bench.ask("PATCH", "/v1/tiers/GPU", "{}", key: bench.operatorKey)
      #expect(name.status == 422 && name.body.contains("'GPU' cannot be a tier's name"), "\(name.body)")
      for (method, path) in [("PATCH", "/v1/tiers/cpu"), ("DELETE", "/v1/tiers/cpu")] {
        let tenant = try await bench.ask(method, path, method == "PATCH" ? "{}" : "")
        #expect(tenant.status == 403, "\(method)")
      }
    }
  }
}
