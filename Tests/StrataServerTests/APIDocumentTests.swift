import ControlTestSupport
import Foundation
import StrataCore
import StrataLedger
import StrataRuntime
import StrataServer
import Testing

/// docs/api.md, docs/arrays.md, docs/schedules.md and docs/tiers.md against the server: their examples run, their routes lead somewhere, their error codes are those in the code.
@Suite struct APIDocumentTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let text = document("api")
  /// What did not fit there.
  static let others = ["arrays", "schedules", "tiers"].map(document)

  private static func document(_ name: String) -> String {
    (try? String(contentsOf: root.appendingPathComponent("docs/\(name).md"), encoding: .utf8)) ?? ""
  }

  /// Runs the documents' `curl` commands as a reader would, one after the other, in its own order.
  @Test func everyExampleIsAccepted() async throws {
    let commands = Self.commands
    #expect(commands.count > 15)
    try await APIBench.with { bench in
      let ledger = bench.fixture.ledger
      let reader = try await ledger.createTenant(name: "default", plan: "local", isOperator: true)
      _ = try await ledger.grant(MicroCredits(micros: 10_000_000), to: reader)
      let key = try await ledger.createKey(tenant: reader, name: "test").secret
      try await withTemporaryFolder { folder in
        try Data(repeating: 7, count: 5_000).write(to: URL(fileURLWithPath: folder + "/scan.laz"))
        var variables = ["URL": "http://\(try Self.host(bench.address))", "AUTH": "Authorization: Bearer \(key)"]
        for command in commands {
          let output = try await Self.run(command, in: folder, variables)
          if let id = output.firstMatch(of: /"batch":\{[^}]*"id":"(\w+)"/)?.1 {
            variables["BATCH"] = "\(id)"
          } else if let id = output.firstMatch(of: /"id":"(\w+)"/)?.1 {
            (variables["JOB"], variables["NEXT"]) = ("\(id)", "\(id)")
          }
          if output.contains(#""tasks":"#), !output.contains("items") { variables["ARRAY"] = variables["JOB"] }
          if output.contains(#""secret":"#) { variables["KEY_ID"] = variables["JOB"] }
          if let digest = output.firstMatch(of: /"digest":"(sha256:\w+)"/)?.1 { variables["DIGEST"] = "\(digest)" }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/scan.laz")).count == 5_000)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/head.bin")).count == 1_024)
      }
    }
  }

  @Test func everyRouteOfTheTableLeadsSomewhere() throws {
    let rows = (Self.text + Self.others.joined()).matches(of: /\n\| `(GET|POST|PUT|PATCH|DELETE) (\/v1\/[^`]*)`/)
    #expect(rows.count == 56)
    for row in rows {
      let path = String(row.2).replacing("{id}", with: JobID().description).replacing("{index}", with: "7")
        .replacing("{digest}", with: RouteTests.digest.description)
      let segments = path.split(separator: "/").map(String.init)
      #expect(throws: Never.self) { try Route(try #require(HTTPMethod(rawValue: String(row.1))), segments) }
    }
  }

  @Test func everyStateIsNamed() {
    for state in JobState.allCases { #expect(Self.text.contains("`\(state.rawValue)`"), "\(state)") }
  }

  /// Codes that the server's sources name, against those of the table of errors.
  @Test func everyErrorCodeIsInTheTable() throws {
    let table = try #require(Self.text.components(separatedBy: "\n## Errors").last)
    let rows = table.matches(of: /\n\| \d{3}(?:, \d{3})* \| ([^|]*) \|/)
    let documented = Set(rows.flatMap { $0.1.matches(of: /`(\w+)`/).map { String($0.1) } })
    var named: Set<String> = []
    for folder in [
      "Sources/StrataServer", "Sources/StrataControl/Admission", "Sources/StrataLedger", "Sources/StrataArtifacts",
    ] {
      for file in try Self.sources(in: folder) {
        let refusals = file.matches(of: /(?:HTTPRefusal|malformed)\(\s*(?:\.\w+, )?"(\w+)"/)
        let codes = file.matches(of: /Code\(rawValue: "(\w+)"\)/)
        named.formUnion(refusals.map { String($0.1) } + codes.map { String($0.1) })
      }
    }
    #expect(named.count > 30)
    #expect(named.subtracting(documented) == [])
    // These are said with codes of StrataCore.
    let common: Set = [
      "invalid_input", "conflict", "budget_exceeded", "unsatisfiable", "unavailable", "queue_full",
      "too_many_waiting", "limit_exceeded",
    ]
    #expect(documented.subtracting(named) == common.subtracting(named))
  }

  // MARK: Reading the document

  /// The commands of its `sh` blocks, but the first one, which sets variables.
  private static var commands: [String] {
    let parts = ([text] + others).map { $0.components(separatedBy: "```sh\n").dropFirst() }
    let blocks = parts.joined().dropFirst().map { $0.components(separatedBy: "```")[0] }
    return blocks.flatMap { block in
      block.components(separatedBy: "\ncurl ").map { ($0.hasPrefix("curl ") ? "" : "curl ") + $0 }
    }
  }

  private static func sources(in folder: String) throws -> [String] {
    let base = root.appendingPathComponent(folder)
    let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return try names.filter { $0.hasSuffix(".swift") }.map {
      try String(contentsOf: base.appendingPathComponent($0), encoding: .utf8)
    }
  }

  private static func host(_ address: HTTPAddress) throws -> String {
    guard case .tcp(let host, let port) = address else { throw StrataError(.internalError, "no port") }
    return "\(host):\(port)"
  }

  /// Runs a command in a shell; a refusal fails the test.
  private static func run(_ command: String, in folder: String, _ variables: [String: String]) async throws -> String {
    let script = "cd '\(folder)'; curl() { command curl --fail-with-body --max-time 30 \"$@\"; }; \(command)"
    var environment = Environment.current
    for (name, value) in variables { environment[name] = value }
    var specification = ProcessSpecification("sh", ["-c", script], environment: environment)
    let output = folder + "/output"
    try? FileManager.default.removeItem(atPath: output)
    specification.standardOutput = .file(output)
    specification.standardError = .file(output)
    let exit = try await ChildProcess.spawn(specification).wait()
    let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    #expect(exit.isSuccess, "\(command)\n\(text)")
    return text
  }
}
