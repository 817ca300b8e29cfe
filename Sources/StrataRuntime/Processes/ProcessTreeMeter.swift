import CLinux
import Glibc
import StrataCore
import Synchronization

/// What a process tree used from its start to its end.
public struct TreeUsage: Sendable, Hashable {
  /// User and system time of all its processes together.
  public let processorMicroseconds: Int64
  /// The most memory held at once, as far as it was seen.
  public let peakResidentBytes: Int
  public let wallMicroseconds: Int64
}

/// Meters a child and all its descendants, and watches over their memory.
///
/// How: a reading of /proc every `interval`, the kernel's own sums for those that are waited for, and, where
/// `Subreaper` is enabled, for orphans too. What it can miss: the processor time of a process whose parent ignores
/// SIGCHLD, since its last reading; an orphan that left its session and lived and died between two readings; a peak
/// of memory between two readings, unless a single process had it. Shared pages count once per process that maps
/// them. Readings count in clock ticks (10 ms), the kernel's sums in microseconds.
///
/// Cost: one small read per process of the machine and interval, some 5 µs each.
public final class ProcessTreeMeter: Sendable {
  public static let intervalStandard = Duration.milliseconds(250)

  private let child: ChildProcess
  private let interval: Duration
  private let memoryBytesMax: Int?
  private let onExcess: @Sendable (_ residentBytes: Int) -> Void
  private let account: Mutex<TreeAccount>
  private let ownPeakBytes: Int
  private let sampling = Mutex<Task<Void, Never>?>(nil)

  /// Starts metering `child`, which should lead a session of its own (`startsNewSession`).
  ///
  /// - Parameters:
  ///   - memoryBytesMax: the sum of resident sets above which `onExcess` is called, once; nil for none.
  ///   - onExcess: typically tears the child down.
  public init(
    _ child: ChildProcess, interval: Duration = intervalStandard, memoryBytesMax: Int? = nil,
    onExcess: @escaping @Sendable (_ residentBytes: Int) -> Void = { _ in }
  ) {
    self.child = child
    self.interval = interval
    self.memoryBytesMax = memoryBytesMax
    self.onExcess = onExcess
    account = Mutex(TreeAccount(root: child.pid))
    var own = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &own)
    ownPeakBytes = own.ru_maxrss * 1_024
    read()
    sampling.withLock { $0 = Task { await self.sample() } }
  }

  /// What the tree holds and has used so far, by the last reading.
  public var current: ProcessTree.Reading { account.withLock { $0.lastReading } }

  private func sample() async {
    var hasExceeded = false
    while child.exit == nil, !Task.isCancelled {
      read()
      let resident = current.residentBytes
      if let memoryBytesMax, resident > memoryBytesMax, !hasExceeded {
        hasExceeded = true
        onExcess(resident)
      }
      _ = await child.wait(atMost: interval)
    }
  }

  /// One reading; reaps the orphans of this tree that have ended. Returns its members.
  @discardableResult
  private func read() -> [ProcessStatistics] {
    let everyone = ProcessTree.everyone()
    return account.withLock { account in
      let members = account.absorb(everyone)
      account.add(reaped: Subreaper.reap(members))
      return members
    }
  }

  /// Waits for the child's end, kills what is left of its tree, and adds everything up. Safe to call twice.
  public func finish() async -> TreeUsage {
    let exit = await child.wait()
    let ended = ContinuousClock.now
    await sampling.withLock { $0 }?.value
    await killLeftovers()
    let total = account.withLock { $0.total(root: exit.usage, trustedPeakMin: ownPeakBytes) }
    return TreeUsage(
      processorMicroseconds: total.processorTime.nanoseconds / 1_000, peakResidentBytes: total.peakBytes,
      wallMicroseconds: ((child.endedAt ?? ended) - child.startedAt).nanoseconds / 1_000)
  }

  /// Repeats until a reading finds no member alive, so that forks in between are found too.
  private func killLeftovers() async {
    for _ in 0..<ProcessTree.killRoundsMax {
      let alive = read().filter { !$0.isZombie }.map(ProcessTree.Member.init)
      if alive.isEmpty { return }
      for member in alive { member.signal(SIGKILL) }
      for member in alive { await member.waitForEnd(atMost: .milliseconds(100)) }
    }
  }
}
