import CLinux
package import StrataCore
package import StrataRuntime

/// Unix stream sockets that block nobody.
package enum UnixStream {
  package static func listen(at path: String) throws(StrataError) -> Descriptor {
    let number = unsafe strata_listen_unix(path, 128)
    guard number >= 0 else { throw .system("listen at \(path)") }
    return Descriptor(owning: number)
  }

  /// Who connected next; nil where nobody waits.
  package static func accept(from listener: Descriptor) -> Descriptor? {
    let number = strata_accept(listener.raw)
    return number >= 0 ? Descriptor(owning: number) : nil
  }

  package static func connect(to path: String) throws(StrataError) -> Descriptor {
    let number = unsafe strata_connect_unix(path, 5_000)
    guard number >= 0 else { throw .system("connect to \(path)") }
    let descriptor = Descriptor(owning: number)
    try descriptor.makeNonblocking()
    return descriptor
  }
}
