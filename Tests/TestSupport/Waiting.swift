import StrataCore

/// Waits for a condition that a server brings about, and fails loudly when it does not come.
public func waitUntil(
  _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw StrataError(.timeout, "not within \(limit): \(what)") }
    try await Task.sleep(for: .milliseconds(20))
  }
}
