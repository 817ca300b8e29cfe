/// Which column of a table becomes which field of a LAS record; those that fit none become extra bytes.
struct RecordPlan {
  /// One column's place in a record.
  struct Part {
    let values: [Double]
    let kind: NumberKind
    let offset: Int
    var factor = 1.0
    /// By how many bits it is moved within a byte that it shares; nil where it has its bytes for itself.
    var shift: UInt8?

    func write(_ row: Int, to block: ByteBlock, at record: Int) {
      let bits = kind.bits(of: values[row] * factor)
      guard let shift else { return block.put(bits, at: record + offset, size: kind.size) }
      block.add(UInt8(truncatingIfNeeded: bits) << shift, at: record + offset)
    }
  }

  private(set) var format: PointFormat
  private(set) var parts: [Part] = []
  private(set) var extras: [PointTable.Column] = []
  private(set) var warnings: [String] = []

  var recordLength: Int { format.baseLength + extras.reduce(0) { $0 + $1.kind.size } }

  init(_ table: PointTable) {
    var fields: [PointField: PointTable.Column] = [:]
    var left: [PointTable.Column] = []
    for column in table.columns {
      guard let field = column.field, fields[field] == nil, Self.fits(column, field) else {
        left.append(column)
        continue
      }
      fields[field] = column
    }
    let hasColor = PointField.colors.allSatisfy { fields[$0] != nil }
    if !hasColor { left += PointField.colors.compactMap { fields.removeValue(forKey: $0) } }
    let number = fields[.infrared] != nil ? 8 : hasColor ? 7 : 6
    format = PointFormat.extended(number)
    for field in PointField.allCases {
      if let column = fields[field] {
        add(column, field, fields)
      } else if field.usual != 0 {
        add(
          PointTable.Column(name: "", kind: .uint8, values: Array(repeating: field.usual, count: table.count)), field,
          fields)
      }
    }
    addExtras(left)
  }

  /// Whether all of a column's values are such as the field holds.
  private static func fits(_ column: PointTable.Column, _ field: PointField) -> Bool {
    if PointField.colors.contains(field), column.kind.isFloating, column.values.allSatisfy({ (0...1).contains($0) }) {
      return true
    }
    if field == .scanAngle { return column.values.allSatisfy { abs($0) <= 180 } }
    guard let greatest = field.greatest else { return true }
    return column.values.allSatisfy { $0 >= 0 && $0 <= greatest && $0 == $0.rounded() }
  }

  private mutating func add(
    _ column: PointTable.Column, _ field: PointField, _ fields: [PointField: PointTable.Column]
  ) {
    func part(_ kind: NumberKind, _ offset: Int?, factor: Double = 1, shift: UInt8? = nil) {
      guard let offset else { return }
      parts.append(Part(values: column.values, kind: kind, offset: offset, factor: factor, shift: shift))
    }
    switch field {
    case .x, .y, .z: break
    case .intensity: part(.uint16, 12)
    case .returnNumber: part(.uint8, 14, shift: 0)
    case .returnCount: part(.uint8, 14, shift: 4)
    case .classification: part(.uint8, 16)
    case .userData: part(.uint8, 17)
    case .scanAngle: part(.int16, 18, factor: 1 / PointTable.degreesPerStep)
    case .source: part(.uint16, 20)
    case .time: part(.float64, format.timeOffset)
    case .infrared: part(.uint16, format.infraredOffset)
    case .red, .green, .blue:
      let channel = field == .red ? 0 : field == .green ? 2 : 4
      part(.uint16, format.colorOffset.map { $0 + channel }, factor: colorFactor(fields, tells: field == .red))
    }
  }

  /// LAS has colours of 16 bits. All three channels are treated alike.
  private mutating func colorFactor(_ fields: [PointField: PointTable.Column], tells: Bool) -> Double {
    let channels = PointField.colors.compactMap { fields[$0] }
    if channels.allSatisfy({ $0.kind == .uint8 }) { return 257 }
    let greatest = channels.compactMap { $0.values.max() }.max() ?? 0
    if channels.contains(where: { $0.kind == .uint16 }) || greatest > 255 || greatest == 0 { return 1 }
    let isShare = greatest <= 1 && channels.contains { $0.kind.isFloating }
    if tells { warnings.append("colours up to \(greatest) are taken to be \(isShare ? "shares of 1" : "of 8 bits")") }
    return isShare ? 65_535 : 257
  }

  private mutating func addExtras(_ columns: [PointTable.Column]) {
    var place = format.baseLength
    for var column in columns {
      if let field = column.field {
        warnings.append(
          "'\(column.name)' has values that \(field.rawValue) of LAS does not hold, or there are others of it; it is kept as extra bytes"
        )
      }
      if column.name.utf8.count > 32 {
        warnings.append("the name '\(column.name.prefix(64))' is cut to the 32 bytes that LAS has")
        column.name = String(decoding: column.name.utf8.prefix(32), as: UTF8.self)
      }
      parts.append(Part(values: column.values, kind: column.kind, offset: place))
      extras.append(column)
      place += column.kind.size
    }
  }
}
