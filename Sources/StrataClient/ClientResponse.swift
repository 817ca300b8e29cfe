public import FoundationEssentials
import StrataCore

/// A successful answer: its status is below 400.
public struct ClientResponse: Sendable {
  public var status: Int
  /// Names in lower case.
  public var headers: [(name: String, value: String)]
  /// Empty if it went to a file or to a callback.
  public var body: [UInt8]

  /// The first value under `name`, which is in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  public func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, decoder: JSONDecoder = JSONDecoder()
  ) throws(ClientError) -> Value {
    do {
      return try decoder.decode(type, from: Data(body))
    } catch {
      throw .local(
        StrataError(
          .internalError, "the server's answer could not be understood",
          remedy: "see whether client and server have the same version", cause: error))
    }
  }
}
