/// An exact amount in millionths of a unit. Arithmetic traps on overflow, as `Int64` does: sums stay far below it, and
/// a silent wrap would be money from nothing.
public struct MicroAmount<Unit>: Hashable, Comparable, Sendable {
  public var micros: Int64

  public init(micros: Int64) { self.micros = micros }

  public static var zero: Self { Self(micros: 0) }
  public static func < (a: Self, b: Self) -> Bool { a.micros < b.micros }
  public static func + (a: Self, b: Self) -> Self { Self(micros: a.micros + b.micros) }
  public static func - (a: Self, b: Self) -> Self { Self(micros: a.micros - b.micros) }
  public static func += (a: inout Self, b: Self) { a.micros += b.micros }
  public static func -= (a: inout Self, b: Self) { a.micros -= b.micros }

  /// The sum, `Int64.max` or `.min` where it would overflow: for amounts computed from what others measured.
  public func adding(_ other: Self) -> Self {
    Self(micros: Int64(clamping: Int128(micros) + Int128(other.micros)))
  }

  /// `rate` per `per` units of `quantity`, rounded up, so that nothing measured is free. Saturates at `Int64.max`.
  public static func of(_ quantity: Int64, at rate: Self, per: Int64) -> Self {
    guard quantity > 0, rate.micros > 0 else { return .zero }
    let product = Int128(quantity) * Int128(rate.micros)
    return Self(micros: Int64(clamping: (product + Int128(per) - 1) / Int128(per)))
  }
}

extension MicroAmount: CustomStringConvertible {
  /// Decimal units with up to six places and no trailing zeros: `2`, `0.1`, `-3.000001`.
  public var description: String {
    let (whole, part) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    let sign = micros < 0 ? "-" : ""
    guard part != 0 else { return "\(sign)\(whole)" }
    var digits = String(part + 1_000_000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(sign)\(whole).\(digits)"
  }
}

extension MicroAmount: Codable {
  public init(from decoder: any Decoder) throws {
    micros = try decoder.singleValueContainer().decode(Int64.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(micros)
  }
}

public enum CreditUnit: Sendable {}
public enum EuroUnit: Sendable {}

/// Credits, what a tenant pays with: 1 credit = 1,000,000 micro-credits.
public typealias MicroCredits = MicroAmount<CreditUnit>
/// Euros, what a job costs us: 1 euro = 1,000,000 micro-euro.
public typealias MicroEuro = MicroAmount<EuroUnit>
