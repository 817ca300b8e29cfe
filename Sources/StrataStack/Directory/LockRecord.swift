import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// What the lock of a data directory says of who took it last: it stays when the lock is let go of.
struct LockRecord {
  struct Holder {
    let process: Int32
    /// When it started: with its number this names a process for good.
    let startTicks: Int
    let identity: StackIdentity
    /// The `run/` that it was written into.
    let place: String?

    /// Whether that very process lives.
    var isAlive: Bool {
      ProcessStatistics.read(process).map { !$0.isZombie && $0.startTicks == startTicks } ?? false
    }
  }

  /// The data directory that it locks.
  let directory: String
  var path: String { directory + "/run/lock" }

  /// The file, to be read and locked; nil where there is none.
  ///
  /// - Throws: `unauthorized` where this user may not see it.
  func open() throws(StrataError) -> Descriptor? {
    // A pipe, which nobody of ours has put there, is not waited for.
    let number = unsafe strata_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
    if number >= 0 { return Descriptor(owning: number) }
    if errno == ENOENT { return nil }
    throw Folder.obstacle(to: "look into", directory)
  }

  /// Nil for what says nothing, such as a file before its first lock, and for what is no file.
  var holder: Holder? {
    guard Folder.isFile(path) else { return nil }
    let words = Folder.readText(path)?.split(separator: "\n") ?? []
    guard words.count == 3 || words.count == 4, let process = Int32(words[0]), let ticks = Int(words[1]) else {
      return nil
    }
    return Holder(
      process: process, startTicks: ticks, identity: StackIdentity(String(words[2])),
      place: words.count == 4 ? String(words[3]) : nil)
  }

  /// Whose processes may be ended: nil also where the record came with a copy of the folder, whose stack is another.
  var holderHere: Holder? {
    guard let holder, holder.place == Folder.identity(directory + "/run") else { return nil }
    return holder
  }

  func write(_ holder: Holder, to file: Descriptor) throws(StrataError) {
    guard ftruncate(file.raw, 0) == 0 else { throw .system("write \(path)") }
    let place = Folder.identity(directory + "/run") ?? "?"
    let lines = ["\(holder.process)", "\(holder.startTicks)", holder.identity.value, place]
    try file.writeNow(Array((lines.joined(separator: "\n") + "\n").utf8))
  }
}

extension LockRecord.Holder {
  /// This process, as the parent of the stack with that mark.
  init(identity: StackIdentity) {
    let process = getpid()
    self.init(
      process: process, startTicks: ProcessStatistics.read(process)?.startTicks ?? 0, identity: identity,
      place: nil)
  }
}
