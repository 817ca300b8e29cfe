/// Reads points from text: one a line, numbers between commas, semicolons, tabs or spaces.
///
/// Lines that begin with `#` or `//` are comments. Names of columns are those that are given, else those of a first line
/// that is not all numbers; without either the first three columns are x, y and z.
struct DelimitedReader {
  private var lines: TextLines
  private var delimiter: UInt8?
  private var names: [String]
  private let pointsMax: Int

  /// - Parameters:
  ///   - names: of the columns, in order; `-` for one that is to be left out. Empty to guess.
  ///   - delimiter: nil to guess by the first line.
  /// - Throws: `corrupt` naming the line and the byte, `limitExceeded`.
  static func read(
    _ file: ByteReader, names: [String], delimiter: Delimiter?, limits: ReadLimits, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> PointTable {
    var reader = DelimitedReader(
      lines: TextLines(file), delimiter: delimiter?.byte, names: names, pointsMax: limits.pointsMax)
    return try reader.read(isGuessing: delimiter == nil, keepGoing)
  }

  private mutating func read(isGuessing: Bool, _ keepGoing: (Double) -> Bool) throws(PointCloudError) -> PointTable {
    var words: [Range<Int>] = []
    var table = PointTable()
    var columns: [[Double]] = []
    var rows = 0
    while let line = lines.next() {
      guard !line.isEmpty, !isComment(line) else { continue }
      if rows == 0, columns.isEmpty {
        if isGuessing { delimiter = guess(line) }
        lines.split(line, delimiter: delimiter, into: &words)
        guard words.count <= PointTable.columnsMax else {
          throw lines.fault("more than \(PointTable.columnsMax) columns")
        }
        columns = Array(repeating: [], count: words.count)
        // A first line with a word in it that is no number, among numbers, is a faulty point, not names.
        let isHeader = words.allSatisfy { lines.value($0) == nil }
        try nameColumns(words, isHeader: isHeader, &table)
        if isHeader { continue }
      } else {
        lines.split(line, delimiter: delimiter, into: &words)
      }
      guard !words.isEmpty else { continue }
      guard words.count == columns.count else {
        throw lines.fault("there are \(words.count) columns where the first line has \(columns.count)")
      }
      guard rows < pointsMax else {
        throw PointCloudError(
          .limitExceeded, "there are more than the \(pointsMax) points allowed",
          remedy: "Split the file into tiles, or raise the limit `pointsMax`.", offset: line.lowerBound)
      }
      guard rows & 0xFFFF != 0 || keepGoing(Double(lines.place) / Double(lines.file.count)) else { throw .cancelled }
      for (column, word) in words.enumerated() where names[column] != "-" {
        guard let value = lines.value(word) else { throw lines.fault("is no number", word) }
        columns[column].append(value)
      }
      rows += 1
    }
    for (name, values) in zip(names, columns) where name != "-" {
      table.columns.append(PointTable.Column(name: name, kind: .float64, values: values))
    }
    return table
  }

  private func isComment(_ line: Range<Int>) -> Bool {
    let start = lines.file.bytes(line.prefix(2))
    return start.first == UInt8(ascii: "#") || start == Array("//".utf8)
  }

  private func guess(_ line: Range<Int>) -> UInt8? {
    let bytes = lines.file.bytes(line)
    return [Delimiter.tab, .semicolon, .comma].compactMap(\.byte).first { bytes.contains($0) }
  }

  private mutating func nameColumns(
    _ words: [Range<Int>], isHeader: Bool, _ table: inout PointTable
  ) throws(PointCloudError) {
    if names.isEmpty, isHeader { names = words.map { lines.text($0).filter { $0 != "\"" } } }
    if names.isEmpty {
      names = words.indices.map { $0 < 3 ? PointField.coordinates[$0].rawValue : "column_\($0 + 1)" }
      if words.count > 3 {
        table.warnings.append(
          "the file does not name its columns: the first three are taken as x, y, z, the others kept as extra bytes")
      }
    }
    guard names.count == words.count else {
      throw PointCloudError(
        .invalidParameter, "line \(lines.number) has \(words.count) columns, and \(names.count) names are given",
        remedy: "Name each column; `-` leaves one out.")
    }
  }
}

/// What stands between two numbers of a line.
public enum Delimiter: String, Hashable, Codable, Sendable, CaseIterable {
  case comma, semicolon, tab, space

  /// Nil for any number of spaces and tabs.
  var byte: UInt8? {
    switch self {
    case .comma: UInt8(ascii: ",")
    case .semicolon: UInt8(ascii: ";")
    case .tab: 0x09
    case .space: nil
    }
  }
}
