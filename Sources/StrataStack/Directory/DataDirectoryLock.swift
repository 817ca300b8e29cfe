import CLinux
import Glibc
public import StrataCore
import StrataRuntime

extension DataDirectory {
  /// Holds a data directory for one `up`: released when let go of, or when the process ends in whatever way.
  public final class Lock: Sendable {
    private let file: Descriptor
    init(_ file: Descriptor) { self.file = file }
    /// Lets go now. Closing alone would not do: a child that is just being born has the file open for a moment too.
    public func release() {
      flock(file.raw, LOCK_UN)
      file.close()
    }
  }

  private var lockFile: String { run + "/lock" }

  /// Takes the directory for this process.
  ///
  /// - Throws: `conflict`, naming the process that holds it.
  public func lock() throws(StrataError) -> Lock {
    let file = try Descriptor.open(lockFile, O_RDWR | O_CREAT)
    guard flock(file.raw, LOCK_EX | LOCK_NB) == 0 else {
      let holder = recordedHolder.map { "process \($0)" } ?? "another process"
      throw StrataError(
        .conflict, "\(holder) already runs Strata in \(path)", remedy: "use it, or stop it with strata down")
    }
    guard ftruncate(file.raw, 0) == 0 else { throw .system("write \(lockFile)") }
    try file.writeNow(Array("\(getpid())\n".utf8))
    return Lock(file)
  }

  /// The process that holds the directory; nil if none does.
  public var holder: Int32? {
    guard let file = try? Descriptor.open(lockFile, O_RDWR) else { return nil }
    guard flock(file.raw, LOCK_SH | LOCK_NB) != 0 else {
      flock(file.raw, LOCK_UN)
      return nil
    }
    return recordedHolder
  }

  private var recordedHolder: Int32? {
    Folder.readText(lockFile).flatMap { $0.split(separator: "\n").first }.flatMap { Int32($0) }
  }
}
