extension Grid where Element == Float {
  /// The morphological opening by a disc: an erosion (smallest value within `radius` cells), then a dilation (largest).
  /// What lies outside the grid is as if it were not there.
  ///
  /// - Parameter keepGoing: asked many times a second on the caller's thread; once it answers false, what is returned means
  ///   nothing.
  /// - Complexity: O(cells × radius): the disc's rows are minima over windows, and each window is the smaller of two
  ///   overlapping windows of a power of two, which are made once per row.
  public func opened(radius: Int, threads: Int, keepGoing: () -> Bool = { true }) -> Grid<Float> {
    eroded(radius: radius, threads: threads, keepGoing: keepGoing)
      .dilated(radius: radius, threads: threads, keepGoing: keepGoing)
  }

  /// The morphological closing by a disc: a dilation, then an erosion.
  public func closed(radius: Int, threads: Int, keepGoing: () -> Bool = { true }) -> Grid<Float> {
    dilated(radius: radius, threads: threads, keepGoing: keepGoing)
      .eroded(radius: radius, threads: threads, keepGoing: keepGoing)
  }

  /// The largest value within `radius` cells of each cell.
  public func dilated(radius: Int, threads: Int, keepGoing: () -> Bool = { true }) -> Grid<Float> {
    map { -$0 }.eroded(radius: radius, threads: threads, keepGoing: keepGoing).map { -$0 }
  }

  /// The smallest value within `radius` cells of each cell.
  public func eroded(radius: Int, threads: Int, keepGoing: () -> Bool = { true }) -> Grid<Float> {
    guard radius > 0, columns > 0, rows > 0 else { return self }
    let count = columns * rows
    let disc = Disc(radius: radius)
    let bandRows = max(32, 2 * radius)
    let eroded = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      nonisolated(unsafe) let target = unsafe buffer
      let bands = (rows + bandRows - 1) / bandRows
      let isWhole = parallelFor(bands, threads: threads, keepGoing: { _ in keepGoing() }) { index in
        let band = index * bandRows..<min(rows, (index + 1) * bandRows)
        let windows = WindowMinima(grid: self, band: band, disc: disc)
        for row in band { unsafe windows.erode(row, into: target) }
      }
      if !isWhole { unsafe buffer.initialize(repeating: .infinity) }
      initialized = count
    }
    return Grid(columns: columns, rows: rows, values: eroded)
  }
}

/// A disc of cells: those whose centres lie within `radius` of its own.
private struct Disc: Sendable {
  let radius: Int
  /// How far the disc reaches to each side in the row `n` above or below its centre.
  let reaches: [Int]

  init(radius: Int) {
    self.radius = radius
    reaches = (0...radius).map { Int(Double(radius * radius - $0 * $0).squareRoot()) }
  }
}

/// The minima over windows of 1, 2, 4, … cells, for each row that a band of rows looks at.
private struct WindowMinima {
  private let columns: Int
  private let disc: Disc
  private let firstRow: Int
  private let lastRow: Int
  /// A row with infinities at both ends, so that windows may hang over.
  private let width: Int
  private let levels: Int
  private var minima: [Float]

  init(grid: Grid<Float>, band: Range<Int>, disc: Disc) {
    columns = grid.columns
    self.disc = disc
    firstRow = max(0, band.lowerBound - disc.radius)
    lastRow = min(grid.rows - 1, band.upperBound - 1 + disc.radius)
    width = grid.columns + 2 * disc.radius
    levels = Int.bitWidth - (2 * disc.radius + 1).leadingZeroBitCount
    minima = Array(repeating: .infinity, count: (lastRow - firstRow + 1) * levels * width)
    for row in firstRow...lastRow { fill(row, from: grid) }
  }

  private func start(_ row: Int, _ level: Int) -> Int { ((row - firstRow) * levels + level) * width }

  private mutating func fill(_ row: Int, from grid: Grid<Float>) {
    let base = start(row, 0)
    for column in 0..<columns { minima[base + disc.radius + column] = grid.values[row * columns + column] }
    for level in 1..<max(1, levels) {
      let (source, target, step) = (start(row, level - 1), start(row, level), 1 << (level - 1))
      unsafe minima.withUnsafeMutableBufferPointer { buffer in
        let base = unsafe buffer.baseAddress.unsafelyUnwrapped
        let overlap = width - step
        unsafe setMinimum(base + target, base + source, base + source + step, overlap)
        unsafe (base + target + overlap).update(from: base + source + overlap, count: step)
      }
    }
  }

  /// Writes one eroded row.
  func erode(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) {
    let result = unsafe target.baseAddress.unsafelyUnwrapped + row * columns
    unsafe result.initialize(repeating: .infinity, count: columns)
    unsafe minima.withUnsafeBufferPointer { buffer in
      let base = unsafe buffer.baseAddress.unsafelyUnwrapped
      for source in max(firstRow, row - disc.radius)...min(lastRow, row + disc.radius) {
        let reach = disc.reaches[abs(source - row)]
        let length = 2 * reach + 1
        let level = Int.bitWidth - 1 - length.leadingZeroBitCount
        let left = unsafe base + start(source, level) + disc.radius - reach
        unsafe lowerToMinimum(result, left, left + length - (1 << level), columns)
      }
    }
  }
}

/// `target[i] = min(a[i], b[i])`. The ranges do not overlap.
@inline(__always) private func setMinimum(
  _ target: UnsafeMutablePointer<Float>, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
  _ count: Int
) {
  for index in 0..<count { unsafe target[index] = a[index] < b[index] ? a[index] : b[index] }
}

/// `target[i] = min(target[i], a[i], b[i])`. The target does not overlap the others.
@inline(__always) private func lowerToMinimum(
  _ target: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int
) {
  for index in 0..<count {
    let least = unsafe a[index] < b[index] ? a[index] : b[index]
    unsafe target[index] = least < target[index] ? least : target[index]
  }
}
