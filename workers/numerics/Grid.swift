/// A rectangle of values, row by row.
public struct Grid<Element: Sendable>: Sendable {
  public let columns: Int
  public let rows: Int
  public var values: [Element]

  public init(columns: Int, rows: Int, repeating value: Element) {
    self.columns = columns
    self.rows = rows
    values = Array(repeating: value, count: columns * rows)
  }

  /// - Precondition: `values` has `columns × rows` elements.
  public init(columns: Int, rows: Int, values: [Element]) {
    precondition(values.count == columns * rows)
    self.columns = columns
    self.rows = rows
    self.values = values
  }

  public subscript(column: Int, row: Int) -> Element {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// A grid of the same shape, each value by `transform`.
  public func map<Other: Sendable>(_ transform: (Element) -> Other) -> Grid<Other> {
    Grid<Other>(columns: columns, rows: rows, values: values.map(transform))
  }
}

extension Grid where Element == Float {
  /// The value at a place between cells, by bilinear interpolation; places outside take the nearest border's value.
  ///
  /// Cell (c, r) has its centre at (c, r).
  @inline(__always) public func interpolated(_ column: Double, _ row: Double) -> Float {
    let x = min(max(column, 0), Double(columns - 1))
    let y = min(max(row, 0), Double(rows - 1))
    let (left, low) = (Int(x), Int(y))
    let (right, high) = (min(left + 1, columns - 1), min(low + 1, rows - 1))
    let (u, v) = (Float(x - Double(left)), Float(y - Double(low)))
    let lower = self[left, low] * (1 - u) + self[right, low] * u
    let upper = self[left, high] * (1 - u) + self[right, high] * u
    return lower * (1 - v) + upper * v
  }

  /// The steepness of the surface, as rise per cell: central differences, one-sided at the border.
  public func steepness() -> Grid<Float> {
    var result = Grid(columns: columns, rows: rows, repeating: 0)
    for row in 0..<rows {
      let (below, above) = (max(0, row - 1), min(rows - 1, row + 1))
      for column in 0..<columns {
        let (left, right) = (max(0, column - 1), min(columns - 1, column + 1))
        let x = (self[right, row] - self[left, row]) / Float(max(1, right - left))
        let y = (self[column, above] - self[column, below]) / Float(max(1, above - below))
        result[column, row] = (x * x + y * y).squareRoot()
      }
    }
    return result
  }
}
