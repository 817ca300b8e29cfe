/// A reply of the server (RESP version 2).
public enum RedisValue: Hashable, Sendable {
  case none
  case integer(Int64)
  case bytes([UInt8])
  case array([RedisValue])
  /// The server refused the command; the text starts with a word that names the kind.
  case error(String)
}

extension RedisValue {
  /// The integer, also where the server sent it as decimal text.
  var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
    default: nil
    }
  }

  var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
  var array: [RedisValue]? { if case .array(let values) = self { values } else { nil } }
  var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
}
