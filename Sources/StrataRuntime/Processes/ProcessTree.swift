import CLinux
import Glibc

/// All descendants of a process, read from /proc.
///
/// A reading is a moment's picture: what is born or orphaned while it is taken may be missed, so killing repeats until
/// a reading finds nobody. An orphan is found as long as its nearest sub-reaper (`Subreaper`) is the root, or its
/// session still carries the root's number.
public enum ProcessTree {
  /// One process as it was seen; acting on it acts on nobody else.
  public struct Member: Sendable, Hashable {
    public let statistics: ProcessStatistics
    public var pid: Int32 { statistics.pid }

    public init(_ statistics: ProcessStatistics) { self.statistics = statistics }

    /// Sends a signal unless the number has been given to another process since.
    @discardableResult
    public func signal(_ signal: Int32) -> Bool {
      guard ProcessStatistics.read(pid)?.startTicks == statistics.startTicks else { return false }
      return kill(pid, signal) == 0
    }

    /// Waits until it has ended, whether reaped or not, but no longer than `limit`.
    public func waitForEnd(atMost limit: Duration) async {
      let number = strata_pidfd_open(pid)
      guard number >= 0 else { return }
      await Descriptor(owning: number).waitUntilReadable(atMost: limit)
    }
  }

  /// How often `killAll` looks again before it gives up.
  public static let killRoundsMax = 50

  /// Every process of this machine that can be read.
  ///
  /// - Complexity: one small read per process of the machine, some 5 µs each.
  public static func everyone() -> [ProcessStatistics] { ProcFile.processes().compactMap(ProcessStatistics.read) }

  /// The descendants of `root`, without `root`: children of children, and members of the session that `root` leads.
  public static func descendants(of root: Int32) -> [Member] {
    descendants(of: root, among: everyone())
  }

  /// The same from a picture already taken.
  ///
  /// - Complexity: O(n) in the number of processes in the picture.
  public static func descendants(of root: Int32, among everyone: [ProcessStatistics]) -> [Member] {
    let children = Dictionary(grouping: everyone, by: \.parent)
    var found: [ProcessStatistics] = []
    var seen: Set<Int32> = [root]
    var frontier = everyone.filter { $0.session == root && $0.pid != root } + (children[root] ?? [])
    while let next = frontier.popLast() {
      guard seen.insert(next.pid).inserted else { continue }
      found.append(next)
      frontier += children[next.pid] ?? []
    }
    return found.map(Member.init)
  }

  /// Kills all descendants of `root`, but not `root`, until a reading finds no one alive.
  ///
  /// - Returns: whether none was left within `rounds` readings.
  @discardableResult
  public static func killAll(below root: Int32, rounds: Int = killRoundsMax) async -> Bool {
    for _ in 0..<rounds {
      let alive = descendants(of: root).filter { !$0.statistics.isZombie }
      if alive.isEmpty { return true }
      for member in alive { member.signal(SIGKILL) }
      for member in alive { await member.waitForEnd(atMost: .milliseconds(100)) }
    }
    return false
  }
}

extension ProcessTree {
  /// What a tree uses at one moment.
  public struct Reading: Sendable, Hashable {
    public var processCount = 0
    /// The sum over its processes, shared pages counted once per process.
    public var residentBytes = 0
    /// Of those alive, and of those that they have waited for.
    public var processorTime = Duration.zero

    package init() {}

    package init(_ members: [ProcessStatistics]) {
      var ticks = 0
      for member in members {
        processCount += member.isZombie ? 0 : 1
        residentBytes += member.residentBytes
        ticks += member.ownTicks + member.reapedTicks
      }
      processorTime = .microseconds(Int64(ticks) * 1_000_000 / Int64(ProcessStatistics.ticksPerSecond))
    }
  }

  /// `root` and its descendants together; in a tree that lives it may miss something, and counts nothing twice. A zero
  /// reading if there is no such process.
  public static func reading(of root: Int32) -> Reading { Reading(members(of: root)) }
}
