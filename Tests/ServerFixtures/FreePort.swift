import Glibc
import Synchronization

/// Ports of the loopback interface for servers that cannot be given one by the system, since others must know it before.
public enum FreePort {
  private static let given = Mutex<Set<UInt16>>([])

  /// One that nobody listens at now, outside the range that the system hands out, and that was not given before.
  public static func next() -> UInt16 {
    while true {
      let port = UInt16.random(in: 20_000...29_999)
      if isFree(port), given.withLock({ $0.insert(port).inserted }) { return port }
    }
  }

  private static func isFree(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
