import Synchronization

/// Lets one at a time do something; who comes meanwhile does without.
final class Turnstile: Sendable {
  private let isTaken = Atomic<Bool>(false)

  /// - Returns: what `body` does; false for who came meanwhile.
  func pass(_ body: () async throws -> Bool) async rethrows -> Bool {
    guard !isTaken.exchange(true, ordering: .acquiring) else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    return try await body()
  }
}
