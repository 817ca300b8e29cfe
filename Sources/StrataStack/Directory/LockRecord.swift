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
    let number = unsafe strata_open(path, O_RDONLY | O_CLOEXEC, 0)
    if number >= 0 { return Descriptor(owning: number) }
    if errno == ENOENT { return nil }
    throw Folder.obstacle(to: "look into", directory)
  }

  /// Nil for a file that says nothing, as before the first lock.
  var holder: Holder? {
    let words = Folder.readText(path)?.split(separator: "\n") ?? []
    guard words.count == 3, let process = Int32(words[0]), let ticks = Int(words[1]) else { return nil }
    return Holder(process: process, startTicks: ticks, identity: StackIdentity(String(words[2])))
  }

  func write(_ holder: Holder, to file: Descriptor) throws(StrataError) {
    guard ftruncate(file.raw, 0) == 0 else { throw .system("write \(path)") }
    try file.writeNow(Array("\(holder.process)\n\(holder.startTicks)\n\(holder.identity.value)\n".utf8))
  }
}

extension LockRecord.Holder {
  /// This process, as the parent of the stack with that mark.
  init(identity: StackIdentity) {
    let process = getpid()
    self.init(
      process: process, startTicks: ProcessStatistics.read(process)?.startTicks ?? 0, identity: identity)
  }
}
