public import StrataCore

/// The time that passes for whoever waits, the tasks that they start, and the odds that they draw: what a service takes from
/// the machine beside its servers. Injected, so that a simulation may hold all of it (docs/reliability.md).
///
/// What is waited for goes by `now`, which only counts on; what is written down, and compared elsewhere, by `wall`.
public struct Timekeeper: Sendable {
  public typealias Instant = ContinuousClock.Instant

  /// The machine's own.
  public static let system = Timekeeper(
    wall: .system, executor: nil, now: { .now },
    sleep: { try await Task.sleep(for: $0, tolerance: .zero, clock: .continuous) },
    seed: { .random(in: 0 ... .max) })

  public let wall: WallClock
  private let executor: (any TaskExecutor)?
  private let readNow: @Sendable () -> Instant
  private let wait: @Sendable (Duration) async throws -> Void
  private let draw: @Sendable () -> UInt64

  /// - Parameters:
  ///   - executor: where tasks run that are started here; nil for where all do.
  ///   - sleep: returns when the time is over; throws at once where its task is cancelled.
  public init(
    wall: WallClock, executor: (any TaskExecutor)?, now: @escaping @Sendable () -> Instant,
    sleep: @escaping @Sendable (Duration) async throws -> Void, seed: @escaping @Sendable () -> UInt64
  ) {
    self.wall = wall
    self.executor = executor
    readNow = now
    wait = sleep
    draw = seed
  }

  public var now: Instant { readNow() }

  /// - Throws: `CancellationError`, at once, where the task is cancelled.
  public func sleep(for duration: Duration) async throws { try await wait(duration) }

  /// As `sleep`, and returns as well where the task is cancelled.
  public func pause(_ duration: Duration) async { try? await wait(duration) }

  /// Starts a task that is nobody's child. What it waits for it has to wait for here, too.
  @discardableResult
  public func start<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Task<Value, Never> {
    Task(executorPreference: executor, operation: work)
  }

  /// The same of work that may fail.
  @discardableResult
  public func start<Value: Sendable>(
    throwing work: @escaping @Sendable () async throws -> Value
  ) -> Task<Value, any Error> {
    Task(executorPreference: executor, operation: work)
  }

  /// The waits between tries, their random part drawn here.
  public func backoff(first: Duration, longest: Duration) -> Backoff {
    Backoff(first: first, longest: longest, seed: draw())
  }

  /// Of something that draws for itself.
  public func seed() -> UInt64 { draw() }
}
