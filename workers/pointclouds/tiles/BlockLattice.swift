import Numerics

/// The squares of cells into which the points of a scan are sorted. Cells and blocks lie at multiples of their sides, whatever the scan,
/// so a block is a union of cells of any raster with this cell.
struct BlockLattice: Hashable, Sendable {
  let cell: Double
  /// Cells along the side of a block.
  let side: Int
  private let scale: SIMD2<Double>
  private let offset: SIMD2<Double>
  /// Exact, as sides are powers of two.
  private let inverseSide: Double

  private static let blocksMax = 65_536.0
  /// Where points lie so unevenly, or the header tells so wrong, that a block has too many.
  private static let splitBlocksMax = 1 << 20
  private static let sides = 16...2_048

  /// Blocks that suit the number of points and the bounds that a header tells, which may be lies: then they suit less.
  ///
  /// - Parameter points: about as many as a block should have.
  init(_ header: LASHeader, cell: Double, points: Int) {
    self.cell = cell
    scale = SIMD2(header.scale.x, header.scale.y)
    offset = SIMD2(header.offset.x, header.offset.y)
    let width = max(1, (header.maximum.x - header.minimum.x) / cell)
    let height = max(1, (header.maximum.y - header.minimum.y) / cell)
    let cells = width * height
    let wanted = max(cells * Double(max(1, points)) / Double(max(1, header.pointCount)), cells / Self.blocksMax)
    var side = Self.sides.lowerBound
    // False for what is no number.
    while Double(side * side) < wanted, side < Self.sides.upperBound { side *= 2 }
    self.side = side
    inverseSide = 1 / Double(side)
  }

  private init(_ other: BlockLattice, side: Int) {
    (cell, scale, offset, self.side) = (other.cell, other.scale, other.offset, side)
    inverseSide = 1 / Double(side)
  }

  /// Smaller blocks, for points of which one block has `most`.
  ///
  /// - Parameters:
  ///   - wanted: about as many as a block should have.
  ///   - blocks: how many blocks have points.
  /// - Returns: nil where blocks are as small as they can be: a cell, or a million of them.
  func split(most: Int, wanted: Int, blocks: Int) -> BlockLattice? {
    var (side, expected, count) = (side, most, blocks)
    while side > 1, expected > wanted, count * 4 <= Self.splitBlocksMax {
      (side, expected, count) = (side / 2, expected / 4, count * 4)
    }
    return side < self.side ? BlockLattice(self, side: side) : nil
  }

  /// Places farther than this many cells from the origin cannot be counted.
  private static let cellsFromOriginMax = 0x1p60

  /// - Throws: `limitExceeded` where a point could lie so far away that its cell has no number.
  func requirePlaces(_ header: LASHeader) throws(PointCloudError) {
    let reach = max(
      abs(header.offset.x) + abs(header.scale.x) * 0x1p31, abs(header.offset.y) + abs(header.scale.y) * 0x1p31)
    guard reach / cell < Self.cellsFromOriginMax else {
      throw PointCloudError(
        .limitExceeded, "coordinates of up to \(reach) are \(reach / cell) cells of \(cell) from the origin",
        remedy: "Check the file's scale and offset, or choose a larger cell.", offset: 131)
    }
  }

  /// The cell that a place of the file's steps lies in.
  @inline(__always) func cell(_ x: Int32, _ y: Int32) -> SIMD2<Int> {
    let cells = cells(x, y)
    // Converted one by one: a whole vector goes through a conversion for any kind of number.
    return SIMD2(Int(cells.x), Int(cells.y))
  }

  @inline(__always) private func cells(_ x: Int32, _ y: Int32) -> SIMD2<Double> {
    let plane = (SIMD2(Double(x), Double(y)) * scale + offset) / cell
    return SIMD2(GridFrame.nearest(plane.x), GridFrame.nearest(plane.y))
  }

  /// The block that a place of the file's steps lies in.
  @inline(__always) func block(_ x: Int32, _ y: Int32) -> SIMD2<Int> {
    let blocks = (cells(x, y) * inverseSide).rounded(.down)
    return SIMD2(Int(blocks.x), Int(blocks.y))
  }

  /// The block that a cell lies in.
  @inline(__always) func block(of cell: SIMD2<Int>) -> SIMD2<Int> {
    cell &>> SIMD2(repeating: side.trailingZeroBitCount)
  }

  /// The cells of a block.
  func cells(of block: SIMD2<Int>) -> CellRectangle { CellRectangle(low: block &* side, high: (block &+ 1) &* side) }
}

/// Cells, or blocks, from `low` up to but not with `high`, counted from the origin of the coordinates.
struct CellRectangle: Hashable, Sendable {
  var low: SIMD2<Int>
  var high: SIMD2<Int>

  init(low: SIMD2<Int>, high: SIMD2<Int>) { (self.low, self.high) = (low, high) }

  /// The cells of a frame whose cells lie at multiples of their side.
  init(_ frame: GridFrame) {
    low = SIMD2(Int((frame.x / frame.cell).rounded()), Int((frame.y / frame.cell).rounded()))
    high = low &+ SIMD2(frame.columns, frame.rows)
  }

  var columns: Int { max(0, high.x - low.x) }
  var rows: Int { max(0, high.y - low.y) }
  var isEmpty: Bool { columns == 0 || rows == 0 }

  func expanded(by margin: Int) -> CellRectangle {
    CellRectangle(low: low &- margin, high: high &+ margin)
  }

  /// The squares of so many cells that have cells of this rectangle.
  func divided(by side: Int) -> CellRectangle {
    func floor(_ value: Int) -> Int { value >= 0 ? value / side : -((-value + side - 1) / side) }
    return CellRectangle(
      low: SIMD2(floor(low.x), floor(low.y)), high: SIMD2(floor(high.x - 1) + 1, floor(high.y - 1) + 1))
  }

  func intersection(_ other: CellRectangle) -> CellRectangle {
    CellRectangle(
      low: SIMD2(max(low.x, other.low.x), max(low.y, other.low.y)),
      high: SIMD2(min(high.x, other.high.x), min(high.y, other.high.y)))
  }

  func contains(_ place: SIMD2<Int>) -> Bool {
    place.x >= low.x && place.y >= low.y && place.x < high.x && place.y < high.y
  }

  func contains(_ other: CellRectangle) -> Bool {
    other.isEmpty
      || other.low.x >= low.x && other.low.y >= low.y && other.high.x <= high.x && other.high.y <= high.y
  }

  /// The frame of a raster of these cells.
  func frame(cell: Double) -> GridFrame {
    GridFrame(first: SIMD2<Double>(low), cell: cell, columns: columns, rows: rows)
  }
}

extension Grid<Float> {
  /// Of a map of some cells, what it has for those of a part of them.
  func cropped(to part: CellRectangle, of cells: CellRectangle) -> Grid<Float> {
    guard part != cells else { return self }
    let place = part.low &- cells.low
    var values: [Float] = []
    values.reserveCapacity(part.columns * part.rows)
    for row in place.y..<place.y + part.rows {
      let start = row * columns + place.x
      values += self.values[start..<start + part.columns]
    }
    return Grid(columns: part.columns, rows: part.rows, values: values)
  }
}
