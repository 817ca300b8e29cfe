public import StrataCore

/// A few threads for calls that block on the disk: neither an event loop nor the threads that all tasks share, of which
/// there are as few as cores, may wait for a disk that is busy or away.
///
/// A task that prefers it (`withTaskExecutorPreference`) runs there between its waits.
public final class BlockingPool: TaskExecutor {
  private let queue = WorkQueue<Void>()

  /// - Parameters:
  ///   - label: the threads' name; 15 bytes at most are kept.
  ///   - threads: how many calls may block at once.
  public init(label: String, threads: Int) throws(StrataError) {
    for _ in 0..<max(1, threads) {
      try Thread.start(name: label) { [queue] in
        while let work = queue.take() { work(()) }
      }
    }
  }

  /// The threads end when they have done what they were given.
  deinit { queue.close() }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    _ = queue.add { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  /// Runs a call that blocks on one of the threads; the caller's task is suspended meanwhile, its thread is not.
  public func run<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      let isTaken = queue.add { continuation.resume(returning: Result { () throws(Failure) in try body() }) }
      precondition(isTaken, "the pool lives for as long as somebody may call it")
    }
    return try result.get()
  }
}
