import Numerics

/// Closes gaps within the cloud: behind trees, below eaves, where nothing was scanned.
///
/// A sample without a point is filled where points lie around it, closer than `reach` in six of eight directions, so that
/// the outline of the cloud stays. It takes the nearest of those that lie deeper: what is behind goes on behind what
/// stands in front of it.
///
/// How far the next point is in each direction follows from the sample before it in that direction, so that two passes,
/// down and up, know all eight.
///
/// - Complexity: O(samples), whatever the reach. Memory: 4 bytes for each sample.
struct HoleFilling {
  /// In samples.
  private let reach: Int
  private let samples: PictureSamples
  /// For each sample how far the next point is in the first four directions; 0 for one that has a point itself.
  private let above: SharedColumn<SIMD4<UInt8>>

  /// Those that a pass down the rows knows, and their opposites, which a pass up knows.
  private static let directions: [(x: Int, y: Int)] = [(-1, 0), (-1, -1), (0, -1), (1, -1)]
  private static let missesMax = 2
  /// Farther than any reach.
  private static let far: UInt8 = 255

  init(_ samples: PictureSamples, _ parameters: PictureParameters) {
    // From above nothing hides anything: a gap there is one of the scan.
    let longer = parameters.pixels * parameters.supersampling
    let wanted = parameters.view == .above ? 4 * parameters.supersampling : max(4, longer / 50)
    reach = min(Int(Self.far) - 1, wanted)
    self.samples = samples
    above = SharedColumn(repeating: SIMD4(repeating: Self.far), count: samples.count)
  }

  /// Fills the samples.
  func fill(threads: Int) {
    samples.forEachBand(threads: threads, least: reach) { band in
      look(max(0, band.lowerBound - reach)..<band.upperBound, down: true) { index, steps in
        if index >= band.lowerBound * samples.columns { above[index] = steps }
      }
    }
    // Samples are filled from here on; which had a point before is known by `above` alone.
    samples.forEachBand(threads: threads, least: reach) { band in
      look(band.lowerBound..<min(samples.rows, band.upperBound + reach), down: false) { index, steps in
        if index < band.upperBound * samples.columns, steps != .zero, let key = found(index, above[index], steps) {
          samples.keys[index] = key
        }
      }
    }
  }

  /// Tells for each sample of some rows how far the next point is: in the directions, going down, or in their
  /// opposites, going up.
  @inline(__always) private func look(
    _ rows: Range<Int>, down: Bool, _ tell: (_ index: Int, _ steps: SIMD4<UInt8>) -> Void
  ) {
    let columns = samples.columns
    // What the samples of the row before say to those of this one, with one beyond either end.
    var before = [SIMD4<UInt8>](repeating: SIMD4(repeating: Self.far), count: columns + 2)
    var next = before
    for step in 0..<rows.count {
      let row = down ? rows.lowerBound + step : rows.upperBound - 1 - step
      var beside = Self.far
      for place in 0..<columns {
        let column = down ? place : columns - 1 - place
        let (index, side) = (row * columns + column, down ? -1 : 1)
        let hasPoint = down ? samples.keys[index] != PictureSamples.none : above[index] == .zero
        var steps = SIMD4(
          beside, before[column + 1 + side][1], before[column + 1][2], before[column + 1 - side][3])
        if hasPoint { steps = .zero }
        tell(index, steps)
        // One step more for the next; what is out of reach stays so.
        let more = (steps &+ 1).replacing(with: Self.far, where: steps .>= UInt8(truncatingIfNeeded: reach))
        beside = more[0]
        next[column + 1] = more
      }
      swap(&before, &next)
    }
  }

  /// What a sample without a point is filled with.
  @inline(__always) private func found(_ index: Int, _ above: SIMD4<UInt8>, _ below: SIMD4<UInt8>) -> UInt64? {
    var (misses, deepest, nearest) = (0, UInt64(0), UInt64.max)
    var (keys, distances) = (SIMD8<UInt64>.zero, SIMD8<UInt8>(lowHalf: above, highHalf: below))
    for number in 0..<8 {
      guard distances[number] != Self.far else {
        misses += 1
        if misses > Self.missesMax { return nil }
        continue
      }
      let direction = Self.directions[number & 3]
      let away = (direction.y * samples.columns + direction.x) * Int(distances[number])
      let key = samples.keys[number < 4 ? index + away : index - away]
      keys[number] = key
      (deepest, nearest) = (max(deepest, key), min(nearest, key))
    }
    // Depths as the bits of positive numbers are in their order; half way between them is deep enough.
    let middle = nearest / 2 + deepest / 2
    var best: UInt64?
    var least = Self.far
    for number in 0..<8 where keys[number] >= middle && distances[number] < least {
      (best, least) = (keys[number], distances[number])
    }
    return best
  }
}
