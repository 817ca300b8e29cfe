import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// Ends every process that carries a stack's mark, and their descendants: asks, insists, kills.
struct Sweep {
  /// How long a server may take after it was told to leave at once.
  static let insistence = Duration.seconds(5)
  /// How often it looks again after killing.
  static let killRoundsMax = 100

  let identity: StackIdentity
  let grace: Duration

  /// Blocks until nobody is left. False if someone was left after all rounds.
  func run() -> Bool {
    var asked: Set<ProcessTree.Member> = []
    for (stage, patience) in [(SweepStage.ask, grace), (.insist, Self.insistence)] {
      if end(by: stage, within: patience, asked: &asked) { return true }
      asked = []
    }
    for _ in 0..<Self.killRoundsMax {
      let left = members()
      if left.isEmpty { return true }
      for member in left { member.signal(SIGKILL) }
      waitForEnd(of: left, until: .now + .milliseconds(100))
    }
    return false
  }

  /// Signals everyone once, newcomers too, until nobody is left or `patience` is over.
  private func end(by stage: SweepStage, within patience: Duration, asked: inout Set<ProcessTree.Member>) -> Bool {
    let deadline = ContinuousClock.now + patience
    repeat {
      let left = members()
      if left.isEmpty { return true }
      for member in SweepStage.leaders(of: left) where !asked.contains(where: { $0.pid == member.pid }) {
        member.signal(stage.signal(for: member.statistics.name))
        asked.insert(member)
      }
      waitForEnd(of: left, until: deadline)
    } while ContinuousClock.now < deadline
    return members().isEmpty
  }

  /// All that carry the mark, and their descendants, which may have written over their environment; not this process.
  private func members() -> [ProcessTree.Member] {
    let everyone = ProcessTree.everyone().filter { !$0.isZombie && $0.pid != getpid() }
    let marked = everyone.filter { isMarked($0.pid) }
    var members = Set(marked.map(ProcessTree.Member.init))
    for member in marked { members.formUnion(ProcessTree.descendants(of: member.pid, among: everyone)) }
    return Array(members)
  }

  private func isMarked(_ pid: Int32) -> Bool {
    guard let variables = ProcFile.read("/proc/\(pid)/environ", bytesMax: 1 << 18) else { return false }
    let mark = Array("\(StackIdentity.variable)=\(identity.value)".utf8)
    return variables.split(separator: 0).contains { $0.elementsEqual(mark) }
  }

  private func waitForEnd(of members: [ProcessTree.Member], until deadline: ContinuousClock.Instant) {
    for member in members {
      let pidfd = strata_pidfd_open(member.pid)
      guard pidfd >= 0 else { continue }
      let remaining = max(.zero, deadline - .now)
      var entry = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&entry, 1, Int32(clamping: remaining.milliseconds + 1))
      close(pidfd)
    }
  }
}
