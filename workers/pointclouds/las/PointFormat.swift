/// A LAS point data record format: which fields a record has, and where.
///
/// LAS 1.4 R15, section 2.6. Formats 0–3 and 6–8 are read; 4, 5, 9 and 10 carry waveforms and are refused.
public struct PointFormat: Hashable, Sendable {
  public let number: Int

  /// - Returns: nil for formats that are not read here.
  public init?(number: Int) {
    guard (0...3).contains(number) || (6...8).contains(number) else { return nil }
    self.number = number
  }

  /// Formats 6 and later have wider fields for returns and classes.
  public var isExtended: Bool { number >= 6 }

  /// Bytes of a record before any extra bytes.
  public var baseLength: Int {
    switch number {
    case 0: 20
    case 1: 28
    case 2: 26
    case 3: 34
    case 6: 30
    case 7: 36
    default: 38
    }
  }

  var returnsOffset: Int { 14 }
  var classificationOffset: Int { isExtended ? 16 : 15 }

  /// The bits of the classification byte that hold the class. In formats 0–3 the others are flags.
  var classMask: UInt8 { isExtended ? 0xFF : 0x1F }

  /// Where the GPS time lies, if the format has one.
  public var timeOffset: Int? {
    if isExtended { return 22 }
    return number == 1 || number == 3 ? 20 : nil
  }

  /// Where red, green and blue lie, if the format has them.
  public var colorOffset: Int? {
    switch number {
    case 2: 20
    case 3: 28
    case 7, 8: 30
    default: nil
    }
  }
}
