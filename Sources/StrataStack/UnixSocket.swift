import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// A blocking unix socket for asking a server whether it is up. Each operation is bounded by `timeout`.
struct UnixSocket {
  static let timeout = Duration.seconds(2)
  private let descriptor: Descriptor

  init?(path: String) {
    let number = unsafe strata_connect_unix(path, Int32(Self.timeout.milliseconds))
    guard number >= 0 else { return nil }
    descriptor = Descriptor(owning: number)
  }

  /// Sends `request` and returns the first bytes of the answer; nil if the server does not answer.
  func ask(_ request: [UInt8], bytesMax: Int = 256) -> [UInt8]? {
    guard (try? descriptor.writeNow(request)) != nil else { return nil }
    var answer = [UInt8](repeating: 0, count: bytesMax)
    let count = unsafe read(descriptor.raw, &answer, bytesMax)
    return count > 0 ? Array(answer.prefix(count)) : nil
  }

  /// Ends the conversation in good order: says goodbye and hears the rest, which the server would else complain of.
  func leave(saying goodbye: [UInt8]) {
    guard (try? descriptor.writeNow(goodbye)) != nil else { return }
    var rest = [UInt8](repeating: 0, count: 4_096)
    while unsafe read(descriptor.raw, &rest, rest.count) > 0 {}
  }
}
