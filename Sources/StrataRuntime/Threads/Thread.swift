import CLinux
import Glibc
public import StrataCore

/// Starting threads: for event loops and for libraries that block.
public enum Thread {
  private final class Start {
    let name: String
    let body: () -> Void
    init(name: String, body: @escaping () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Runs `body` on a new detached thread of the operating system with an 8 MiB stack.
  ///
  /// - Parameter name: as `top -H` shows it; 15 bytes at most are kept.
  public static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(StrataError) {
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, 8 << 20)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        unsafe strata_name_this_thread(String(start.name.prefix(15)))
        start.body()
        return nil
      }, start.toOpaque())
    guard failure == 0 else {
      unsafe start.release()
      throw .system("start a thread", errorNumber: failure)
    }
  }
}
