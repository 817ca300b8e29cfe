import StrataCore
import StrataRuntime
import StrataServer
import StrataStack

/// Where the API listens: the supervisor opens the sockets and keeps them for as long as the stack runs, and its controllers
/// take the connections one after another. One that starts anew, for whatever reason, refuses nobody meanwhile, and no
/// other program can come by the port.
struct APISockets {
  let unix: ListeningSocket
  let tcp: ListeningSocket

  /// - Throws: if one of them cannot be had.
  init(endpoint: Endpoint, http: HTTPAddress) throws(StrataError) {
    tcp = try ListeningSocket(http)
    unix = try ListeningSocket(.unix(path: endpoint.socket))
    do throws(StrataError) { try endpoint.record(httpAddress: "\(tcp.address)") } catch {
      close()
      throw error
    }
  }

  /// Listens no more. The controller, which has copies, must do the same.
  func close() {
    unix.close()
    tcp.close()
  }

  // MARK: Passing them on

  private static let firstNumber: Int32 = 3

  var descriptors: [Int32: Descriptor] { [Self.firstNumber: unix.descriptor, Self.firstNumber + 1: tcp.descriptor] }
  var words: [String] { ["--sockets", "\(Self.firstNumber),\(Self.firstNumber + 1)"] }

  /// - Parameter words: what `words` has become in the other process.
  static func inherited(_ words: String?) throws -> [ListeningSocket] {
    guard let words else { throw UsageError("--sockets is missing; 'strata up' starts this", command: "controller") }
    return try words.split(separator: ",").map { word in
      guard let number = Int32(word) else {
        throw UsageError("--sockets takes numbers of descriptors, not '\(word)'", command: "controller")
      }
      return try ListeningSocket(inherited: number)
    }
  }
}
