import Numerics

/// Points that are worked on at once, on each thread, unless it is said otherwise.
public let defaultTilePointsMax = 1_500_000

/// A scan whose points lie sorted into blocks, to be worked on tile by tile: in memory that does not grow with its points.
///
/// A scan of few points is one tile. The tiles of another are unions of blocks, which lie at multiples of their side: whoever works on a
/// tile, of the same file, works on the same.
struct TiledScan: Sendable {
  let header: LASHeader
  let bounds: (low: Vector3, high: Vector3)
  let corners: ScanCorners
  /// The cells that hold all points.
  let cells: CellRectangle
  let tiles: [Tile]
  /// Cells along the side of a tile, where there are several.
  private let tileSide: Int
  /// Points of class 2.
  let groundCount: Int
  /// Of the points as they are kept, and of all that cuts them into tiles.
  let fingerprint: UInt64
  private let parts: PointParts
  private let points: SortedPoints
  private let lattice: BlockLattice
  private let folder: String
  private let bytesInMemoryMax: Int

  /// Blocks are so much smaller than tiles that little is read of those around one that is not needed.
  private static let blocksPerTile = 48
  /// No tile of more than one block has more cells.
  private static let tileCellsMax = 4 << 20

  struct Tile: Hashable, Sendable {
    /// Its place in `tiles`.
    let number: Int
    let cells: CellRectangle
    /// The blocks that it is made of, of those that have points.
    let blocks: [Int]
  }

  var count: Int { points.count }
  var cell: Double { lattice.cell }
  /// Cells along the side of a block.
  var blockSide: Int { lattice.side }
  var frame: GridFrame { cells.frame(cell: cell) }

  /// Writes a map of a tile's own cells to where it lies in that of all.
  func write(_ map: Grid<Float>, of tile: Tile, to output: RasterOutput) throws(PointCloudError) {
    let place = tile.cells.low &- cells.low
    try output.write(map, column: place.x, row: place.y)
  }

  /// - Parameters:
  ///   - folder: where a scratch file may lie.
  ///   - limit: how many cells the scan may cover.
  /// - Throws: what reading does; `empty` without points; `limitExceeded`, naming the limit, also where too many points lie in one place.
  /// - Complexity: decodes the file once, and once more where the header's bounds are wrong or points lie very unevenly. Beyond twice
  ///   `tilePointsMax` points, 20 bytes of a scratch file for each, and the widths of columns.
  init(
    _ file: PointFile, cell: Double, limit: (cells: Int, name: String), folder: String,
    tilePointsMax: Int, threads: Int, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let header = file.header
    let (lattice, sorting) = try Self.sort(file, cell, limit, folder, tilePointsMax, threads, keepGoing)
    (self.header, self.lattice, self.folder, parts) = (header, lattice, folder, file.parts)
    bytesInMemoryMax = 8 * tilePointsMax
    bounds = header.box(sorting.low, sorting.high)
    corners = ScanCorners(low: sorting.low, high: sorting.high)
    (cells, groundCount, points) = (CellRectangle(sorting.frame), sorting.groundCount, sorting.points)
    (tiles, tileSide) = Self.tiles(points, lattice, cells, pointsMax: tilePointsMax)
    var fingerprint = sorting.fingerprint
    // By the format it is decided which classes fit.
    fingerprint.add(UInt64(header.pointFormat.isExtended ? 1 : 0))
    for number in [
      header.scale.x, header.scale.y, header.scale.z, header.offset.x, header.offset.y, header.offset.z, cell,
    ] {
      fingerprint.add(number)
    }
    fingerprint.add(UInt64(lattice.side))
    fingerprint.add(UInt64(tiles.count))
    self.fingerprint = fingerprint.value
  }

  /// Sorts the points of a file into blocks that suit them.
  private static func sort(
    _ file: PointFile, _ cell: Double, _ limit: (cells: Int, name: String), _ folder: String, _ tilePointsMax: Int,
    _ threads: Int, _ keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> (BlockLattice, Sorting) {
    let wanted = max(1, tilePointsMax / blocksPerTile)
    var lattice = BlockLattice(file.header, cell: cell, points: wanted)
    try lattice.requirePlaces(file.header)
    while true {
      let store = BlockStore(folder: folder, pointsInMemoryMax: 2 * tilePointsMax)
      let sorting = try Sorting(file, lattice, limit, store, threads, keepGoing)
      let most = sorting.points.blocks.lazy.map(\.count).max() ?? 0
      if most > tilePointsMax,
        let smaller = lattice.split(most: most, wanted: wanted, blocks: sorting.points.blocks.count)
      {
        lattice = smaller
        continue
      }
      guard most / tilesInOneBlockMax <= tilePointsMax else {
        throw PointCloudError(
          .limitExceeded,
          "\(most) points lie within \(Double(lattice.side) * cell) by as much, and \(tilePointsMax) are worked on at once",
          remedy: "Thin the scan first (pointcloud.thin), or choose a smaller cell.")
      }
      return (lattice, sorting)
    }
  }

  /// So many times the points of a tile may lie in one block that cannot be smaller.
  static let tilesInOneBlockMax = 4

  /// The points of a file, sorted once.
  private struct Sorting {
    let points: SortedPoints
    let frame: GridFrame
    let low: SIMD3<Int32>
    let high: SIMD3<Int32>
    let groundCount: Int
    let fingerprint: Fingerprint

    init(
      _ file: PointFile, _ lattice: BlockLattice, _ limit: (cells: Int, name: String), _ store: BlockStore,
      _ threads: Int, _ keepGoing: (Double) -> Bool
    ) throws(PointCloudError) {
      let header = file.header
      var (low, high) = (SIMD3<Int32>(repeating: .max), SIMD3<Int32>(repeating: .min))
      var frame: GridFrame?
      var groundCount = 0
      var fingerprint = Fingerprint()
      try file.parts.forEachInOrder(
        [.height, .classification, .intensity], threads: threads, keepGoing: keepGoing,
        { (records) in GroupedPart(records, header.pointFormat, lattice) },
        { (part) throws(PointCloudError) in
          (low, high) = (pointwiseMin(low, part.low), pointwiseMax(high, part.high))
          let bounds = header.box(low, high)
          frame = try GridFrame(
            SIMD2(bounds.low.x, bounds.low.y), SIMD2(bounds.high.x, bounds.high.y), cell: lattice.cell, limit: limit)
          groundCount += part.points.count { $0.classification == PointClass.ground }
          fingerprint.add(part.fingerprint)
          try store.add(part)
        })
      guard let frame else {
        throw PointCloudError(.empty, "the file has no points", remedy: "Give a file with points.")
      }
      (self.frame, self.low, self.high, self.groundCount) = (frame, low, high, groundCount)
      self.fingerprint = fingerprint
      points = store.sorted()
    }
  }

  /// The largest tiles that have no more points than they may, from north to south and there from west to east.
  private static func tiles(
    _ points: SortedPoints, _ lattice: BlockLattice, _ cells: CellRectangle, pointsMax: Int
  ) -> (tiles: [Tile], side: Int) {
    guard points.count > pointsMax || cells.columns * cells.rows > tileCellsMax else {
      return ([Tile(number: 0, cells: cells, blocks: Array(points.blocks.indices))], max(cells.columns, cells.rows))
    }
    var shift = 0
    var tiles = grouped(points, shift)
    while (lattice.side << (shift + 1)) * (lattice.side << (shift + 1)) <= tileCellsMax {
      let larger = grouped(points, shift + 1)
      let most = larger.values.map { $0.reduce(0) { $0 + points.blocks[$1].count } }.max() ?? 0
      guard most <= pointsMax else { break }
      (tiles, shift) = (larger, shift + 1)
    }
    let side = lattice.side << shift
    let all = cells.divided(by: side)
    var list: [Tile] = []
    for row in (all.low.y..<all.high.y).reversed() {
      for column in all.low.x..<all.high.x {
        let low = SIMD2(column, row) &* side
        let whole = CellRectangle(low: low, high: low &+ side)
        list.append(
          Tile(number: list.count, cells: whole.intersection(cells), blocks: tiles[SIMD2(column, row)] ?? []))
      }
    }
    return (list, side)
  }

  /// The blocks of each tile of `2^shift` by as many blocks.
  private static func grouped(_ points: SortedPoints, _ shift: Int) -> [SIMD2<Int>: [Int]] {
    Dictionary(grouping: points.blocks.indices) { points.blocks[$0].place &>> SIMD2(repeating: shift) }
  }
}

// Working on tiles.
extension TiledScan {
  /// Makes something of tiles, on several threads at once, and hands it to `consume` in their order, on the caller's thread.
  ///
  /// - Parameters:
  ///   - numbers: of the tiles; nil for all of them.
  ///   - make: given a tile, how many threads it may use itself, and a function to be called with the share of the tile that is done, which
  ///     answers whether to go on.
  func forEachTile<Made: Sendable>(
    _ numbers: [Int]? = nil, threads: Int, keepGoing: (Double) -> Bool,
    _ make:
      @Sendable (Tile, _ threads: Int, _ going: @escaping (Double) -> Bool)
      throws(PointCloudError) -> Made,
    _ consume: (Tile, Made) throws(PointCloudError) -> Void
  ) throws(PointCloudError) {
    let tiles = numbers?.map { self.tiles[$0] } ?? self.tiles
    if tiles.count == 1 {
      let made = try withoutActuallyEscaping(keepGoing) { (going) throws(PointCloudError) in
        try make(tiles[0], threads, going)
      }
      return try consume(tiles[0], made)
    }
    let isComplete = try parallelInOrder(
      tiles.count, threads: threads, ahead: threads + 1,
      keepGoing: { keepGoing(Double($0) / Double(tiles.count)) },
      { (index, isWanted) throws(PointCloudError) in try make(tiles[index], 1) { _ in isWanted() } },
      { (index, made) throws(PointCloudError) in try consume(tiles[index], made) })
    guard isComplete else { throw .cancelled }
  }

  /// Tiles with more points first.
  var tilesByCount: [Tile] {
    let counts = tiles.map(pointCount)
    return tiles.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }.map { tiles[$0] }
  }

  /// How many points a tile has.
  func pointCount(_ tile: Tile) -> Int { tile.blocks.reduce(0) { $0 + points.blocks[$1].count } }

  /// The most bytes that can be found of a tile in any pass.
  ///
  /// - Parameter columnBytes: the most that a pass says of each point in columns.
  func findingBytesMax(_ number: Int, columnBytes: Int) -> Int {
    let tile = tiles[number]
    // A float for each cell of eight maps, or two bytes a point, or columns; and what is told of 64 stages.
    return 1 << 20 + 32 * tile.cells.columns * tile.cells.rows + max(2, columnBytes) * pointCount(tile)
  }

  /// The tiles that have cells in any of some regions, in their order.
  ///
  /// - Complexity: O(tiles + tiles in each region).
  func tiles(touching regions: [CellRectangle]) -> [Int] {
    guard tiles.count > 1, regions.count < tiles.count else { return Array(tiles.indices) }
    let all = cells.divided(by: tileSide)
    var touched = [Bool](repeating: false, count: tiles.count)
    for region in regions {
      let range = region.intersection(cells)
      guard !range.isEmpty else { continue }
      let places = range.divided(by: tileSide)
      for row in places.low.y..<places.high.y {
        for column in places.low.x..<places.high.x {
          touched[(all.high.y - 1 - row) * all.columns + column - all.low.x] = true
        }
      }
    }
    return tiles.indices.filter { touched[$0] }
  }

  /// So many bytes for each point, all 0.
  func column(width: Int = 1) throws(PointCloudError) -> ByteColumn {
    try ByteColumn(count: points.count, width: width, memoryMax: bytesInMemoryMax, folder: folder)
  }

  /// The points of a tile, and of what lies around it.
  ///
  /// - Parameters:
  ///   - margin: how many cells around the tile count.
  ///   - classes: instead of those in the file.
  ///   - kept: not 0 for points that are left; the others are left out.
  func load(
    _ tile: Tile, margin: Int, classes: ByteColumn? = nil, kept: ByteColumn? = nil
  ) throws(PointCloudError) -> TilePoints {
    let region = tile.cells.expanded(by: margin).intersection(cells)
    var loaded: [StoredPoint] = []
    loaded.reserveCapacity(pointCount(tile))
    for number in tile.blocks { try append(number, classes, kept, to: &loaded) }
    let own = loaded.count
    let core = Set(tile.blocks)
    for number in blocks(touching: region) where !core.contains(number) {
      let others = try points(ofBlock: number, classes: classes, kept: kept)
      if region.contains(lattice.cells(of: points.blocks[number].place)) {
        loaded += others
      } else {
        loaded += others.filter { region.contains(lattice.cell($0.x, $0.y)) }
      }
    }
    return TilePoints(tile: tile, region: region, points: loaded, ownCount: own, header: header, cell: lattice.cell)
  }

  /// The points of a block that are left, with classes instead of those in the file.
  func points(
    ofBlock number: Int, classes: ByteColumn?, kept: ByteColumn? = nil
  ) throws(PointCloudError) -> [StoredPoint] {
    var points: [StoredPoint] = []
    try append(number, classes, kept, to: &points)
    return points
  }

  /// How many blocks have points.
  var blockCount: Int { points.blocks.count }

  /// The places of the blocks that may have points in some cells.
  func blockPlaces(touching region: CellRectangle) -> CellRectangle { region.divided(by: lattice.side) }
  /// The place of the block that has the points in a cell.
  func block(of cell: SIMD2<Int>) -> SIMD2<Int> { lattice.block(of: cell) }
  /// The number of the block at a place; nil where that has no points.
  func block(at place: SIMD2<Int>) -> Int? { points.numbers[place] }
  func cells(ofBlock number: Int) -> CellRectangle { lattice.cells(of: points.blocks[number].place) }
  /// Between which steps the heights of its points lie.
  func heights(ofBlock number: Int) -> ClosedRange<Int32> { points.blocks[number].low...points.blocks[number].high }
  func cell(of point: StoredPoint) -> SIMD2<Int> { cell(x: point.x, y: point.y) }
  func cell(x: Int32, y: Int32) -> SIMD2<Int> { lattice.cell(x, y) }

  func plane(_ point: StoredPoint) -> SIMD2<Double> {
    SIMD2(
      Double(point.x) * header.scale.x + header.offset.x, Double(point.y) * header.scale.y + header.offset.y)
  }

  private func append(
    _ number: Int, _ classes: ByteColumn?, _ kept: ByteColumn?, to loaded: inout [StoredPoint]
  ) throws(PointCloudError) {
    let start = loaded.count
    try points.append(number, to: &loaded)
    let block = points.blocks[number]
    let range = block.first..<block.first + block.count
    if let classes {
      for (place, value) in zip(start..., try classes.read(range)) { loaded[place].classification = value }
    }
    guard let kept = try kept?.read(range), kept.contains(0) else { return }
    var end = start
    for (place, flag) in zip(start..., kept) where flag != 0 {
      loaded[end] = loaded[place]
      end += 1
    }
    loaded.removeSubrange(end...)
  }

  /// In an order that depends on nothing but the file.
  func blocks(touching region: CellRectangle) -> [Int] {
    let range = region.divided(by: lattice.side)
    guard range.columns * range.rows < points.blocks.count else {
      return points.blocks.indices.filter { range.contains(points.blocks[$0].place) }
    }
    return (range.low.y..<range.high.y).flatMap { y in
      (range.low.x..<range.high.x).compactMap { x in points.numbers[SIMD2(x, y)] }
    }.sorted()
  }

  /// Keeps the values of each of a tile's own points.
  func write(_ values: [UInt8], of tile: Tile, to column: ByteColumn) throws(PointCloudError) {
    var start = 0
    for number in tile.blocks {
      let block = points.blocks[number]
      let end = start + block.count * column.width
      try column.write(values[start..<end], at: block.first)
      start = end
    }
  }

  /// What a column has for a tile's own points.
  func read(_ tile: Tile, from column: ByteColumn) throws(PointCloudError) -> [UInt8] {
    var values: [UInt8] = []
    for number in tile.blocks {
      let block = points.blocks[number]
      values += try column.read(block.first..<block.first + block.count)
    }
    return values
  }

  /// Reads the file again, and hands each part's records, with each column's values for each point, to `consume`, in the order of the
  /// file.
  ///
  /// Points were sorted in that order, so the next value of a block belongs to its next point in the file.
  func forEachPart(
    _ columns: [ByteColumn], threads: Int, keepGoing: (Double) -> Bool,
    _ consume: (_ records: [UInt8], _ values: [[UInt8]]) throws(PointCloudError) -> Void
  ) throws(PointCloudError) {
    var next = points.blocks.map(\.first)
    try parts.forEachInOrder(
      .all, threads: threads, keepGoing: keepGoing,
      { (records) throws(PointCloudError) in (unsafe [UInt8](records.bytes), try blockNumbers(records)) },
      { (part) throws(PointCloudError) in
        let values = try values(columns, part.1, &next)
        try consume(part.0, values)
      })
  }

  private static let changed = PointCloudError(
    .fileAccess, "the file has changed while it was worked on", remedy: "Start again when nobody writes to it.")

  private func blockNumbers(_ records: PointRecords) throws(PointCloudError) -> [Int32] {
    var (last, number) = (SIMD2<Int>(repeating: .max), Int32(-1))
    var numbers = [Int32](repeating: 0, count: records.count)
    for index in 0..<records.count {
      let record = unsafe records.block.base + records.start + index * records.length
      let place = unsafe lattice.block(
        record.loadUnaligned(as: Int32.self), record.loadUnaligned(fromByteOffset: 4, as: Int32.self))
      if place != last {
        guard let known = points.numbers[place] else { throw Self.changed }
        (last, number) = (place, Int32(known))
      }
      numbers[index] = number
    }
    return numbers
  }

  private func values(
    _ columns: [ByteColumn], _ numbers: [Int32], _ next: inout [Int]
  ) throws(PointCloudError) -> [[UInt8]] {
    var counts: [Int32: Int] = [:]
    var (last, run) = (Int32(-1), 0)
    for number in numbers {
      if number != last {
        if run > 0 { counts[last, default: 0] += run }
        (last, run) = (number, 0)
      }
      run += 1
    }
    if run > 0 { counts[last, default: 0] += run }
    var ranges: [Int32: Range<Int>] = [:]
    for (number, count) in counts {
      let (first, block) = (next[Int(number)], points.blocks[Int(number)])
      guard first + count <= block.first + block.count else { throw Self.changed }
      ranges[number] = first..<first + count
      next[Int(number)] = first + count
    }
    return try columns.map { column throws(PointCloudError) in try Self.values(column, numbers, ranges) }
  }

  /// The values of points that lie in blocks of such numbers, which each has as stretches of a column.
  private static func values(
    _ column: ByteColumn, _ numbers: [Int32], _ ranges: [Int32: Range<Int>]
  ) throws(PointCloudError) -> [UInt8] {
    let width = column.width
    var read: [Int32: (values: [UInt8], next: Int)] = [:]
    for (number, range) in ranges { read[number] = (try column.read(range), 0) }
    var values: [UInt8] = []
    values.reserveCapacity(numbers.count * width)
    var index = 0
    while index < numbers.count {
      let number = numbers[index]
      let end = numbers[index...].firstIndex { $0 != number } ?? numbers.count
      guard let next = read[number]?.next else { break }
      let taken = next..<next + (end - index) * width
      values += read[number]?.values[taken] ?? []
      read[number]?.next = taken.upperBound
      index = end
    }
    return values
  }
}
