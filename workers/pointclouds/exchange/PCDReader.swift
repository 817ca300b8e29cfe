/// Reads PCD files, versions .5 to .7: ascii, binary, and binary_compressed (pointclouds.org, "The PCD file format").
struct PCDReader {
  private enum Encoding: String { case ascii, binary, binaryCompressed = "binary_compressed" }

  private struct Field {
    let name: String
    let kind: NumberKind
    let count: Int
    /// Where its first number lies in a point's bytes.
    let offset: Int

    /// Padding, and histograms and other descriptors, are no columns.
    var isKept: Bool { name != "_" && count <= 16 }
    var isPackedColor: Bool { (name == "rgb" || name == "rgba") && kind.size == 4 && count == 1 }
    var names: [String] { count == 1 ? [name] : (0..<count).map { "\(name)_\($0)" } }
  }

  private var lines: TextLines
  private var fields: [Field] = []
  private var encoding = Encoding.ascii
  private var count = 0
  private var warnings: [String] = []
  /// Bytes of a point.
  private var length = 0

  /// - Throws: `corrupt` naming the line and the byte, `truncated`, `limitExceeded`.
  static func read(
    _ file: ByteReader, limits: ReadLimits, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> PointTable {
    var reader = PCDReader(lines: TextLines(file))
    try reader.readHeader(limits)
    return try reader.readPoints(limits, keepGoing)
  }

  /// How many points the header announces.
  static func count(_ file: ByteReader, limits: ReadLimits) throws(PointCloudError) -> Int {
    var reader = PCDReader(lines: TextLines(file))
    try reader.readHeader(limits)
    return reader.count
  }

  private mutating func readHeader(_ limits: ReadLimits) throws(PointCloudError) {
    var entries: [String: [String]] = [:]
    while entries["DATA"] == nil {
      guard let line = lines.next() else { throw lines.fault("the header does not say DATA") }
      var words = lines.words(line.prefix(1 << 14))
      guard let key = words.first, !key.hasPrefix("#") else { continue }
      words.removeFirst()
      guard Self.keys.contains(key) else { throw lines.fault("is no word of a PCD header", line) }
      entries[key] = words
    }
    guard let data = entries["DATA"]?.first, let encoding = Encoding(rawValue: data) else {
      throw lines.fault("the data are neither ascii, binary nor binary_compressed")
    }
    self.encoding = encoding
    try readFields(entries)
    try readCount(entries, limits)
    if let view = entries["VIEWPOINT"], view.compactMap(Double.init) != [0, 0, 0, 1, 0, 0, 0] {
      warnings.append("the viewpoint \(view.prefix(7).joined(separator: " ")) is left out; points stay where they are")
    }
  }

  private static let keys: Set<String> = [
    "VERSION", "FIELDS", "COLUMNS", "SIZE", "TYPE", "COUNT", "WIDTH", "HEIGHT", "VIEWPOINT", "POINTS", "DATA",
  ]

  private mutating func readFields(_ entries: [String: [String]]) throws(PointCloudError) {
    let names = entries["FIELDS"] ?? entries["COLUMNS"] ?? []
    let (sizes, types) = (entries["SIZE"] ?? [], entries["TYPE"] ?? [])
    let counts = entries["COUNT"] ?? names.map { _ in "1" }
    guard !names.isEmpty, sizes.count == names.count, types.count == names.count, counts.count == names.count else {
      throw lines.fault("FIELDS, SIZE, TYPE and COUNT do not name equally many fields")
    }
    for index in names.indices {
      guard let kind = Self.kinds["\(types[index])\(sizes[index])"] else {
        throw lines.fault("'\(names[index].prefix(32))' has an unknown type or size")
      }
      guard let count = Int(counts[index]), (1...65_536).contains(count) else {
        throw lines.fault("'\(names[index].prefix(32))' has an impossible COUNT")
      }
      let field = Field(name: names[index], kind: kind, count: count, offset: length)
      fields.append(field)
      length += kind.size * count
      if !field.isKept, field.name != "_" {
        warnings.append("the field '\(field.name)' of \(count) numbers is left out")
      }
    }
    guard fields.reduce(0, { $0 + ($1.isPackedColor ? 3 : $1.isKept ? $1.count : 0) }) <= PointTable.columnsMax else {
      throw lines.fault("there are more than \(PointTable.columnsMax) columns")
    }
  }

  private static let kinds: [String: NumberKind] = [
    "I1": .int8, "U1": .uint8, "I2": .int16, "U2": .uint16, "I4": .int32, "U4": .uint32, "I8": .int64, "U8": .uint64,
    "F4": .float32, "F8": .float64,
  ]

  private mutating func readCount(_ entries: [String: [String]], _ limits: ReadLimits) throws(PointCloudError) {
    func number(_ key: String) -> Int? { entries[key]?.first.flatMap { Int($0) } }
    let grid = number("WIDTH").flatMap { width -> Int? in
      let (count, overflow) = width.multipliedReportingOverflow(by: number("HEIGHT") ?? 1)
      return overflow ? nil : count
    }
    guard let count = number("POINTS") ?? grid, count >= 0, grid.map({ $0 == count }) ?? (entries["WIDTH"] == nil)
    else {
      throw lines.fault("POINTS is not WIDTH times HEIGHT, or no count")
    }
    guard count <= limits.pointsMax else {
      throw PointCloudError(
        .limitExceeded, "the header announces \(count) points, more than the \(limits.pointsMax) allowed",
        remedy: "Split the file into tiles, or raise the limit `pointsMax`.")
    }
    self.count = count
  }

  private mutating func readPoints(
    _ limits: ReadLimits, _ keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> PointTable {
    let values: [[Double]]
    switch encoding {
    case .ascii: values = try readText(keepGoing)
    case .binary:
      let (start, length, fields) = (lines.place, length, fields)
      try lines.file.require(try bytes(of: length), at: start, for: "\(count) points")
      values = try columns(lines.file, keepGoing) { start + $0 * length + fields[$1].offset }
    case .binaryCompressed:
      let (file, count, fields) = (try expanded(limits), count, fields)
      values = try columns(file, keepGoing) { count * fields[$1].offset + $0 * fields[$1].kind.size * fields[$1].count }
    }
    var table = PointTable()
    table.warnings = warnings
    let kept = fields.filter(\.isKept)
    let names = kept.flatMap { field in field.names.map { ($0, field) } }
    for ((name, field), values) in zip(names, values) {
      guard field.isPackedColor else {
        table.columns.append(PointTable.Column(name: name, kind: field.kind, values: values))
        continue
      }
      for (channel, shift) in zip(PointField.colors, [16, 8, 0]) {
        let bytes = values.map { Double(UInt32($0) >> UInt32(shift) & 0xFF) }
        table.columns.append(PointTable.Column(name: channel.rawValue, kind: .uint8, values: bytes))
      }
    }
    return table
  }

  private func bytes(of length: Int) throws(PointCloudError) -> UInt64 {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: length)
    return overflow ? .max : UInt64(bytes)
  }

  /// The columns, of points whose fields lie where `place` says for a point and a field.
  private func columns(
    _ file: ByteReader, _ keepGoing: (Double) -> Bool, _ place: (Int, Int) -> Int
  ) throws(PointCloudError) -> [[Double]] {
    var columns: [[Double]] = []
    for (index, field) in fields.enumerated() where field.isKept {
      guard keepGoing(Double(index) / Double(fields.count)) else { throw .cancelled }
      // Three bytes of colour lie in the bits of whatever type is named.
      let kind = field.isPackedColor ? .uint32 : field.kind
      for part in 0..<field.count {
        columns.append((0..<count).map { kind.read(file, at: place($0, index) + part * kind.size) })
      }
    }
    return columns
  }

  /// Two sizes, then the fields one after another, each of all points.
  ///
  /// Each number becomes eight bytes, so that is what counts, not only what the file says.
  private func expanded(_ limits: ReadLimits) throws(PointCloudError) -> ByteReader {
    let file = lines.file
    try file.require(8, at: lines.place, for: "the sizes of compressed points")
    let (packed, full) = (
      Int(file.number(at: lines.place, as: UInt32.self)), Int(file.number(at: lines.place + 4, as: UInt32.self))
    )
    try file.require(UInt64(packed), at: lines.place + 8, for: "compressed points")
    guard try bytes(of: length) == UInt64(full), full <= packed * LZF.ratioMax else {
      throw .corrupt("\(packed) compressed bytes are said to make \(full), for \(count) points", at: lines.place)
    }
    let numbers = fields.reduce(0) { $0 + ($1.isKept ? $1.count : 0) }
    try limits.checkTableExpansion(of: packed, to: 8 * numbers * count, "the points", at: lines.place)
    let start = lines.place + 8
    return ByteReader(block: try LZF.expand(file, start..<start + packed, count: full))
  }

  private mutating func readText(_ keepGoing: (Double) -> Bool) throws(PointCloudError) -> [[Double]] {
    let numbers = fields.reduce(0) { $0 + $1.count }
    let (least, rest) = (try bytes(of: 2 * numbers), lines.file.count - lines.place)
    guard least <= UInt64(rest) + 1 else {
      throw .truncated("\(count) points", at: lines.place, needs: least, has: rest)
    }
    var columns = fields.filter(\.isKept).flatMap { Array(repeating: [Double](), count: $0.count) }
    var words: [Range<Int>] = []
    for row in 0..<count {
      guard row & 0xFFFF != 0 || keepGoing(Double(row) / Double(count)) else { throw .cancelled }
      try lines.nextWords(into: &words, orMissing: "\(count - row) points")
      guard words.count == numbers else {
        throw lines.fault("there are \(words.count) numbers where \(numbers) belong")
      }
      try append(words, to: &columns)
    }
    return columns
  }

  private func append(_ words: [Range<Int>], to columns: inout [[Double]]) throws(PointCloudError) {
    var (word, column) = (0, 0)
    for field in fields {
      for _ in 0..<field.count {
        defer { word += 1 }
        guard field.isKept else { continue }
        guard var value = lines.value(words[word]) else { throw lines.fault("is no number", words[word]) }
        if field.isPackedColor {
          let bits =
            field.kind == .float32
            ? Float(value).bitPattern : UInt32(truncatingIfNeeded: NumberKind.int64.bits(of: value))
          value = Double(bits)
        }
        columns[column].append(value)
        column += 1
      }
    }
  }
}
