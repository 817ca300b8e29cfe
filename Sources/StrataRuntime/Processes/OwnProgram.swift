import CLinux
import Glibc

/// The file of this very program, to start it once more.
public enum OwnProgram {
  private static let link = "/proc/self/exe"

  /// Its path, under which `ps` shows it by its name. Where another file has come to that path meanwhile, such as a new
  /// version, it is the link that still leads to this one.
  public static var path: String {
    var bytes = [CChar](repeating: 0, count: 4_096)
    let count = unsafe readlink(link, &bytes, bytes.count)
    let path = String(decoding: bytes.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    var (own, named) = (stat(), stat())
    guard count > 0, unsafe stat(link, &own) == 0, unsafe stat(path, &named) == 0 else { return link }
    return own.st_dev == named.st_dev && own.st_ino == named.st_ino ? path : link
  }
}
