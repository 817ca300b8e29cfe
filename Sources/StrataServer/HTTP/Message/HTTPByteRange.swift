/// A `Range` header of one range of bytes (RFC 9110, section 14.2), applied to a representation of known length.
public enum HTTPByteRange: Hashable, Sendable {
  /// Send everything: there is no range, its unit is unknown, it is malformed, or it asks for several ranges, all of
  /// which a server may ignore.
  case whole
  /// Send 206 with these bytes.
  case part(offset: Int, length: Int)
  /// Send 416 with `Content-Range: bytes */length`.
  case unsatisfiable

  /// - Parameters:
  ///   - header: the value of `Range`, if there is one.
  ///   - length: the bytes of the whole representation.
  public init(header: String?, length: Int) {
    self = header.flatMap { Self.parse($0, length) } ?? .whole
  }

  private static func parse(_ header: String, _ length: Int) -> HTTPByteRange? {
    guard header.lowercased().hasPrefix("bytes=") else { return nil }
    let bounds = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard bounds.count == 2, let first = number(bounds[0]), let last = number(bounds[1]) else { return nil }
    switch (first, last) {
    case (nil, nil): return nil
    case (nil, let suffix?):
      guard suffix > 0, length > 0 else { return .unsatisfiable }
      return .part(offset: max(0, length - suffix), length: min(suffix, length))
    case (let first?, let last):
      if let last, last < first { return nil }
      guard first < length else { return .unsatisfiable }
      return .part(offset: first, length: min(last ?? .max, length - 1) - first + 1)
    }
  }

  /// The outer nil is malformed, the inner one is absent. A number past `Int` saturates.
  private static func number(_ text: Substring) -> Int?? {
    if text.isEmpty { return .some(nil) }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return .some(Int(text) ?? .max)
  }

  /// The value of `Content-Range` for a part or an unsatisfiable range; nil for the whole.
  public func contentRange(length: Int) -> String? {
    switch self {
    case .whole: nil
    case .part(let offset, let count): "bytes \(offset)-\(offset + count - 1)/\(length)"
    case .unsatisfiable: "bytes */\(length)"
    }
  }
}
