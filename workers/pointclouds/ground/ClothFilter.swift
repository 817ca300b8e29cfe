import Numerics

/// The cloth simulation filter: the scan is turned upside down, a cloth falls onto it, and points near the cloth are
/// ground.
///
/// Zhang, Qi, Wan, Wang, Xie, Wang, Yan: "An easy-to-use airborne LiDAR data filtering method based on cloth
/// simulation", Remote Sensing 8(6):501, 2016. Here the lowest point of a cell stops the particle above it (there the
/// one nearest to it), and gaps have the heights of a smooth surface.
///
/// - Complexity: O(points + cells × steps) time, about 30 bytes per cell and 2 per point.
struct ClothFilter {
  let parameters: ClothParameters
  let threads: Int
  /// Told how far the filter is, 0 to 1; answers whether to go on.
  let progress: (Double) -> Bool

  /// - Throws: `empty` without candidates, `limitExceeded`, `cancelled`.
  func run(_ positions: Positions, isCandidate: [Bool]) throws(PointCloudError) -> FoundGround {
    let surface = try LowestSurface(
      positions, isCandidate, cell: parameters.cell, limit: parameters.selection.cellsLimit(points: positions.count))
    let floor = surface.heights.filled { progress(0) }.map { -$0 }
    try report(0.1)
    var cloth = Cloth(over: floor, parameters: parameters)
    for step in 0..<parameters.stepsMax {
      let moved = cloth.fall(threads: threads)
      try report(0.1 + 0.8 * Double(step) / Double(parameters.stepsMax))
      if moved < Float(parameters.fall) * Self.restShare { break }
    }
    if parameters.smoothing > 0 { cloth.settle(within: Float(parameters.smoothing)) }
    try report(0.9)
    let terrain = cloth.heights.map { -$0 }
    let threshold = Float(parameters.threshold)
    let isGround = parallelMap(positions.count, threads: threads) { index in
      isCandidate[index] && abs(surface.residual(positions, index, terrain)) <= threshold
    }
    try report(1)
    return FoundGround(frame: surface.frame, isGround: isGround)
  }

  /// The cloth is at rest once no particle moves by more than this share of its first step: 5 mm with the usual
  /// weight.
  private static let restShare: Float = 0.06

  private func report(_ fraction: Double) throws(PointCloudError) {
    guard progress(fraction) else { throw .cancelled }
  }
}

/// A grid of particles that fall onto a floor and hold on to their neighbours.
///
/// Every pair of particles that are one or two apart along a row or a column is drawn together. Rows are done apart
/// from each other, then columns, so that the result does not depend on the number of threads.
struct Cloth {
  private(set) var heights: Grid<Float>
  private var before: [Float]
  /// 1 for particles that may move, 0 for those that lie on the floor.
  private var mobility: [Float]
  private let floor: Grid<Float>
  private let weight: Float
  /// What part of the difference each of two particles moves by, and one beside another that lies.
  private let both: Float
  private let single: Float

  /// What is lost of the speed in a step.
  private static let damping: Float = 0.01
  /// How much of the difference is taken each time that a pair is drawn together.
  private static let pull = 0.3

  init(over floor: Grid<Float>, parameters: ClothParameters) {
    self.floor = floor
    weight = Float(parameters.fall)
    // It starts just above the highest place.
    let start = (floor.values.max() ?? 0) + weight
    heights = floor.map { _ in start }
    before = heights.values
    mobility = Array(repeating: 1, count: floor.values.count)
    var (one, left) = (1.0, 1.0)
    for _ in 0..<parameters.rigidity {
      one *= 1 - Self.pull
      left *= 1 - 2 * Self.pull
    }
    (single, both) = (Float(1 - one), Float((1 - left) / 2))
  }

  private static let rowsPerTask = 16
  private static let columnsPerTask = 64

  /// One step.
  ///
  /// - Returns: how far the particle moved that moved farthest.
  mutating func fall(threads: Int) -> Float {
    let (columns, rows) = (floor.columns, floor.rows)
    let bands = (rows + Self.rowsPerTask - 1) / Self.rowsPerTask
    let blocks = (columns + Self.columnsPerTask - 1) / Self.columnsPerTask
    let moved = SharedColumn<Float>(repeating: 0, count: blocks)
    let (weight, both, single) = (weight, both, single)
    unsafe heights.values.withUnsafeMutableBufferPointer { heights in
      unsafe before.withUnsafeMutableBufferPointer { before in
        unsafe mobility.withUnsafeMutableBufferPointer { mobility in
          unsafe floor.values.withUnsafeBufferPointer { floor in
            nonisolated(unsafe) let cloth = unsafe Particles(
              heights: heights.baseAddress.unsafelyUnwrapped, before: before.baseAddress.unsafelyUnwrapped,
              mobility: mobility.baseAddress.unsafelyUnwrapped, floor: floor.baseAddress.unsafelyUnwrapped,
              columns: columns, rows: rows, weight: weight, damping: Self.damping, both: both, single: single)
            parallelFor(bands, threads: threads) { band in
              for row in band * Self.rowsPerTask..<min(rows, (band + 1) * Self.rowsPerTask) {
                unsafe cloth.fallAndPull(row: row)
              }
            }
            parallelFor(blocks, threads: threads) { block in
              let part = block * Self.columnsPerTask..<min(columns, (block + 1) * Self.columnsPerTask)
              moved[block] = unsafe cloth.pullAndStop(columns: part)
            }
          }
        }
      }
    }
    return moved.values.max() ?? 0
  }

  /// Lowers particles onto the floor, from those that lie on, where the floor goes on without a step.
  mutating func settle(within step: Float) {
    var waiting = mobility.indices.filter { mobility[$0] == 0 }
    while let index = waiting.popLast() {
      heights.values[index] = floor.values[index]
      let (row, column) = index.quotientAndRemainder(dividingBy: floor.columns)
      for (x, y) in [(column - 1, row), (column + 1, row), (column, row - 1), (column, row + 1)]
      where x >= 0 && x < floor.columns && y >= 0 && y < floor.rows {
        let near = y * floor.columns + x
        guard mobility[near] > 0, abs(floor.values[near] - floor.values[index]) < step else { continue }
        mobility[near] = 0
        waiting.append(near)
      }
    }
  }
}

/// The particles of a cloth, as the inner loops want them.
@unsafe private struct Particles {
  let heights: UnsafeMutablePointer<Float>
  let before: UnsafeMutablePointer<Float>
  let mobility: UnsafeMutablePointer<Float>
  let floor: UnsafePointer<Float>
  let columns: Int
  let rows: Int
  let weight: Float
  let damping: Float
  let both: Float
  let single: Float

  /// Draws two particles together.
  @inline(__always) private func pull(_ a: Int, _ b: Int) {
    let (freeA, freeB) = unsafe (mobility[a], mobility[b])
    let difference = unsafe heights[b] - heights[a]
    unsafe heights[a] += freeA * (single + freeB * (both - single)) * difference
    unsafe heights[b] -= freeB * (single + freeA * (both - single)) * difference
  }

  /// Lets a row fall, and draws together its particles.
  func fallAndPull(row: Int) {
    let (start, columns) = unsafe (row * columns, columns)
    for index in start..<start + columns {
      let height = unsafe heights[index]
      let speed = unsafe (height - before[index]) * (1 - damping)
      unsafe before[index] = height
      unsafe heights[index] = height + mobility[index] * (speed - weight)
    }
    for apart in 1...2 where columns > apart {
      for index in start..<start + columns - apart { unsafe pull(index, index + apart) }
    }
  }

  /// Draws together the particles of columns, and stops those that reach the floor.
  ///
  /// - Returns: how far the particle moved that moved farthest.
  func pullAndStop(columns part: Range<Int>) -> Float {
    let (columns, rows) = unsafe (columns, rows)
    for apart in 1...2 where rows > apart {
      for row in 0..<rows - apart {
        for column in part { unsafe pull(row * columns + column, (row + apart) * columns + column) }
      }
    }
    var farthest: Float = 0
    for row in 0..<rows {
      for index in row * columns + part.lowerBound..<row * columns + part.upperBound {
        if unsafe heights[index] <= floor[index] {
          unsafe heights[index] = floor[index]
          unsafe mobility[index] = 0
        }
        unsafe farthest = max(farthest, abs(heights[index] - before[index]) * mobility[index])
      }
    }
    return farthest
  }
}
