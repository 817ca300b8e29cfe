import StrataControl
import StrataCore
import StrataLedger
import Testing

@Suite struct ScheduleHealthTests {
  /// `s`, `f` and `c` for jobs that succeeded, failed and were cancelled, the newest first.
  @Test(arguments: [
    ("", 0, nil), ("s", 0, JobState.succeeded), ("f", 1, .failed), ("ffsf", 2, .failed), ("cfcfs", 2, .failed),
    ("cs", 0, .succeeded), ("cc", 0, nil), ("sfff", 0, .succeeded),
  ]) func whatFailedSinceSomethingSucceeded(ends: String, failures: Int, last: JobState?) {
    let states: [Character: JobState] = ["s": .succeeded, "f": .failed, "c": .cancelled]
    let health = ScheduleHealth(
      ends.map { ScheduleEnd(job: JobID(), state: states[$0] ?? .failed, at: .now, error: nil) })
    #expect(health.failuresInARow == failures && health.last?.state == last)
  }
}
