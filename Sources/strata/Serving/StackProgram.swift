import StrataCore
import StrataRuntime
import Synchronization

/// Which program the controller and the workers of a stack are started from: the supervisor's own, until a restart names
/// another, such as a new version of it.
final class StackProgram: Sendable {
  private let current = Mutex<String?>(nil)

  var path: String { current.withLock { $0 } ?? OwnProgram.path }

  /// Has `body` start something from `path`, and whatever starts after it. Where it fails, the program before stays.
  func use<Value>(
    _ path: String, for body: () async throws(StrataError) -> Value
  ) async throws(StrataError) -> Value {
    let before = current.withLock { current in
      defer { current = path }
      return current
    }
    do throws(StrataError) { return try await body() } catch {
      current.withLock { $0 = before }
      throw error
    }
  }
}
