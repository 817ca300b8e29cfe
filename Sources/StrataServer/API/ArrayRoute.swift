package import StrataCore

/// What a request under `/v1/arrays` asks for.
package enum ArrayRoute: Hashable, Sendable {
  case list
  case get(ArrayID), cancel(ArrayID), explain(ArrayID), events(ArrayID), retry(ArrayID)
  case tasks(ArrayID), task(ArrayID, Int), cancelTask(ArrayID, Int), explainTask(ArrayID, Int)

  /// The array that it is about.
  var array: ArrayID? {
    switch self {
    case .list: nil
    case .get(let id), .cancel(let id), .explain(let id), .events(let id), .retry(let id), .tasks(let id),
      .task(let id, _), .cancelTask(let id, _), .explainTask(let id, _):
      id
    }
  }

  /// - Parameter missing: for a path that leads nowhere.
  static func choices(
    _ segments: [String], missing: HTTPRefusal
  ) throws(HTTPRefusal) -> [HTTPMethod: ArrayRoute] {
    guard segments.count > 1 else { return [.get: .list] }
    guard let array = ArrayID(segments[1]) else {
      throw HTTPRefusal(
        .notFound, "not_found", "'\(segments[1])' is not an array's identifier (26 letters and digits)")
    }
    switch (segments.dropFirst(2).first, segments.count) {
    case (nil, 2): return [.get: .get(array), .delete: .cancel(array)]
    case ("explain", 3): return [.get: .explain(array)]
    case ("events", 3): return [.get: .events(array)]
    case ("retry", 3): return [.post: .retry(array)]
    case ("tasks", 3): return [.get: .tasks(array)]
    case ("tasks", 4...5):
      guard let index = Int(segments[3]), (0...TaskIndexes.indexMax).contains(index) else {
        throw HTTPRefusal(.notFound, "not_found", "'\(segments[3])' is not a task's index (a whole number)")
      }
      guard segments.count == 5 else { return [.get: .task(array, index), .delete: .cancelTask(array, index)] }
      guard segments[4] == "explain" else { throw missing }
      return [.get: .explainTask(array, index)]
    default: throw missing
    }
  }
}
