import Synchronization

/// Looks at money and places again and again while faults strike, as far as the servers answer.
final class Watch: Sendable {
  private struct State {
    var violations: [Violation] = []
    var looks = 0
  }

  private let books: BookAudit
  private let queue: QueueAudit
  private let state = Mutex(State())

  init(_ world: World) {
    books = BookAudit(database: world.database)
    queue = QueueAudit(redis: world.redis)
  }

  /// Each thing that was wrong, once.
  var violations: [Violation] { state.withLock { $0.violations } }
  /// How often either was seen.
  var looks: Int { state.withLock { $0.looks } }

  /// Looks until it is cancelled, and then once more.
  func run(every interval: Duration) async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: interval)
    }
    await Task { await look() }.value
  }

  private func look() async {
    async let money = books.look()
    async let places = queue.look()
    let (wrongMoney, wrongPlaces) = (await money, await places)
    let found = (wrongMoney ?? []).map { Violation(.books, $0) } + (wrongPlaces ?? []).map { Violation(.places, $0) }
    state.withLock { state in
      state.looks += (wrongMoney == nil ? 0 : 1) + (wrongPlaces == nil ? 0 : 1)
      for violation in found where !state.violations.contains(violation) { state.violations.append(violation) }
    }
  }
}
