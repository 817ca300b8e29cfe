/// Fields of points, to choose what is decoded. Coordinates, returns and scanner channel are always there.
public struct PointFields: OptionSet, Hashable, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// z. Without it, heights are those of each chunk's first point.
  public static let height = PointFields(rawValue: 1)
  public static let classification = PointFields(rawValue: 1 << 1)
  /// Flags of the class, scan direction, edge of flight line.
  public static let flags = PointFields(rawValue: 1 << 2)
  public static let intensity = PointFields(rawValue: 1 << 3)
  public static let scanAngle = PointFields(rawValue: 1 << 4)
  public static let userData = PointFields(rawValue: 1 << 5)
  public static let source = PointFields(rawValue: 1 << 6)
  public static let time = PointFields(rawValue: 1 << 7)
  public static let color = PointFields(rawValue: 1 << 8)
  public static let infrared = PointFields(rawValue: 1 << 9)
  public static let wavePacket = PointFields(rawValue: 1 << 10)
  public static let extraBytes = PointFields(rawValue: 1 << 11)

  public static let all = PointFields(rawValue: 1 << 12 - 1)
}
