import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// Ends every process that carries a stack's mark, and their descendants: asks, insists, kills.
///
/// A member once seen stays one: when its parent is gone, nothing else may tell that it belongs here.
struct Sweep {
  /// How long a server may take after it was told to leave at once.
  static let insistence = Duration.seconds(5)
  /// How often it looks again after killing, and for how long it waits before it does.
  static let killRoundsMax = 100
  static let killRound = Duration.milliseconds(100)
  static let killingMax = killRound * killRoundsMax

  let identity: StackIdentity
  let grace: Duration

  /// Blocks until nobody is left. False if someone was left after all rounds.
  func run() -> Bool {
    var seen: [Int32: Int] = [:]
    for (stage, patience) in [(SweepStage.ask, grace), (.insist, Self.insistence)] {
      if end(by: stage, within: patience, seen: &seen) { return true }
    }
    for _ in 0..<Self.killRoundsMax {
      let left = members(&seen)
      if left.isEmpty { return true }
      for member in left { member.signal(SIGKILL) }
      waitForEnd(of: left, until: .now + Self.killRound)
    }
    return false
  }

  /// Does so if there is anybody. Returns whether there was.
  @discardableResult
  func endLeftovers() -> Bool {
    var seen: [Int32: Int] = [:]
    guard !members(&seen).isEmpty else { return false }
    _ = run()
    return true
  }

  /// Signals everyone once, newcomers too, until nobody is left or `patience` is over.
  private func end(by stage: SweepStage, within patience: Duration, seen: inout [Int32: Int]) -> Bool {
    let deadline = ContinuousClock.now + patience
    var asked: Set<Int32> = []
    repeat {
      let left = members(&seen)
      if left.isEmpty { return true }
      for member in SweepStage.leaders(of: left) where asked.insert(member.pid).inserted {
        member.signal(stage.signal(for: member.statistics.name))
      }
      waitForEnd(of: left, until: deadline)
    } while ContinuousClock.now < deadline
    return members(&seen).isEmpty
  }

  /// All that carry the mark, those seen before, and the descendants of both, which may have written over their
  /// environment; not this process.
  ///
  /// - Parameter seen: when each process started, by its number.
  private func members(_ seen: inout [Int32: Int]) -> [ProcessTree.Member] {
    let everyone = ProcessTree.everyone().filter { !$0.isZombie && $0.pid != getpid() }
    let mark = "\(StackIdentity.variable)=\(identity.value)"
    let known = everyone.filter { seen[$0.pid] == $0.startTicks || $0.carries(mark) }
    var members = Dictionary(known.map { ($0.pid, ProcessTree.Member($0)) }) { first, _ in first }
    for member in known {
      for descendant in ProcessTree.descendants(of: member.pid, among: everyone) {
        members[descendant.pid] = descendant
      }
    }
    for member in members.values { seen[member.pid] = member.statistics.startTicks }
    return Array(members.values)
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
