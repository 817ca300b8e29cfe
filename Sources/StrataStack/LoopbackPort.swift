import CLinux
import Glibc
public import StrataCore
import StrataRuntime

/// A TCP port of this machine's loopback, before anybody listens on it.
public struct LoopbackPort: Sendable, Hashable {
  /// As digits: `127.0.0.1` or `::1`.
  public let host: String
  /// 0 stands for any, which is always free.
  public let port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// - Throws: `conflict` if a server could not listen there now, naming the process that does where /proc tells.
  public func checkIsFree() throws(StrataError) {
    let failure = unsafe strata_probe_port(host, port)
    if failure == 0 { return }
    guard failure == EADDRINUSE else {
      throw .init(
        .conflict, "port \(port) of \(host) cannot be used: \(unsafe String(cString: strerror(failure)))",
        remedy: "use --http 127.0.0.1:0 or another")
    }
    let user = PortUser.find(port).map { " by process \($0.pid) (\($0.name))" } ?? ""
    throw .init(.conflict, "port \(port) is taken\(user)", remedy: "use --http 127.0.0.1:0 or another")
  }
}

/// Who listens on a port, found as `ss -ltnp` finds it: the socket's inode in /proc/net, then the process that has it
/// open. Nil where that process is not ours to look into.
enum PortUser {
  static func find(_ port: UInt16) -> ProcessStatistics? {
    let inodes = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeners(port, in: Folder.readText($0) ?? "") })
    guard !inodes.isEmpty else { return nil }
    return ProcessTree.everyone().first { process in
      let folder = "/proc/\(process.pid)/fd"
      return Folder.list(folder).contains { Folder.target(of: folder + "/" + $0).map(inodes.contains) ?? false }
    }
  }

  /// The inodes of those that listen on `port` at any address, as `socket:[123]`. The table's columns are: number, local
  /// address, remote address, state (0A: listening), queues, timer, retransmits, user, timeout, inode.
  private static func listeners(_ port: UInt16, in table: String) -> [String] {
    table.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[3] == "0A", let written = fields[1].split(separator: ":").last,
        UInt16(written, radix: 16) == port
      else { return nil }
      return "socket:[\(fields[9])]"
    }
  }
}
