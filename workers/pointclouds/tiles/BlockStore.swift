/// Sorts points into blocks. What is too much for memory goes to a scratch file, so memory does not grow with the points.
///
/// Points of a block stay in the order in which they were added.
final class BlockStore {
  private var blocks: [SortedPoints.Block] = []
  private var numbers: [SIMD2<Int>: Int] = [:]
  private var tails: [[StoredPoint]] = []
  private var buffered = 0
  private let bufferedMax: Int
  private let folder: String
  private var scratch: ScratchFile?
  private var end = 0

  /// - Parameters:
  ///   - folder: where a scratch file may lie.
  ///   - pointsInMemoryMax: so many may be in memory; 20 bytes each.
  init(folder: String, pointsInMemoryMax: Int) {
    self.folder = folder
    bufferedMax = pointsInMemoryMax
  }

  func add(_ part: GroupedPart) throws(PointCloudError) {
    for group in part.groups {
      let number = number(of: group.block)
      tails[number] += part.points[group.range]
      blocks[number].count += group.range.count
      blocks[number].low = min(blocks[number].low, group.low)
      blocks[number].high = max(blocks[number].high, group.high)
      buffered += group.range.count
    }
    if buffered > bufferedMax { try flush() }
  }

  private func number(of place: SIMD2<Int>) -> Int {
    if let number = numbers[place] { return number }
    numbers[place] = blocks.count
    blocks.append(SortedPoints.Block(place: place))
    tails.append([])
    return blocks.count - 1
  }

  /// Writes all that is in memory, block by block.
  private func flush() throws(PointCloudError) {
    let file: ScratchFile
    if let scratch { file = scratch } else { file = try ScratchFile(in: folder) }
    scratch = file
    for number in tails.indices where !tails[number].isEmpty {
      let start = end
      let written = unsafe tails[number].withUnsafeBytes { bytes in
        Result { () throws(PointCloudError) in try unsafe file.write(bytes, at: start) }
      }
      try written.get()
      blocks[number].extents.append(start)
      blocks[number].extentCounts.append(tails[number].count)
      end += tails[number].count * MemoryLayout<StoredPoint>.stride
      tails[number] = []
    }
    buffered = 0
  }

  /// All that was added. Nothing may be added after this.
  func sorted() -> SortedPoints {
    var first = 0
    for number in blocks.indices {
      blocks[number].first = first
      blocks[number].tail = tails[number]
      first += blocks[number].count
    }
    return SortedPoints(blocks: blocks, numbers: numbers, count: first, scratch: scratch)
  }
}

/// Points sorted into blocks.
struct SortedPoints: Sendable {
  struct Block: Sendable {
    let place: SIMD2<Int>
    var count = 0
    /// How many points the blocks before it have.
    var first = 0
    /// The least and the greatest step of its points' heights.
    var low = Int32.max
    var high = Int32.min
    /// Where in the scratch file its points lie, and how many at each place.
    fileprivate(set) var extents: [Int] = []
    fileprivate(set) var extentCounts: [Int] = []
    /// Those that are in memory, which follow the others.
    fileprivate(set) var tail: [StoredPoint] = []

    init(place: SIMD2<Int>) { self.place = place }
  }

  let blocks: [Block]
  /// The number of each block by its place.
  let numbers: [SIMD2<Int>: Int]
  let count: Int
  fileprivate let scratch: ScratchFile?

  /// Appends the points of a block, in their order.
  func append(_ number: Int, to points: inout [StoredPoint]) throws(PointCloudError) {
    let block = blocks[number]
    for (offset, count) in zip(block.extents, block.extentCounts) {
      let start = points.count
      points.append(contentsOf: repeatElement(StoredPoint(), count: count))
      let read = unsafe points.withUnsafeMutableBytes { bytes in
        let target = unsafe UnsafeMutableRawBufferPointer(
          rebasing: bytes[(start * MemoryLayout<StoredPoint>.stride)...])
        return Result { () throws(PointCloudError) in try unsafe scratch?.read(into: target, at: offset) }
      }
      _ = try read.get()
    }
    points += block.tail
  }
}

/// The points of one part of a file, those of each block together, in their order.
struct GroupedPart: Sendable {
  struct Group: Sendable {
    let block: SIMD2<Int>
    let range: Range<Int>
    /// The least and the greatest step of heights.
    let low: Int32
    let high: Int32
  }
  let points: [StoredPoint]
  let groups: [Group]
  let low: SIMD3<Int32>
  let high: SIMD3<Int32>
  /// Of the points in the order of the file.
  let fingerprint: UInt64

  /// - Complexity: O(n); a look into a table whenever two points that follow each other lie in different blocks.
  init(_ records: PointRecords, _ format: PointFormat, _ lattice: BlockLattice) {
    var (places, counts): ([SIMD2<Int>], [Int]) = ([], [])
    var heights: [(low: Int32, high: Int32)] = []
    var numbers: [SIMD2<Int>: Int] = [:]
    var (last, lastNumber) = (SIMD2<Int>(repeating: .max), -1)
    var (low, high) = (SIMD3<Int32>(repeating: .max), SIMD3<Int32>(repeating: .min))
    var read = [StoredPoint](repeating: StoredPoint(), count: records.count)
    var of = [Int32](repeating: 0, count: records.count)
    var fingerprint = Fingerprint()
    records.forEachStored(format) { index, point in
      let place = lattice.block(point.x, point.y)
      if place != last {
        last = place
        if let known = numbers[place] {
          lastNumber = known
        } else {
          lastNumber = places.count
          numbers[place] = lastNumber
          places.append(place)
          counts.append(0)
          heights.append((.max, .min))
        }
      }
      counts[lastNumber] += 1
      heights[lastNumber] = (min(heights[lastNumber].low, point.z), max(heights[lastNumber].high, point.z))
      of[index] = Int32(lastNumber)
      read[index] = point
      fingerprint.add(point)
      let position = SIMD3(point.x, point.y, point.z)
      low = pointwiseMin(low, position)
      high = pointwiseMax(high, position)
    }
    (self.low, self.high, self.fingerprint) = (low, high, fingerprint.value)
    var next: [Int] = []
    var start = 0
    for count in counts {
      next.append(start)
      start += count
    }
    groups = places.indices.map {
      Group(
        block: places[$0], range: next[$0]..<next[$0] + counts[$0], low: heights[$0].low, high: heights[$0].high)
    }
    guard places.count > 1 else {
      points = read
      return
    }
    var grouped = read
    for index in read.indices {
      let number = Int(of[index])
      grouped[next[number]] = read[index]
      next[number] += 1
    }
    points = grouped
  }
}
