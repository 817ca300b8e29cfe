/// Writes a table of points: PLY and PCD binary, little-endian; CSV with names; XYZ with coordinates alone.
struct TableWriter {
  let table: PointTable
  let format: ScanFormat

  /// - Returns: what the format has no place for, in words.
  func write(_ path: String, keepGoing: (Double) -> Bool) throws(PointCloudError) -> [String] {
    let columns = format == .xyz ? Array(table.columns.prefix(3)) : table.columns
    var file = try AtomicFile(path)
    try file.write(Array(header(columns).utf8))
    let rowsPerPart = 1 << 14
    for start in stride(from: 0, to: table.count, by: rowsPerPart) {
      guard keepGoing(Double(start) / Double(table.count)) else { throw .cancelled }
      var bytes: [UInt8] = []
      for row in start..<min(table.count, start + rowsPerPart) { append(row, columns, to: &bytes) }
      try file.write(bytes)
    }
    try file.commit()
    let left = table.columns.dropFirst(columns.count).map(\.name)
    return left.isEmpty ? [] : ["XYZ has coordinates alone; left out: \(left.joined(separator: ", "))"]
  }

  private func header(_ columns: [PointTable.Column]) -> String {
    switch format {
    case .ply:
      let properties = columns.map { "property \(PLYHeader.name(of: $0.kind)) \($0.name)\n" }.joined()
      return "ply\nformat binary_little_endian 1.0\nelement vertex \(table.count)\n\(properties)end_header\n"
    case .pcd:
      func line(_ key: String, _ words: [String]) -> String { "\(key) \(words.joined(separator: " "))\n" }
      let types = columns.map { $0.kind.isFloating ? "F" : $0.kind.isSigned ? "I" : "U" }
      return "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\n" + line("FIELDS", columns.map(\.name))
        + line("SIZE", columns.map { "\($0.kind.size)" }) + line("TYPE", types)
        + line("COUNT", columns.map { _ in "1" })
        + "WIDTH \(table.count)\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS \(table.count)\nDATA binary\n"
    case .csv: return columns.map(\.name).joined(separator: ",") + "\n"
    case .xyz, .las, .laz: return ""
    }
  }

  private func append(_ row: Int, _ columns: [PointTable.Column], to bytes: inout [UInt8]) {
    for (index, column) in columns.enumerated() {
      let value = column.values[row]
      switch format {
      case .ply: (column.kind == .int64 || column.kind == .uint64 ? .float64 : column.kind).append(value, to: &bytes)
      case .pcd: column.kind.append(value, to: &bytes)
      case .csv, .xyz, .las, .laz:
        if index > 0 { bytes.append(UInt8(ascii: format == .csv ? "," : " ")) }
        Self.append(value, column, to: &bytes)
      }
    }
    if format == .csv || format == .xyz { bytes.append(0x0A) }
  }

  private static func append(_ value: Double, _ column: PointTable.Column, to bytes: inout [UInt8]) {
    // Its sign and its other bits, which would be written, too, say nothing that others could read.
    guard !value.isNaN else { return bytes += "nan".utf8 }
    let decimals = column.decimals ?? 0
    let moved = (value * TextLines.powers[decimals]).rounded()
    let isWhole = column.decimals != nil || value == moved
    guard isWhole, abs(moved) < 0x1p53 else {
      // As many digits as it takes to read the same number again.
      bytes += (column.kind == .float32 ? "\(Float(value))" : "\(value)").utf8
      return
    }
    if moved < 0 { bytes.append(UInt8(ascii: "-")) }
    let digits = Array("\(Int(abs(moved)))".utf8)
    let padded = Array(repeating: UInt8(ascii: "0"), count: max(0, decimals + 1 - digits.count)) + digits
    bytes += padded.dropLast(decimals)
    if decimals > 0 { bytes += [UInt8(ascii: ".")] + padded.suffix(decimals) }
  }
}

extension NumberKind {
  fileprivate var isSigned: Bool { self == .int8 || self == .int16 || self == .int32 || self == .int64 }
}
