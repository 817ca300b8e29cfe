extension FaultPlan {
  /// A smaller plan of which `fails` is true, too: first without strikes, then without requests that are not needed, by
  /// delta debugging (A. Zeller, R. Hildebrandt, 2002).
  ///
  /// - Parameter fails: whether a plan still shows what is looked for. It is asked until it says so of nothing smaller, or
  ///   throws, which ends the search.
  /// - Returns: the smallest plan found.
  public func shrunk(while fails: (FaultPlan) async throws -> Bool) async -> FaultPlan {
    var plan = self
    do {
      try await plan.minimise(\.strikes, while: fails)
      try await plan.minimise(\.requests, while: fails)
    } catch {
      // What was found until now is what there is.
    }
    return plan
  }

  private mutating func minimise<Item>(
    _ part: WritableKeyPath<FaultPlan, [Item]>, while fails: (FaultPlan) async throws -> Bool
  ) async throws {
    var smallest = self
    defer { self = smallest }
    try await Self.minimise(self[keyPath: part]) { items in
      var smaller = smallest
      smaller[keyPath: part] = items
      guard try await fails(smaller) else { return false }
      smallest = smaller
      return true
    }
  }

  /// Leaves out parts, halves first and single items last, for as long as `isEnough` of the rest.
  private static func minimise<Item>(_ all: [Item], _ isEnough: ([Item]) async throws -> Bool) async throws {
    var items = all
    var parts = 2
    if !items.isEmpty, try await isEnough([]) { return }
    while items.count > 1 {
      let size = max(1, (items.count + parts - 1) / parts)
      var isSmaller = false
      for first in stride(from: 0, to: items.count, by: size) {
        let rest = Array(items[..<first] + items[min(first + size, items.count)...])
        guard try await isEnough(rest) else { continue }
        items = rest
        isSmaller = true
        break
      }
      if isSmaller {
        parts = max(2, parts - 1)
      } else if size == 1 {
        return
      } else {
        parts = min(2 * parts, items.count)
      }
    }
  }
}
