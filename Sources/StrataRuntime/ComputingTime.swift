import Glibc

/// Processor time: on a machine that others use it says what a core can do, where the clock on the wall says what was left of it.
package enum ComputingTime {
  /// What this process has had.
  package static var ofProcess: Duration { read(CLOCK_PROCESS_CPUTIME_ID) }

  /// What the calling thread has had: of use around what is not suspended.
  package static var ofThread: Duration { read(CLOCK_THREAD_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Duration {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
