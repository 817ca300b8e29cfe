/// A 128-bit identifier, distinct in type for each kind of thing it names.
///
/// The layout is UUID version 7 (RFC 9562 section 5.7, with method 3 of section 6.2): 48 bits of milliseconds since
/// 1970, 12 bits of the fraction of that millisecond, then randomness. So identifiers sort by creation time to a quarter
/// of a microsecond, and fit PostgreSQL's `uuid`. The text form is 26 lower-case characters of Crockford's base 32,
/// which a person can select with one double click.
public struct Identifier<Tag>: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A new identifier for something created at `now`.
  public init(now: Timestamp, using random: inout some RandomNumberGenerator) {
    let (milliseconds, rest) = UInt64(max(0, now.nanoseconds)).quotientAndRemainder(dividingBy: 1_000_000)
    high = milliseconds << 16 | 0x7000 | (rest << 12) / 1_000_000
    low = 0x8000_0000_0000_0000 | UInt64.random(in: 0...0x3FFF_FFFF_FFFF_FFFF, using: &random)
  }

  /// A new identifier from the system's clock and randomness.
  public init() {
    var random = SystemRandomNumberGenerator()
    self.init(now: .now, using: &random)
  }

  /// When what it names was created, in milliseconds since 1970.
  public var createdMilliseconds: Int64 { Int64(high >> 16) }

  /// The smallest one of an instant, to the millisecond.
  public static func first(at instant: Timestamp) -> Self {
    Self(high: UInt64(max(0, instant.milliseconds)) << 16, low: 0)
  }

  /// The sixteen bytes, most significant first: the form kept in Redis and PostgreSQL.
  public var bytes: [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
      for place in 0..<8 {
        unsafe buffer[place] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * place))
        unsafe buffer[place + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * place))
      }
      count = 16
    }
  }

  /// - Returns: nil unless `bytes` has exactly sixteen elements.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    self.init(sixteen: bytes)
  }

  /// The same without a look through the collection's protocol: most are arrays.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self.init(sixteen: bytes)
  }

  private init(sixteen bytes: some Collection<UInt8>) {
    var (number, high): (UInt64, UInt64) = (0, 0)
    for (place, byte) in bytes.enumerated() {
      if place == 8 { (high, number) = (number, 0) }
      number = number << 8 | UInt64(byte)
    }
    (self.high, low) = (high, number)
  }
}

extension Identifier: Comparable {
  public static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension Identifier: LosslessStringConvertible {
  private static var alphabet: [UInt8] { identifierAlphabet }

  public var description: String {
    let alphabet = Self.alphabet
    var rest = UInt128(high) << 64 | UInt128(low)
    var text = [UInt8](repeating: 0, count: 26)
    for place in text.indices.reversed() {
      text[place] = alphabet[Int(rest & 31)]
      rest >>= 5
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads the 26-character form, in either case.
  public init?(_ description: String) {
    let alphabet = Self.alphabet
    guard description.utf8.count == 26 else { return nil }
    var value: UInt128 = 0
    for (index, character) in description.lowercased().utf8.enumerated() {
      guard let digit = alphabet.firstIndex(of: character), index > 0 || digit < 8 else { return nil }
      value = value << 5 | UInt128(digit)
    }
    self.init(high: UInt64(value >> 64), low: UInt64(truncatingIfNeeded: value))
  }
}

extension Identifier: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Self(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not an identifier")
    }
    self = value
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

public enum JobTag: Sendable {}
public enum TenantTag: Sendable {}
public enum AccountTag: Sendable {}
public enum WorkerTag: Sendable {}
public enum KeyTag: Sendable {}

/// What a client asked for.
public typealias JobID = Identifier<JobTag>
/// Who pays.
public typealias TenantID = Identifier<TenantTag>
/// Where credits are counted.
public typealias AccountID = Identifier<AccountTag>
/// One run of a worker process; a restarted worker has a new one.
public typealias WorkerID = Identifier<WorkerTag>
/// An API key (its name in the database, never its secret).
public typealias KeyID = Identifier<KeyTag>

/// Crockford's base 32. (A generic type has no stored ones of its own.)
private let identifierAlphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
