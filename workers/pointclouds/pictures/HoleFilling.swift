import Numerics

/// Closes gaps within the cloud: behind trees, below eaves, where nothing was scanned.
///
/// A sample without a point is filled where points lie around it, closer than `reach` in six of eight directions, so
/// that the outline of the cloud stays. It takes the nearest of those that lie deeper: what is behind goes on behind
/// what stands in front of it.
struct HoleFilling {
  /// In samples.
  let reach: Int

  private static let directions: [(x: Int, y: Int)] = [
    (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1),
  ]
  private static let missesMax = 2
  /// Points are discs of three samples at least: every other one is looked at.
  private static let stride = 2

  init(_ parameters: PictureParameters) {
    // From above nothing hides anything: a gap there is one of the scan.
    let samples = parameters.pixels * parameters.supersampling
    reach = parameters.view == .above ? 4 * parameters.supersampling : max(4, samples / 50)
  }

  func filled(_ keys: Grid<UInt64>, threads: Int) -> Grid<UInt64> {
    Grid(
      columns: keys.columns, rows: keys.rows,
      values: parallelMap(keys.values.count, threads: threads) { index in
        let key = keys.values[index]
        return key == CloudPicture.empty ? fill(keys, index) : key
      })
  }

  private func fill(_ keys: Grid<UInt64>, _ index: Int) -> UInt64 {
    let (row, column) = index.quotientAndRemainder(dividingBy: keys.columns)
    var (found, steps) = (SIMD8<UInt64>(repeating: 0), SIMD8<Int32>(repeating: .max))
    var (misses, deepest, nearest) = (0, UInt64(0), UInt64.max)
    for (number, direction) in Self.directions.enumerated() {
      guard let hit = look(keys, column, row, direction) else {
        misses += 1
        if misses > Self.missesMax { return CloudPicture.empty }
        continue
      }
      (found[number], steps[number]) = (hit.key, Int32(hit.steps))
      (deepest, nearest) = (max(deepest, hit.key), min(nearest, hit.key))
    }
    // Depths as the bits of positive numbers are in their order; half way between them is deep enough.
    let middle = nearest / 2 + deepest / 2
    var (best, least) = (deepest, Int32.max)
    for number in 0..<8 where found[number] >= middle && found[number] != 0 && steps[number] < least {
      (best, least) = (found[number], steps[number])
    }
    return best
  }

  /// The first sample with a point in a direction.
  @inline(__always) private func look(
    _ keys: Grid<UInt64>, _ column: Int, _ row: Int, _ direction: (x: Int, y: Int)
  ) -> (key: UInt64, steps: Int)? {
    var step = 1
    while step <= reach {
      let (x, y) = (column + step * direction.x, row + step * direction.y)
      guard x >= 0, y >= 0, x < keys.columns, y < keys.rows else { return nil }
      let key = keys.values[y * keys.columns + x]
      if key != CloudPicture.empty { return (key, step) }
      step += Self.stride
    }
    return nil
  }
}
