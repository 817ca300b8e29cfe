import Glibc
import StrataCore
import StrataRuntime
import StrataWorker
import Synchronization
import TestSupport
import Testing

/// A table of processes that changes while it is read: before the reading of its n-th process, something happens.
private final class PlayedProcesses: Sendable {
  struct Process {
    var parent: Int32
    var own: Int
    var reaped = 0
  }

  private struct State {
    var processes: [Int32: Process]
    var readings = 0
    var happenings: [(at: Int, (inout [Int32: Process]) -> Void)]
  }

  private let state: Mutex<State>

  init(_ processes: [Int32: Process], _ happenings: [(Int, @Sendable (inout [Int32: Process]) -> Void)] = []) {
    state = Mutex(State(processes: processes, happenings: happenings.map { ($0.0, $0.1) }))
  }

  /// In the order of their numbers, as /proc lists them.
  var reader: ProcessReader {
    ProcessReader(
      everyone: { self.state.withLock { $0.processes.keys.sorted() }.compactMap(self.read) }, one: read)
  }

  var ticks: Int { state.withLock { $0.processes.values.reduce(0) { $0 + $1.own + $1.reaped } } }
  var readings: Int { state.withLock { $0.readings } }

  private func read(_ pid: Int32) -> ProcessStatistics? {
    let process = state.withLock { state -> Process? in
      state.readings += 1
      for happening in state.happenings where happening.at == state.readings { happening.1(&state.processes) }
      return state.processes[pid]
    }
    guard let process else { return nil }
    let head = "\(pid) (x) S \(process.parent) \(pid) 1 0 -1 0 0 0 0 0 \(process.own) 0 \(process.reaped) 0"
    return ProcessStatistics(pid: pid, line: Array((head + " 20 0 1 0 7 0 0 0").utf8))
  }

  /// A process ends, and its parent waits for it.
  static func reap(_ pid: Int32) -> @Sendable (inout [Int32: Process]) -> Void {
    { processes in
      guard let dead = processes.removeValue(forKey: pid) else { return }
      processes[dead.parent]?.reaped += dead.own + dead.reaped
      // The root is the sub-reaper of all of them.
      for (child, process) in processes where process.parent == pid { processes[child]?.parent = 10 }
    }
  }
}

@Suite struct MeterTests {
  private func time(ticks: Int) -> Duration {
    .microseconds(Int64(ticks) * 1_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// The root, a shell below it and its child, whose number is smaller: the kernel's count has begun anew.
  private let family: [Int32: PlayedProcesses.Process] = [
    10: .init(parent: 1, own: 5), 20: .init(parent: 10, own: 7), 3: .init(parent: 20, own: 1_000),
    40: .init(parent: 10, own: 2_000), 50: .init(parent: 40, own: 300), 60: .init(parent: 1, own: 9_999),
  ]

  @Test func aTreeAtRestIsCountedWhole() {
    let played = PlayedProcesses(family)
    let meter = TreeMeter(root: 10, reader: PlayedProcesses([10: .init(parent: 1, own: 0)]).reader)
    #expect(meter.sample().processorTime == .zero)
    let whole = ProcessTree.Reading(ProcessTree.members(of: 10, by: played.reader))
    #expect(whole.processorTime == time(ticks: 3_312) && whole.processCount == 5)
  }

  /// Whenever anybody is reaped during a sample, no time counts twice.
  @Test func whoIsReapedDuringASampleCountsOnceAtMost() {
    let calm = PlayedProcesses(family)
    _ = ProcessTree.members(of: 10, by: calm.reader)
    for moment in 1...calm.readings {
      for pid in [Int32(3), 20, 40, 50] {
        let played = PlayedProcesses(family, [(moment, PlayedProcesses.reap(pid))])
        let reading = ProcessTree.Reading(ProcessTree.members(of: 10, by: played.reader))
        #expect(reading.processorTime <= time(ticks: 3_312), "\(pid) was reaped before reading \(moment)")
        // And once it is over, nothing is missing.
        let after = ProcessTree.Reading(ProcessTree.members(of: 10, by: played.reader))
        #expect(after.processorTime == time(ticks: 3_312))
      }
    }
  }

  @Test func familiesThatDieInAnyOrderNeverCountTwice() {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let deaths = (0..<4).map { _ in
        (Int.random(in: 1...14, using: &random), PlayedProcesses.reap([3, 20, 40, 50].randomElement(using: &random)!))
      }
      let played = PlayedProcesses(family, deaths)
      let reading = ProcessTree.Reading(ProcessTree.members(of: 10, by: played.reader))
      #expect(reading.processorTime <= time(ticks: 3_312), "STRATA_SEED=\(seed)")
    }
  }

  @Test func aMeterTakesOffWhatItsRunnerHadBefore() {
    let played = PlayedProcesses(
      [10: .init(parent: 1, own: 5, reaped: 100), 20: .init(parent: 10, own: 50)],
      [(9, PlayedProcesses.reap(20))])
    let meter = TreeMeter(root: 10, reader: played.reader)
    #expect(meter.sample().processorTime == time(ticks: 50))
    // Reaped after the runner was read, and before it was: missing, not counted twice.
    #expect(meter.sample().processorTime == .zero)
    #expect(meter.sample().processorTime == time(ticks: 50) && played.ticks == 155)
  }

  // MARK: Memory

  private func memory(_ bytes: Int64, peak: Int64) -> ResidentMemory {
    let text = "Name:\tx\nVmHWM:\t   \(peak) kB\nVmRSS:\t  \(bytes) kB\nThreads:\t1\n"
    return ResidentMemory(status: Array(text.utf8))
  }

  @Test func whatAPeakSaysOfAnAttemptDependsOnWhetherItCouldBeReset() {
    #expect(memory(2, peak: 3).bytes == 2_048 && memory(2, peak: 3).peakBytes == 3_072)
    #expect(ResidentMemory(status: []).peakBytes == 0)
    // Reset: the peak is the attempt's.
    #expect(memory(60, peak: 500).peak(since: memory(50, peak: 50)) == 450 << 10)
    // Not reset, and passed: the attempt's too, counted from what the runner had then and not from its old peak.
    #expect(memory(60, peak: 500).peak(since: memory(50, peak: 400)) == 450 << 10)
    // Not reset, and not passed: an earlier attempt's. What there is now is known.
    #expect(memory(60, peak: 400).peak(since: memory(50, peak: 400)) == 10 << 10)
    #expect(memory(40, peak: 400).peak(since: memory(50, peak: 400)) == 0)
  }
}
