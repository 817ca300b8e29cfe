import CLinux
import Glibc

extension Descriptor {
  /// Writes all of `bytes` to descriptor `number`, whoever owns it. Blocks until they are taken: where others have made
  /// what it leads to non-blocking, as a program that shares a terminal may, it waits for room like everybody else.
  ///
  /// - Returns: 0, or the errno(3) for which it was given up.
  public static func writePatiently(_ bytes: [UInt8], to number: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count < 0, errno == EAGAIN {
        var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, -1)
      } else if count == 0 || errno != EINTR {
        return count == 0 ? EIO : errno
      }
    }
    return 0
  }

  /// Occupies the numbers of the standard descriptors that this process was started without, so that no file that is
  /// opened later gets one of them, and what is printed with it. They stay unusable: a write to them fails as before.
  public static func occupyMissingStandards() {
    for number in 0...2 as ClosedRange<Int32> where strata_fcntl(number, F_GETFD, 0) < 0 {
      _ = unsafe strata_open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY, 0)
    }
  }
}
