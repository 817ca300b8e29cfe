import CLinux
import Glibc
public import StrataCore
import StrataRuntime

extension DataDirectory {
  /// Who has a data directory.
  public enum Tenure: Sendable, Hashable {
    /// Nobody. Can transition to: `held` (an `up`).
    case free
    /// This process runs the stack. Can transition to: `ending` (it was killed), `free` (it has stopped everything).
    case held(by: Int32)
    /// The process that ran the stack has gone, and its sentinel still ends what it left. Can transition to: `free`.
    case ending
  }

  /// Holds a data directory for one `up`: let go of when `release` is called, or when this process and the sentinel
  /// that was given the lock have both ended, in whatever way.
  public final class Lock: Sendable {
    let file: Descriptor
    init(_ file: Descriptor) { self.file = file }

    /// Lets go now. Closing alone would not do: a child that is just being born has the file open for a moment too.
    public func release() {
      flock(file.raw, LOCK_UN)
      file.close()
    }
  }

  /// Takes the directory for this process, after ending what an earlier stack may have left in it: the processes that
  /// still carry that one's mark. Blocks for as long as they take to end.
  ///
  /// - Throws: `conflict`, naming the process that holds it.
  public func lock(for identity: StackIdentity = .random()) throws(StrataError) -> Lock {
    guard let lock = try seize() else { throw isTaken }
    endLeftoversOfRecord()
    try record.write(.init(identity: identity), to: lock.file)
    return lock
  }

  /// Why it cannot be had.
  public var isTaken: StrataError {
    if case .held(let holder)? = try? tenure {
      return StrataError(
        .conflict, "process \(holder) already runs Strata in \(path)", remedy: "use it, or stop it with strata down")
    }
    return StrataError(.conflict, "what ran in \(path) has not ended yet", remedy: "wait for it with strata down")
  }

  /// Who has it now.
  ///
  /// - Throws: `unauthorized` for who may not know. What cannot be looked at is never said to be free.
  public var tenure: Tenure {
    get throws(StrataError) {
      guard let file = try record.open() else { return .free }
      guard flock(file.raw, LOCK_SH | LOCK_NB) != 0 else {
        flock(file.raw, LOCK_UN)
        return .free
      }
      guard let holder = record.holder, holder.isAlive else { return .ending }
      return .held(by: holder.process)
    }
  }

  /// The process that runs the stack; nil if none does.
  public var holder: Int32? {
    get throws(StrataError) {
      if case .held(let holder) = try tenure { holder } else { nil }
    }
  }

  /// Waits until nobody has it, but no longer than `limit`. Returns who has it then.
  ///
  /// - Throws: as `tenure` does.
  public func waitUntilFree(atMost limit: Duration) async throws(StrataError) -> Tenure {
    let deadline = ContinuousClock.now + limit
    while true {
      let tenure = try tenure
      guard tenure != .free, ContinuousClock.now < deadline, !Task.isCancelled else { return tenure }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Ends what a stack left behind whose process and sentinel were both killed. Blocks for as long as that takes.
  ///
  /// - Returns: whether there was anything to end. False while somebody has the directory: then it is theirs to do.
  public func endLeftovers() -> Bool {
    guard let lock = try? seize() else { return false }
    defer { lock.release() }
    let hadAny = endLeftoversOfRecord()
    removeSocketFolder()
    return hadAny
  }

  @discardableResult
  private func endLeftoversOfRecord() -> Bool {
    guard let holder = record.holderHere else { return false }
    return Sweep(identity: holder.identity, grace: Sentinel.graceStandard).endLeftovers()
  }

  private var record: LockRecord { LockRecord(directory: path) }

  /// The lock; nil if another has it.
  private func seize() throws(StrataError) -> Lock? {
    let file = try Descriptor.open(record.path, O_RDWR | O_CREAT)
    // Somebody may just be asking who has it, which takes a moment: `tenure`.
    for _ in 0..<20 where flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
      guard try tenure == .free else { return nil }
    }
    return flock(file.raw, LOCK_EX | LOCK_NB) == 0 ? Lock(file) : nil
  }
}
