import Synchronization

/// Looks at money and places again and again while faults strike, as far as the servers answer.
final class Watch: Sendable {
  private struct State {
    var violations: [Violation] = []
    var books = 0
    var places = 0
    /// Whether the last look saw both.
    var isComplete = false
  }

  private let books: BookAudit
  private let queue: QueueAudit
  private let state = Mutex(State())

  init(_ world: World) {
    books = BookAudit(database: world.database)
    queue = QueueAudit(redis: world.redis)
  }

  /// Each thing that was wrong, once; and that the last look, when nothing struck any more, did not see everything.
  var verdict: [Violation] {
    state.withLock { state in
      state.violations
        + (state.isComplete ? [] : [Violation(.readiness, "money and places could not be looked at in the end")])
    }
  }

  /// How often money was seen, and places.
  var looks: (books: Int, places: Int) { state.withLock { ($0.books, $0.places) } }

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
      state.books += wrongMoney == nil ? 0 : 1
      state.places += wrongPlaces == nil ? 0 : 1
      state.isComplete = wrongMoney != nil && wrongPlaces != nil
      for violation in found where !state.violations.contains(violation) { state.violations.append(violation) }
    }
  }
}
