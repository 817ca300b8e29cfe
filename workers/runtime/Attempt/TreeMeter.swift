import Glibc
import StrataCore
package import StrataRuntime
import Synchronization

/// Measures an attempt from outside, over the runner and all its descendants: for its limits, and for attempts that die
/// before they can measure themselves. What the runner had before the attempt is not the attempt's.
package final class TreeMeter: Sendable {
  private struct State {
    var peakBytes = 0
    var processorTime: Duration
    /// Used by processes that a crashed runner left behind.
    var strayTime = Duration.zero
    /// Whether the last reading was taken of a stopped tree and so leaves nothing out.
    var isComplete = false
    var members: [ProcessTree.Member] = []
  }

  private let root: Int32
  private let reader: ProcessReader
  /// What the runner had used for earlier attempts.
  private let before: Duration
  /// What the idle runner keeps in memory.
  private let idleBytes: Int
  private let state: Mutex<State>

  package init(root: Int32, reader: ProcessReader = .system) {
    self.root = root
    self.reader = reader
    let idle = ProcessTree.Reading([reader.one(root)].compactMap(\.self))
    (before, idleBytes) = (idle.processorTime, idle.residentBytes)
    state = Mutex(State(processorTime: before))
  }

  /// Takes a reading: the memory in use now, and the processor time used so far, or less of it: never more.
  package func sample() -> (memoryBytes: Int64, processorTime: Duration) {
    let members = ProcessTree.members(of: root, by: reader)
    let reading = ProcessTree.Reading(members)
    note(reading)
    state.withLock { $0.members = members.filter { $0.pid != root }.map(ProcessTree.Member.init) }
    return (Int64(max(0, reading.residentBytes - idleBytes)), reading.processorTime - before)
  }

  func note(_ reading: ProcessTree.Reading) {
    state.withLock { state in
      state.peakBytes = max(state.peakBytes, reading.residentBytes - idleBytes)
      state.processorTime = max(state.processorTime, reading.processorTime)
    }
  }

  /// Takes the last reading, of a tree whose root is stopped and whose other members are dead.
  func close(_ reading: ProcessTree.Reading) {
    note(reading)
    state.withLock { $0.isComplete = true }
  }

  /// Ends what outlived a runner that is dead.
  ///
  /// - Parameter adoptsOrphans: whether this process is the one that inherits orphans, and has no other children than
  ///   runners. Then nobody escapes; else only members of the runner's session and those seen last are found.
  func endStrays(adoptsOrphans: Bool) async {
    let time = adoptsOrphans ? await Orphans.endAll() : await endKnownStrays()
    state.withLock { state in
      if !state.isComplete { state.strayTime += time }
    }
  }

  private func endKnownStrays() async -> Duration {
    let seen = state.withLock { $0.members }
    let left = seen.filter { ProcessStatistics.read($0.pid)?.startTicks == $0.statistics.startTicks }
    var time = Duration.zero
    for root in [root] + left.map(\.pid) {
      time += ProcessTree.reading(of: root).processorTime
      await ProcessTree.killAll(below: root)
    }
    for member in seen { member.signal(SIGKILL) }
    return time
  }

  /// - Parameters:
  ///   - outcome: the runner's own exact account, where it lived to give it.
  ///   - exit: how the runner ended, where it did.
  func usage(outcome: RunnerOutcome?, exit: ProcessExit?, wallMicroseconds: Int64) -> AttemptUsage {
    let state = state.withLock { $0 }
    let atEnd = max(state.processorTime, exit?.usage.processorTime ?? .zero)
    let measured = (atEnd - before + state.strayTime).nanoseconds / 1_000
    // The peak of a reused runner's whole life says little of its last attempt; it stands in where no sample was taken.
    let peak = state.peakBytes > 0 ? state.peakBytes : max(0, (exit?.usage.peakResidentBytes ?? 0) - idleBytes)
    return AttemptUsage(
      cpuMicroseconds: max(0, outcome?.cpuMicroseconds ?? measured), wallMicroseconds: wallMicroseconds,
      memoryPeakBytes: max(outcome?.memoryPeakBytes ?? 0, Int64(peak)), units: outcome?.units ?? 0)
  }
}
