import FoundationEssentials
import Glibc
import StrataAPI
import StrataClient
import StrataCore
import StrataServer
import StrataStack

/// Where the controller of a data folder can be reached.
struct Endpoint {
  let directory: DataDirectory

  /// The API's unix socket.
  var socket: String { directory.socket("api.sock") }

  private var addressFile: String { directory.run + "/http-address" }

  /// The address that is the API's while its stack runs.
  var httpAddress: String? { TextFile.read(addressFile) }

  /// At the start of a stack, which will say where its own is.
  func forgetAddress() { TextFile.remove(addressFile) }

  func record(httpAddress: String) throws(StrataError) { try TextFile.write(httpAddress, to: addressFile) }
}

extension Endpoint {
  /// As of a client with the key of the folder.
  func obstacle() async -> String? { await client.obstacle() }
  func queue() async -> QueueView? { await client.queue() }

  private var client: HTTPClient {
    HTTPClient(.unix(path: socket), bearerKey: APIKeyFile(directory: directory).key)
  }
}

extension HTTPClient {
  /// How long a server has to say how it stands.
  private static let statusTimeout = Duration.seconds(5)

  /// Why jobs would not be taken and consumed; nil when they would.
  func obstacle() async -> String? {
    do {
      _ = try await send(ClientRequest("GET", ["readyz"], timeout: Self.statusTimeout))
      return nil
    } catch {
      return error.strataError.message
    }
  }

  /// What waits and runs; nil where that cannot be had soon, or not with this key.
  func queue() async -> QueueView? {
    try? await send(ClientRequest("GET", ["v1", "queue"], timeout: Self.statusTimeout)).decode()
  }
}

/// Small files of one line.
enum TextFile {
  static func read(_ path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return String(text.prefix { $0 != "\n" })
  }

  /// Of a file that has several; none where it cannot be read.
  static func lines(_ path: String) -> [Substring] {
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
  }

  /// Replaces the file at once; never readable by anyone but its owner.
  static func write(_ text: String, to path: String) throws(StrataError) {
    let draft = path + ".new"
    remove(draft)
    let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
    guard FileManager.default.createFile(atPath: draft, contents: Data((text + "\n").utf8), attributes: attributes),
      unsafe rename(draft, path) == 0
    else { throw StrataError(.internalError, "could not write \(path)", remedy: "check its folder's space and rights") }
  }

  /// Why a file that is there cannot be read; nil where it can be, and where there is none.
  static func obstacle(_ path: String) -> String? {
    guard unsafe access(path, F_OK) == 0, unsafe access(path, R_OK) != 0 else { return nil }
    return unsafe String(cString: strerror(errno))
  }

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
