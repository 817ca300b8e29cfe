public import StrataCore
import StrataLedger
import StrataQueue

/// What holds an array, or a task of one that is not made yet.
public struct ArrayExplanation: Sendable {
  public let array: ArrayID
  public let state: String
  /// What holds it now, the weightiest first; never empty.
  public let reasons: [Explanation.Reason]
}

extension ControlPlane {
  /// What holds an array.
  ///
  /// - Parameter index: one of its tasks that is not made yet, whose place among those is told then.
  /// - Throws: `notFound`.
  public func explain(
    _ id: ArrayID, task index: Int? = nil, tenant: TenantID
  ) async throws(StrataError) -> ArrayExplanation {
    let snapshot = try await array(id, tenant: tenant)
    let facts = ArrayFacts(
      snapshot: snapshot, window: configuration.arrays.window(of: snapshot.stored),
      position: try index.map { index throws(StrataError) in
        guard let position = snapshot.stored.indexes.position(of: index) else {
          throw snapshot.stored.noTask(index)
        }
        return position
      })
    return ArrayExplanation(array: id, state: snapshot.state, reasons: facts.reasons)
  }
}

/// What is known of an array that is to be explained. `reasons` is pure.
struct ArrayFacts {
  let snapshot: ArraySnapshot
  /// How many of its tasks may be unfinished at once.
  let window: Int
  /// Of the task that is asked for.
  let position: Int?

  private var stored: StoredArray { snapshot.stored }

  /// What holds it, the weightiest first; never empty.
  var reasons: [Explanation.Reason] {
    if stored.finishedAt != nil { return [Explanation.Reason(.finished, "all its tasks have ended")] }
    guard stored.pending > 0 else {
      return [
        Explanation.Reason(
          .running, "all its tasks are made, \(stored.unfinished) have not ended: each is explained as a job",
          count: stored.unfinished)
      ]
    }
    return [held ?? room] + (ahead.map { [$0] } ?? [])
  }

  /// Why there is room and none is made.
  private var held: Explanation.Reason? {
    guard let obstacle = snapshot.obstacle else { return nil }
    let isOfMoney = obstacle.code == StrataError.Code.budgetExceeded.rawValue
    return Explanation.Reason(
      isOfMoney ? .noCredits : .notMade,
      "no more tasks are made, \(stored.pending) are left: \(obstacle.message)", count: stored.pending)
  }

  private var room: Explanation.Reason {
    let isOwn = stored.runningMax.map { $0 <= window } ?? false
    let words =
      isOwn
      ? "at most \(window) of its tasks may run at once" : "\(window) of its tasks are made at a time"
    return Explanation.Reason(
      isOwn ? .arrayLimit : .arrayWindow,
      "\(words), and \(stored.unfinished) have not ended: \(stored.pending) more are made as those end",
      count: stored.unfinished, limit: window)
  }

  /// The tasks that are made before the one that is asked for.
  private var ahead: Explanation.Reason? {
    guard let position, position >= stored.next else { return nil }
    let dropped = stored.dropped.from(stored.next).ranges.reduce(0) { count, range in
      count + max(0, min(range.upperBound, position) - range.lowerBound)
    }
    let count = position - stored.next - dropped
    return Explanation.Reason(.ownJobs, "\(count) other tasks of the array are made first", count: count)
  }
}
