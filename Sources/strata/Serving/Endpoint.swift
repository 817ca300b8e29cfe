import FoundationEssentials
import Glibc
import StrataClient
import StrataCore
import StrataStack

/// Where the controller of a data folder can be reached.
struct Endpoint {
  let directory: DataDirectory

  /// The API's unix socket.
  var socket: String { directory.socket("api.sock") }

  private var addressFile: String { directory.run + "/http-address" }

  /// The address that the API listens at, once it does.
  var httpAddress: String? { TextFile.read(addressFile) }

  func record(httpAddress: String) throws(StrataError) { try TextFile.write(httpAddress, to: addressFile) }

  /// Whether jobs would be taken and consumed.
  func isReady() async -> Bool {
    await obstacle() == nil
  }
}

extension Endpoint {
  /// Why jobs would not be taken and consumed; nil when they would.
  func obstacle() async -> String? {
    do {
      _ = try await HTTPClient(.unix(path: socket)).send(ClientRequest("GET", ["readyz"], timeout: .seconds(5)))
      return nil
    } catch {
      return error.strataError.message
    }
  }
}

/// Small files of one line.
enum TextFile {
  static func read(_ path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return String(text.prefix { $0 != "\n" })
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

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}

/// A worker's word that it takes jobs: a file with its process's number, so that an old one is not taken for it.
struct ReadyFile {
  let path: String

  func names(_ process: Int32) -> Bool { TextFile.read(path) == "\(process)" }
}

/// The screen of a stack that is ready, for whoever started it detached.
struct ReadyNote {
  let directory: DataDirectory
  private var path: String { directory.run + "/ready" }

  func write(_ screen: String) { try? Data(screen.utf8).write(to: URL(filePath: path), options: .atomic) }
  func remove() { TextFile.remove(path) }
  var text: String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
