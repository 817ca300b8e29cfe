import Glibc
import StrataCore
import StrataRuntime

/// What one attempt uses, measured inside the runner: exact, because by the time of reading every descendant has been
/// reaped, and the kernel adds the time of those reaped to their reaper's.
struct RunnerMeter {
  private let startMicroseconds = Self.processorMicroseconds()
  private let reapedPeakAtStart = Self.reapedPeakBytes()
  private let ownAtStart: ResidentMemory

  /// Also forgets the process's peak of resident memory, so that the next one seen is this attempt's (proc(5),
  /// clear_refs). Where the kernel refuses that, `ResidentMemory` says what is known all the same.
  init() {
    let file = unsafe open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    if file >= 0 {
      writeFully([UInt8(ascii: "5")], to: file)
      close(file)
    }
    ownAtStart = ResidentMemory.ofThisProcess
  }

  /// - Postcondition: what the attempt has let go of is the system's again, not the next attempt's.
  func outcome(_ product: AttemptProduct, orphanPeakBytes: Int64) -> RunnerOutcome {
    defer { Heap.trim() }
    // The peak of all children ever reaped only grows; it says something of this attempt if it has grown in it. And a
    // child's peak begins with that of the runner whose memory it shares until it executes its program (exec_mmap in
    // Linux' fs/exec.c): it says something if it is beyond that.
    let (reapedPeak, own) = (Self.reapedPeakBytes(), ResidentMemory.ofThisProcess)
    let childPeak = reapedPeak > max(reapedPeakAtStart, own.peakBytes) ? reapedPeak : orphanPeakBytes
    return RunnerOutcome(
      summaryJSON: product.summary?.description, error: product.error,
      cpuMicroseconds: Self.processorMicroseconds() - startMicroseconds,
      memoryPeakBytes: max(childPeak, own.peak(since: ownAtStart)), units: product.units ?? 0)
  }

  private static func processorMicroseconds() -> Int64 {
    [RUSAGE_SELF, RUSAGE_CHILDREN].reduce(0) { sum, who in
      let usage = Self.usage(who)
      let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
      return sum + Int64(seconds) * 1_000_000 + Int64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }
  }

  private static func reapedPeakBytes() -> Int64 { Int64(usage(RUSAGE_CHILDREN).ru_maxrss) * 1_024 }

  private static func usage(_ who: __rusage_who) -> rusage {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(who.rawValue), &usage)
    return usage
  }
}
