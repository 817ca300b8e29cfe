import CLinux
import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// Which program a service of a stack is started from: the supervisor's own, until a restart has put another in its place,
/// such as a new version of it.
final class StackProgram: Sendable {
  /// One that was named. It stays the same, whatever becomes of the file's name.
  struct Candidate: Sendable {
    private let named: String
    private let file: Descriptor
    private let device: dev_t
    private let inode: ino_t

    /// - Throws: where there is none.
    init(_ path: String) throws(StrataError) {
      let number = unsafe strata_open(path, O_RDONLY | O_CLOEXEC, 0)
      var status = stat()
      guard number >= 0, unsafe fstat(number, &status) == 0 else {
        throw StrataError(.notFound, "there is no program \(path)", remedy: "run strata restart from where it is")
      }
      (named, file, device, inode) = (path, Descriptor(owning: number), status.st_dev, status.st_ino)
    }

    /// Whether it is the same file.
    func isSame(as other: Self) -> Bool { device == other.device && inode == other.inode }

    /// Its path, under which `ps` shows it by its name; where another file has come to that, what still leads to it.
    var path: String {
      var status = stat()
      let isThere = unsafe stat(named, &status) == 0 && status.st_dev == device && status.st_ino == inode
      // This process's own: the one that is started has closed its copy by then.
      return isThere ? named : "/proc/\(getpid())/fd/\(file.raw)"
    }
  }

  private let chosen = Mutex<Candidate?>(nil)

  var path: String { chosen.withLock { $0?.path } ?? OwnProgram.path }

  /// It runs: from now on it is this one that is started.
  func adopt(_ candidate: Candidate) { chosen.withLock { $0 = candidate } }
}
