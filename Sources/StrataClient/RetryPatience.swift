/// How long a refusal that says when to come back is waited out: a server that has no room for the moment (429 or 503 with
/// `Retry-After`).
public struct RetryPatience: Sendable {
  /// The shortest pause, whatever the server says.
  static let pauseMin = Duration.seconds(1)

  /// All pauses together. A pause that would be longer than what is left of it is not begun: the refusal is thrown.
  public var budget: Duration
  /// Called before each pause with the refusal and how long the pause is.
  public var onPause: @Sendable (ProblemDetails, Duration) -> Void
  private let pause: @Sendable (Duration) async throws -> Void

  public init(budget: Duration, onPause: @escaping @Sendable (ProblemDetails, Duration) -> Void = { _, _ in }) {
    self.init(budget: budget, onPause: onPause) { try await Task.sleep(for: $0) }
  }

  /// - Parameter pause: what waits; tests do not.
  package init(
    budget: Duration, onPause: @escaping @Sendable (ProblemDetails, Duration) -> Void,
    pause: @escaping @Sendable (Duration) async throws -> Void
  ) {
    self.budget = budget
    self.onPause = onPause
    self.pause = pause
  }

  /// - Returns: false where there is nothing to wait for, or no patience left.
  mutating func waitsOut(_ problem: ProblemDetails) async throws(ClientError) -> Bool {
    guard problem.status == 429 || problem.status == 503, let asked = problem.retryAfter else { return false }
    let length = max(Self.pauseMin, asked)
    guard length <= budget else { return false }
    budget = budget - length
    onPause(problem, length)
    do { try await pause(length) } catch { throw .cancelled }
    return true
  }
}

extension HTTPClient {
  /// As `send`, and again for as long as `patience` lasts where the server says when to come back. For requests that may
  /// be repeated: those that only read, and those with an `Idempotency-Key`.
  public func send(_ request: ClientRequest, patience: RetryPatience) async throws(ClientError) -> ClientResponse {
    var patience = patience
    while true {
      let problem: ProblemDetails
      do throws(ClientError) {
        return try await send(request)
      } catch {
        guard case .refused(let refused) = error else { throw error }
        problem = refused
      }
      guard try await patience.waitsOut(problem) else { throw .refused(problem) }
    }
  }
}
