import ControlTestSupport
import Foundation
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import StrataServer
import TestSupport
import Testing

/// The API over a controller on a queue in memory, asked through a socket.
struct APIBench: Sendable {
  let fixture: ControlFixture
  let address: HTTPAddress
  /// Of the fixture's tenant, who is no operator.
  let key: String
  let keyID: KeyID
  let otherTenant: TenantID
  let otherKey: String
  let operatorKey: String

  static func with(
    storeLimits: ArtifactStore.Limits = ArtifactStore.Limits(),
    configure: @Sendable (inout ControlPlane.Configuration) -> Void = { _ in },
    _ body: @escaping @Sendable (APIBench) async throws -> Void
  ) async throws {
    let fixture = try await ControlFixture(storeLimits: storeLimits, configure: configure)
    let api = APIServer(
      control: fixture.control, store: fixture.store, metrics: fixture.metrics, log: .silent,
      heartbeat: .milliseconds(5))
    let ledger = fixture.ledger
    let own = try await ledger.createKey(tenant: fixture.tenant, name: "test")
    let other = try await ledger.createTenant(name: "other", plan: "creator")
    let operatorTenant = try await ledger.createTenant(name: "house", plan: "local", isOperator: true)
    let otherKey = try await ledger.createKey(tenant: other, name: "test").secret
    let operatorKey = try await ledger.createKey(tenant: operatorTenant, name: "test").secret
    try await withServer(handler: { await api.handle($0) }) { address, _ in
      try await body(
        APIBench(
          fixture: fixture, address: address, key: own.secret, keyID: own.id, otherTenant: other, otherKey: otherKey,
          operatorKey: operatorKey))
    }
  }

  struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    var json: [String: JSONValue] {
      (try? JSONDecoder().decode([String: JSONValue].self, from: Data(body.utf8))) ?? [:]
    }
    /// Of a problem document.
    var code: String? { json["code"]?.stringValue }

    init(_ text: String) {
      let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
      let lines = (parts.first ?? "").split(separator: "\r\n")
      status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
      let pairs = lines.dropFirst().compactMap { line -> (String, String)? in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        return (line[..<colon].lowercased(), value)
      }
      headers = Dictionary(pairs) { first, _ in first }
      body = parts.count > 1 ? String(parts[1]) : ""
    }
  }

  /// One request on a connection of its own.
  ///
  /// - Parameter key: the API key; empty for none.
  func ask(
    _ method: String, _ target: String, _ body: String = "", key: String? = nil, headers: [String] = []
  ) async throws -> Answer {
    let key = key ?? self.key
    let authorization = key.isEmpty ? [] : ["authorization: Bearer \(key)"]
    let lines =
      ["\(method) \(target) HTTP/1.1", "host: x", "connection: close", "content-length: \(body.utf8.count)"]
      + authorization + headers
    let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    let address = address
    return try await blocking {
      let client = try RawClient(address)
      client.send(text)
      return Answer(client.receiveToEnd())
    }
  }

  func submit(_ body: String = #"{"capability":"test.echo"}"#, headers: [String] = []) async throws -> Answer {
    try await ask("POST", "/v1/jobs", body, headers: headers)
  }
}
