/// Reads the vertices of a PLY file: ascii, and binary of either byte order.
struct PLYReader {
  private var lines: TextLines
  private let header: PLYHeader
  private let limits: ReadLimits
  private let keepGoing: (Double) -> Bool

  /// - Throws: `corrupt` naming the line and the byte, `truncated`, `limitExceeded`, `unsupported` without vertices.
  static func read(
    _ file: ByteReader, limits: ReadLimits, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> PointTable {
    try withoutActuallyEscaping(keepGoing) { (keepGoing) throws(PointCloudError) in
      var lines = TextLines(file)
      let header = try PLYHeader(&lines)
      var reader = PLYReader(lines: lines, header: header, limits: limits, keepGoing: keepGoing)
      return try reader.read()
    }
  }

  private mutating func read() throws(PointCloudError) -> PointTable {
    guard let index = header.elements.firstIndex(where: { $0.name == "vertex" }) else {
      throw PointCloudError(
        .unsupported, "the PLY file has no element vertex", remedy: "Give a file with points.", offset: lines.place)
    }
    for element in header.elements[..<index] { try checkRoom(for: element) }
    var place = lines.place
    for element in header.elements[..<index] { place = try pass(element, from: place) { _, _ in } }
    let vertices = header.elements[index]
    guard vertices.count <= limits.pointsMax else {
      throw PointCloudError(
        .limitExceeded, "the header announces \(vertices.count) points, more than the \(limits.pointsMax) allowed",
        remedy: "Split the file into tiles, or raise the limit `pointsMax`.")
    }
    try checkRoom(for: vertices)
    let singles = vertices.properties.filter { $0.listCount == nil }
    var columns = singles.map { _ in [Double]() }
    for column in columns.indices { columns[column].reserveCapacity(vertices.count) }
    _ = try pass(vertices, from: place) { column, value in columns[column].append(value) }
    var table = PointTable()
    table.columns = zip(singles, columns).map { PointTable.Column(name: $0.name, kind: $0.kind, values: $1) }
    for list in vertices.properties where list.listCount != nil {
      table.warnings.append("the lists '\(list.name)' of points are left out")
    }
    for other in header.elements where other.name != "vertex" && other.count > 0 {
      table.warnings.append("\(other.count) elements '\(other.name)' are left out: only points are converted")
    }
    return table
  }

  /// Before anything is allocated by a count, the file must have as many bytes.
  private func checkRoom(for element: PLYHeader.Element) throws(PointCloudError) {
    let (needed, overflow) = element.count.multipliedReportingOverflow(by: element.leastBytes(header.encoding))
    // The last line of a text may lack its end.
    let rest = lines.file.count - lines.place + 1
    guard !overflow, needed <= rest, element.count == 0 || !element.properties.isEmpty else {
      throw .truncated(
        "\(element.count) elements '\(element.name)'", at: lines.place, needs: overflow ? .max : UInt64(needed),
        has: rest - 1)
    }
  }

  /// Goes over all of an element, and tells of the numbers outside of lists: which of them in its row, and the number.
  /// - Returns: where it ends.
  private mutating func pass(
    _ element: PLYHeader.Element, from place: Int, _ tell: (Int, Double) -> Void
  ) throws(PointCloudError) -> Int {
    guard header.encoding != .ascii else {
      try passText(element, tell)
      return lines.place
    }
    return try passBinary(element, from: place, tell)
  }

  private func checkGoing(_ row: Int, of count: Int) throws(PointCloudError) {
    guard row & 0xFFFF != 0 || keepGoing(Double(row) / Double(count)) else { throw .cancelled }
  }

  private func passBinary(
    _ element: PLYHeader.Element, from start: Int, _ tell: (Int, Double) -> Void
  ) throws(PointCloudError) -> Int {
    let file = lines.file
    let isBigEndian = header.encoding == .bigEndian
    var place = start
    for row in 0..<element.count {
      try checkGoing(row, of: element.count)
      var column = 0
      for property in element.properties {
        let size = (property.listCount ?? property.kind).size
        try file.require(UInt64(size), at: place, for: "'\(property.name)' of element \(row) of '\(element.name)'")
        guard let listCount = property.listCount else {
          tell(column, property.kind.read(file, at: place, isBigEndian: isBigEndian))
          (column, place) = (column + 1, place + size)
          continue
        }
        let length = listCount.read(file, at: place, isBigEndian: isBigEndian)
        guard length >= 0 else { throw .corrupt("the list '\(property.name)' has a length of \(length)", at: place) }
        place += size
        let bytes = Int(length) * property.kind.size
        try file.require(UInt64(bytes), at: place, for: "the list '\(property.name)' of element \(row)")
        place += bytes
      }
    }
    return place
  }

  private mutating func passText(_ element: PLYHeader.Element, _ tell: (Int, Double) -> Void) throws(PointCloudError) {
    var words: [Range<Int>] = []
    for row in 0..<element.count {
      try checkGoing(row, of: element.count)
      try lines.nextWords(into: &words, orMissing: "\(element.count - row) of '\(element.name)'")
      try tellRow(element, words, tell)
    }
  }

  private func tellRow(
    _ element: PLYHeader.Element, _ words: [Range<Int>], _ tell: (Int, Double) -> Void
  ) throws(PointCloudError) {
    var (word, column) = (0, 0)
    for property in element.properties {
      guard word < words.count else { throw lines.fault("'\(property.name)' is missing") }
      guard let value = lines.value(words[word]) else { throw lines.fault("is no number", words[word]) }
      word += 1
      if property.listCount == nil {
        tell(column, value)
        column += 1
      } else {
        guard value >= 0, value <= Double(words.count - word) else {
          // Some exporters announce a list that they then leave out.
          throw lines.fault("the list '\(property.name)' does not fit in its line")
        }
        word += Int(value)
      }
    }
  }
}
