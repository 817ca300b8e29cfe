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
    let before = endpoint.httpAddress
    endpoint.forgetAddress()
    if let socket = Self.asBefore(http, before) { tcp = socket } else { tcp = try ListeningSocket(http) }
    unix = try ListeningSocket(.unix(path: endpoint.socket))
    do throws(StrataError) { try endpoint.record(httpAddress: "\(tcp.address)") } catch {
      close()
      throw error
    }
  }

  /// Where any port will do, that of the last time, so that whoever knows it finds the API again; nil where there is none,
  /// or another program has it now.
  private static func asBefore(_ wanted: HTTPAddress, _ before: String?) -> ListeningSocket? {
    guard case .tcp(let host, 0) = wanted, let before,
      let last = try? ListenAddress.loopback(before.replacing("http://", with: "", maxReplacements: 1)),
      case .tcp(host, _) = last
    else { return nil }
    if let socket = try? ListeningSocket(last) { return socket }
    Terminal.note("strata: \(before), where the API was before, is taken; it has another port now")
    return nil
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
