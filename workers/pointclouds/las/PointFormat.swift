/// A LAS point data record format: which fields a record has, and where.
///
/// LAS 1.4 R15, section 2.6.
public struct PointFormat: Hashable, Sendable {
  /// From 0 to 10.
  public let number: Int

  /// - Returns: nil for numbers that are no format.
  public init?(number: Int) {
    guard Self.layouts.indices.contains(number) else { return nil }
    self.number = number
  }

  private init(known number: Int) { self.number = number }

  /// That of the fewest bytes.
  static let least = PointFormat(known: 0)

  /// A format that is known to be one.
  static func extended(_ number: Int) -> PointFormat {
    precondition((6...10).contains(number))
    return PointFormat(known: number)
  }

  private struct Layout {
    let length: Int
    var time: Int?
    var color: Int?
    var infrared: Int?
    var wavePacket: Int?
  }

  private static let layouts: [Layout] = [
    Layout(length: 20),
    Layout(length: 28, time: 20),
    Layout(length: 26, color: 20),
    Layout(length: 34, time: 20, color: 28),
    Layout(length: 57, time: 20, wavePacket: 28),
    Layout(length: 63, time: 20, color: 28, wavePacket: 34),
    Layout(length: 30, time: 22),
    Layout(length: 36, time: 22, color: 30),
    Layout(length: 38, time: 22, color: 30, infrared: 36),
    Layout(length: 59, time: 22, wavePacket: 30),
    Layout(length: 67, time: 22, color: 30, infrared: 36, wavePacket: 38),
  ]

  private var layout: Layout { Self.layouts[number] }

  /// Formats 6 and later have wider fields for returns and classes.
  public var isExtended: Bool { number >= 6 }

  /// Bytes of a record before any extra bytes.
  public var baseLength: Int { layout.length }

  var returnsOffset: Int { 14 }
  var classificationOffset: Int { isExtended ? 16 : 15 }

  /// The bits of the classification byte that hold the class. In formats 0–5 the others are flags.
  var classMask: UInt8 { isExtended ? 0xFF : 0x1F }

  /// Where the GPS time lies, if the format has one.
  public var timeOffset: Int? { layout.time }

  /// Where red, green and blue lie, if the format has them.
  public var colorOffset: Int? { layout.color }

  /// Where the near infrared lies, if the format has it.
  public var infraredOffset: Int? { layout.infrared }

  /// Where the 29 bytes lie that point to the waveform, if the format has them.
  public var wavePacketOffset: Int? { layout.wavePacket }
}
