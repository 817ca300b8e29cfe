/// Rows of text.
package struct Table {
  let header: [String]
  private(set) var rows: [[String]] = []

  package init(_ header: String...) { self.header = header }
  package init(_ header: [String]) { self.header = header }

  /// What would end a line or a column becomes a blank.
  package mutating func add(_ row: String...) { add(row) }

  /// The same.
  package mutating func add(_ row: [String]) {
    rows.append(row.map { cell in String(cell.map { $0 == "\t" || $0.isNewline ? " " : $0 }) })
  }

  /// For a person: aligned in columns, below their names.
  package var text: String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      row.indices.map { $0 == row.count - 1 ? row[$0] : row[$0].padded(to: widths[$0]) }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// For a program: a line for each row and nothing else, with a tab between columns and `-` for what is empty.
  package var lines: String {
    rows.map { row in row.map { $0.isEmpty ? "-" : $0 }.joined(separator: "\t") }.joined(separator: "\n")
  }
}
