public import StrataCore

/// Where a Redis server is and how to log in.
public struct RedisEndpoint: Hashable, Sendable {
  public enum Address: Hashable, Sendable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)
  }

  public let address: Address
  public let user: String?
  public let password: String?
  public let database: Int

  public init(_ address: Address, user: String? = nil, password: String? = nil, database: Int = 0) {
    self.address = address
    self.user = user
    self.password = password
    self.database = database
  }

  /// Reads `redis://[[user]:password@]host[:port][/db]` or `unix:///path[?db=n]`. Parts may be percent-encoded.
  public init(url: String) throws(StrataError) {
    guard let endpoint = Self.parse(url) else {
      throw StrataError(
        .invalidInput, "'\(Self.withoutPassword(url))' is not the address of a Redis server",
        remedy: "write redis://[:password@]host:port/db or unix:///path?db=n")
    }
    self = endpoint
  }

  private static func parse(_ url: String) -> RedisEndpoint? {
    if url.hasPrefix("unix://") { return parseUnix(url.dropFirst(7)) }
    if url.hasPrefix("redis://") { return parseTCP(url.dropFirst(8)) }
    return nil
  }

  private static func parseUnix(_ rest: Substring) -> RedisEndpoint? {
    let parts = rest.split(separator: "?", maxSplits: 1)
    guard let first = parts.first, first.hasPrefix("/"), let path = decoded(first) else { return nil }
    guard parts.count == 2 else { return RedisEndpoint(.unix(path: path)) }
    guard parts[1].hasPrefix("db="), let database = databaseNumber(parts[1].dropFirst(3)) else { return nil }
    return RedisEndpoint(.unix(path: path), database: database)
  }

  private static func parseTCP(_ rest: Substring) -> RedisEndpoint? {
    let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let authority = parts.first, let database = parts.count == 2 ? databaseNumber(parts[1]) : 0 else {
      return nil
    }
    let at = authority.lastIndex(of: "@")
    let login = at.map { authority[..<$0] } ?? ""
    guard let address = hostAndPort(at.map { authority[authority.index(after: $0)...] } ?? authority) else {
      return nil
    }
    guard !login.isEmpty else { return RedisEndpoint(address, database: database) }
    let words = login.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard words.count == 2, let user = decoded(words[0]), let password = decoded(words[1]) else { return nil }
    return RedisEndpoint(address, user: user.isEmpty ? nil : user, password: password, database: database)
  }

  private static func hostAndPort(_ text: Substring) -> Address? {
    let isBracketed = text.hasPrefix("[")
    let end = isBracketed ? text.firstIndex(of: "]") : text.firstIndex(of: ":") ?? text.endIndex
    guard let end else { return nil }
    let host = isBracketed ? text[..<end].dropFirst() : text[..<end]
    let tail = isBracketed ? text[end...].dropFirst() : text[end...]
    guard let port = tail.isEmpty ? 6379 : UInt16(tail.dropFirst()), tail.isEmpty || tail.hasPrefix(":"), !host.isEmpty
    else { return nil }
    return .tcp(host: String(host), port: port)
  }

  private static func databaseNumber(_ text: Substring) -> Int? {
    if text.isEmpty { return 0 }
    guard let number = Int(text), number >= 0 else { return nil }
    return number
  }

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func withoutPassword(_ url: String) -> String {
    guard let at = url.lastIndex(of: "@"), let scheme = url.firstRange(of: "://") else { return url }
    return url[..<scheme.upperBound] + "…" + url[at...]
  }
}

extension RedisEndpoint: CustomStringConvertible {
  /// Without the password.
  public var description: String {
    switch address {
    case .tcp(let host, let port): "redis://\(host):\(port)/\(database)"
    case .unix(let path): "unix://\(path)?db=\(database)"
    }
  }
}
