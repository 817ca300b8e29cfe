/// Points on their way between formats: columns of numbers under names.
struct PointTable: Sendable {
  struct Column: Sendable {
    var name: String
    var kind: NumberKind
    var values: [Double]
    /// How many decimals text needs to lose nothing; nil for as many as the number has.
    var decimals: Int?

    var field: PointField? { PointField(name: name) }
  }

  var columns: [Column] = []
  /// What was odd, and what was left out.
  var warnings: [String] = []

  var count: Int { columns.first?.values.count ?? 0 }

  /// More columns than this are no cloud. It keeps the record of extra bytes below its 64 KiB.
  static let columnsMax = 256

  /// The place of the first column that holds a field.
  func place(of field: PointField) -> Int? { columns.firstIndex { $0.field == field } }

  /// The field's values; nil where there is no such column.
  func values(_ field: PointField) -> [Double]? { place(of: field).map { columns[$0].values } }

  /// The whole numbers that a double cannot hold are told of, once for each column.
  mutating func warnOfRounding() {
    for column in columns where column.kind == .int64 || column.kind == .uint64 {
      guard column.values.contains(where: { abs($0) > 0x1p53 }) else { continue }
      warnings.append("'\(column.name)' has whole numbers beyond 2^53, which are rounded")
    }
  }
}

/// A column of points that LAS has a place for, by the name that is written.
enum PointField: String, CaseIterable, Sendable {
  case x, y, z, intensity, classification, red, green, blue, infrared
  case returnNumber = "return_number"
  case returnCount = "number_of_returns"
  case scanAngle = "scan_angle"
  case userData = "user_data"
  case source = "point_source_id"
  case time = "gps_time"

  /// The field that other programs mean by a name; capitals and underscores do not count, nor does CloudCompare's `scalar_`.
  init?(name: String) {
    var plain = name.lowercased()
    if plain.hasPrefix("scalar_") { plain.removeFirst(7) }
    plain.removeAll { $0 == "_" || $0 == " " }
    guard let field = Self.names[plain] else { return nil }
    self = field
  }

  private static let names: [String: PointField] = {
    var names: [String: PointField] = [
      "r": .red, "g": .green, "b": .blue, "diffusered": .red, "diffusegreen": .green, "diffuseblue": .blue,
      "class": .classification, "numreturns": .returnCount, "returncount": .returnCount, "nir": .infrared,
      "scananglerank": .scanAngle, "pointsource": .source,
    ]
    for field in allCases { names[field.rawValue.filter { $0 != "_" }] = field }
    return names
  }()

  static let coordinates: [PointField] = [.x, .y, .z]
  static let colors: [PointField] = [.red, .green, .blue]

  /// What a point has where a file does not say.
  var usual: Double { self == .returnNumber || self == .returnCount ? 1 : 0 }

  /// How it is written where the format has types.
  var kind: NumberKind {
    switch self {
    case .x, .y, .z, .time, .scanAngle: .float64
    case .intensity, .red, .green, .blue, .infrared, .source: .uint16
    case .classification, .returnNumber, .returnCount, .userData: .uint8
    }
  }

  /// The greatest whole number that LAS 1.4 holds; nil where it is not about whole numbers.
  var greatest: Double? {
    switch self {
    case .x, .y, .z, .time, .scanAngle: nil
    case .intensity, .red, .green, .blue, .infrared, .source: 65_535
    case .classification, .userData: 255
    case .returnNumber, .returnCount: 15
    }
  }
}
