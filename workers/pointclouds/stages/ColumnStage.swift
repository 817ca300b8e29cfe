import Numerics

/// A stage that says more of each point, in numbers of 32 bits, and leaves all else of the cloud as it is. In which columns is known before any
/// point is read.
protocol ColumnStage: CloudStage {
  var columns: [StageColumn] { get }

  /// What there is to tell of some points, of which each has as many numbers as there are columns, one after another.
  func tally(_ rows: ArraySlice<Float>) -> ColumnTally
  /// What the summary is to say of all of them.
  func facts(_ tally: ColumnTally) -> [String: StageValue]
}

extension ColumnStage {
  var change: StageChange { .columns }
  /// Bytes that it says of each point.
  var columnBytes: Int { columns.count * MemoryLayout<Float>.size }

  /// The cloud with its columns.
  ///
  /// - Parameter rows: for each point as many numbers as there are columns.
  func result(_ cloud: PointCloud, _ rows: [Float], threads: Int) throws(PointCloudError) -> StageResult {
    let width = columns.count
    let added = columns.enumerated().map { place, column in
      column.filled(parallelMap(cloud.count, threads: threads) { rows[$0 * width + place] })
    }
    return StageResult(
      try cloud.adding(added, isReplacing: true, threads: threads), facts(tally(rows[...])))
  }
}

/// A column of a stage: an extra dimension of 32-bit floats.
struct StageColumn: Hashable, Sendable {
  let name: String
  let description: String

  init(_ name: String, _ description: String) { (self.name, self.description) = (name, description) }

  func filled(_ values: [Float]) -> ExtraColumn { ExtraColumn(name, .float32(values), description: description) }
}

/// What is told of the numbers of columns: the same in whatever order points come, and however they are parted.
struct ColumnTally: Sendable {
  var points = 0
  /// As many as a stage likes.
  var sums: [ExactSum]
  /// Of all numbers that there are.
  var lowest = Float.infinity
  var highest = -Float.infinity

  init(sums: Int = 0) { self.sums = [ExactSum](repeating: ExactSum(), count: sums) }

  mutating func add(_ other: ColumnTally) {
    points += other.points
    for place in sums.indices { sums[place].add(other.sums[place]) }
    (lowest, highest) = (min(lowest, other.lowest), max(highest, other.highest))
  }

  /// A sum's share of each point.
  func mean(_ sum: Int) -> Double { sums[sum].value / Double(max(1, points)) }
}

/// A stage whose columns follow from each point's nearest neighbours alone.
protocol NeighbourStage: ColumnStage {
  /// How many neighbours it looks at, the point among them.
  var neighbours: Int { get }

  /// Writes what it says of a point.
  ///
  /// - Parameters:
  ///   - found: its neighbours, nearest first, equal distances in the order of the file: so sums over them are the same to the last bit in
  ///     whatever part of a scan they were found.
  ///   - row: whose place in `rows`, counted in rows of all columns.
  func measure(_ found: Neighbourhood, into rows: SharedColumn<Float>, row: Int)
}

extension NeighbourStage {
  var reach: StageReach { .nearest(neighbours) }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    try runInMemory(cloud, context, progress: progress)
  }

  func runInMemory(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let tree = try context.tree(cloud)
    let rows = SharedColumn(repeating: Float(0), count: cloud.count * columns.count)
    let isWhole = tree.forEachNeighbourhood(
      k: neighbours, isSorted: true, threads: context.threads, keepGoing: { progress(0.5) }
    ) { found in measure(found, into: rows, row: found.point) }
    guard isWhole else { throw .cancelled }
    return try result(cloud, rows.values, threads: context.threads)
  }
}

extension StageContext {
  /// A tree over all points, counted from the least corner of the scan that they are of.
  func tree(_ cloud: PointCloud) throws(PointCloudError) -> KDTree {
    KDTree(
      try coordinates(cloud), origin: corners(cloud).origin(cloud.header, heightFactor: heightFactor), threads: threads)
  }
}
