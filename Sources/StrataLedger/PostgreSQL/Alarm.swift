import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// A descriptor that becomes readable once, so that a thread can wait for it beside a socket.
final class Alarm: Sendable {
  let descriptor: Int32

  init() throws(StrataError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else { throw .system("create an eventfd") }
  }

  deinit { close(descriptor) }

  /// Safe to call twice.
  func ring() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, 8)
  }
}
