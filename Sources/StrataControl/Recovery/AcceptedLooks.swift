package import StrataCore

/// Which jobs the leader looks for next, lest one was accepted and never enqueued: each when it is a few seconds old, for
/// the controller that accepted it may have been killed between the two, and once more when it is older, for commits that
/// came late and for clocks that are behind the leader's. Pure.
package struct AcceptedLooks: Sendable {
  private struct Mark {
    let age: Duration
    var upTo: Timestamp
  }

  private var marks: [Mark]

  /// - Parameters:
  ///   - ages: how old jobs are when they are looked for.
  ///   - start: what was accepted before is known from a whole comparison.
  package init(ages: [Duration], start: Timestamp) {
    marks = ages.map { Mark(age: $0, upTo: start.earlier(by: $0)) }
  }

  /// Hands those that have come of age since the last time to `look`. Where that throws, they come again.
  package mutating func advance(
    to now: Timestamp, look: (_ first: Timestamp, _ last: Timestamp) async throws -> Void
  ) async throws {
    for index in marks.indices {
      let last = now.earlier(by: marks[index].age)
      guard last > marks[index].upTo else { continue }
      try await look(marks[index].upTo, last)
      marks[index].upTo = last
    }
  }
}

extension Timestamp {
  fileprivate func earlier(by duration: Duration) -> Timestamp {
    Timestamp(nanoseconds: nanoseconds - duration.nanoseconds)
  }
}
