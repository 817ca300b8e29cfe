import Glibc

/// The processor time that this process has had: on a machine that others use it says what a core can do, where the clock on the
/// wall says what was left of it.
enum ComputingTime {
  static var now: Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
