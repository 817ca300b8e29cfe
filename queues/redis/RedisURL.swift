public import StrataCore

extension RedisEndpoint {
  /// Reads one of these, whose parts may be percent-encoded:
  ///
  ///     redis://[[user]:password@]host[:port][/db]
  ///     unix:///path[?db=n]
  ///     redis-sentinel://[[user]:password@]host[:port][,host[:port]…]/master[/db]
  ///         [?sentinel_username=user][&sentinel_password=password]
  ///
  /// The last names sentinels, and the master that they keep; `redis+sentinel://` is the same. The login before the hosts
  /// is the master's; the sentinels' own is in the query.
  public init(url: String) throws(StrataError) {
    do throws(Unreadable) {
      self = try Self.parse(url)
    } catch {
      let shown = Self.withoutPasswords(url)
      switch error {
      case .form:
        throw StrataError(
          .invalidInput, "'\(shown)' is not the address of a Redis server", remedy: Self.remedy(url))
      case .noMasterName:
        throw StrataError(
          .invalidInput, "'\(shown)' names sentinels, and not the master that they are to be asked for",
          remedy: "end it with the name that follows 'sentinel monitor' in their configuration:"
            + " redis-sentinel://host:port,host:port/name")
      }
    }
  }

  private enum Unreadable: Error {
    case form
    /// Of sentinels.
    case noMasterName
  }

  private static let sentinelSchemes = ["redis-sentinel://", "redis+sentinel://"]

  private static func sentinelScheme(of url: String) -> String? { sentinelSchemes.first(where: url.hasPrefix) }

  private static func remedy(_ url: String) -> String {
    sentinelScheme(of: url) == nil
      ? "write redis://[:password@]host:port/db, unix:///path?db=n or redis-sentinel://[:password@]host:port,host:port/master/db"
      : "write redis-sentinel://[:password@]host:port,host:port/master/db?sentinel_password=…, and encode what is special in a"
        + " part by %"
  }

  // MARK: Reading

  private static func parse(_ url: String) throws(Unreadable) -> RedisEndpoint {
    if url.hasPrefix("unix://") { return try parseUnix(url.dropFirst(7)) }
    if url.hasPrefix("redis://") { return try parseTCP(url.dropFirst(8)) }
    guard let scheme = sentinelScheme(of: url) else { throw .form }
    return try parseSentinels(url.dropFirst(scheme.count))
  }

  private static func parseUnix(_ rest: Substring) throws(Unreadable) -> RedisEndpoint {
    let (encoded, query) = halves(of: rest, at: "?")
    guard encoded.hasPrefix("/"), query.map({ $0.hasPrefix("db=") }) ?? true else { throw .form }
    return RedisEndpoint(.unix(path: try decoded(encoded)), database: try database(query?.dropFirst(3)))
  }

  private static func parseTCP(_ rest: Substring) throws(Unreadable) -> RedisEndpoint {
    let (authority, number) = halves(of: rest, at: "/")
    let (login, host) = try parseAuthority(authority)
    return RedisEndpoint(try address(host, portElse: 6379), login: login, database: try database(number))
  }

  private static func parseSentinels(_ rest: Substring) throws(Unreadable) -> RedisEndpoint {
    let (authority, path) = halves(of: rest, at: "/")
    let (login, hosts) = try parseAuthority(authority)
    let (names, query) = halves(of: path ?? "", at: "?")
    let (name, number) = halves(of: names, at: "/")
    let addresses = try hosts.split(separator: ",", omittingEmptySubsequences: false)
      .map { host throws(Unreadable) in try address(host, portElse: 26379) }
    guard !name.isEmpty else { throw .noMasterName }
    let sentinels = RedisSentinels(addresses, login: try parseSentinelLogin(query ?? ""))
    return RedisEndpoint(.master(try decoded(name), of: sentinels), login: login, database: try database(number))
  }

  private static func parseSentinelLogin(_ query: Substring) throws(Unreadable) -> RedisLogin? {
    var (user, password): (String?, String?)
    for option in query.split(separator: "&") {
      let (name, value) = halves(of: option, at: "=")
      guard let value, !value.isEmpty else { throw .form }
      switch name {
      case "sentinel_username": user = try decoded(value)
      case "sentinel_password": password = try decoded(value)
      default: throw .form
      }
    }
    if let password { return RedisLogin(user: user, password: password) }
    guard user == nil else { throw .form }
    return nil
  }

  /// What comes before and after `@`.
  private static func parseAuthority(_ text: Substring) throws(Unreadable) -> (RedisLogin?, hosts: Substring) {
    guard let at = text.lastIndex(of: "@") else { return (nil, text) }
    let hosts = text[text.index(after: at)...]
    guard at > text.startIndex else { return (nil, hosts) }
    let (user, password) = halves(of: text[..<at], at: ":")
    guard let password else { throw .form }
    return (RedisLogin(user: user.isEmpty ? nil : try decoded(user), password: try decoded(password)), hosts)
  }

  private static func address(_ text: Substring, portElse usual: UInt16) throws(Unreadable) -> Address {
    let isBracketed = text.hasPrefix("[")
    let end = isBracketed ? text.firstIndex(of: "]") : text.firstIndex(of: ":") ?? text.endIndex
    guard let end else { throw .form }
    let host = isBracketed ? text[..<end].dropFirst() : text[..<end]
    let tail = isBracketed ? text[end...].dropFirst() : text[end...]
    guard let port = tail.isEmpty ? usual : UInt16(tail.dropFirst()), tail.isEmpty || tail.hasPrefix(":"), !host.isEmpty
    else { throw .form }
    return .tcp(host: String(host), port: port)
  }

  private static func database(_ text: Substring?) throws(Unreadable) -> Int {
    guard let text, !text.isEmpty else { return 0 }
    guard let number = Int(text), number >= 0 else { throw .form }
    return number
  }

  /// What comes before and after the first `mark`; nil after none.
  private static func halves(of text: Substring, at mark: Character) -> (Substring, Substring?) {
    guard let place = text.firstIndex(of: mark) else { return (text, nil) }
    return (text[..<place], text[text.index(after: place)...])
  }

  private static func decoded(_ text: Substring) throws(Unreadable) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
        throw .form
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .form }
    return text
  }

  /// Whatever of it may be one, in an address that cannot be read.
  private static func withoutPasswords(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    var shown = url[scheme.upperBound...]
    var query = ""
    if sentinelScheme(of: url) != nil, let mark = shown.firstIndex(of: "?") {
      (shown, query) = (shown[..<mark], "?…")
    }
    if let at = shown.lastIndex(of: "@") { shown = "…" + shown[at...] }
    return url[..<scheme.upperBound] + shown + query
  }
}
