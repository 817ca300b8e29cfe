import Glibc
import Numerics

/// Shades what lies deeper than its surroundings (Boucheny 2009, section 4.4).
///
/// The depth of a sample is compared with those of eight neighbours, in logarithms, at two distances. Unlike there,
/// opposite neighbours are taken together: on an inclined plane one is as much nearer as the other is further, so that
/// only edges and hollows become dark.
struct EyeDomeLighting {
  let strength: Double
  /// How far the nearest neighbours are, in samples.
  let reach: Int
  /// How wide a sample is, in the middle of the cloud.
  let sampleSize: Float

  /// Half of the neighbours; the others are opposite.
  private static let directions: [(x: Int, y: Int)] = [(1, 0), (1, 1), (0, 1), (-1, 1)]
  private static let darkest: Float = 0.3
  /// How much darker a drop by as much as the neighbour is away is, at the usual strength.
  private static let darkening: Float = 0.5

  /// How bright each sample is, from 0 to 1.
  func shades(_ keys: Grid<UInt64>, threads: Int) -> [Float] {
    guard strength > 0 else { return [Float](repeating: 1, count: keys.values.count) }
    let depths = parallelMap(keys.values.count, threads: threads) { index in
      let key = keys.values[index]
      return key == CloudPicture.empty ? Float.infinity : log2(Float(bitPattern: UInt32(key >> 32)))
    }
    // A drop of a logarithm is one of so many samples, about.
    let filled = keys.values.lazy.filter { $0 != CloudPicture.empty }
    guard let nearest = filled.map({ Float(bitPattern: UInt32($0 >> 32)) }).min() else { return depths.map { _ in 1 } }
    let samplesPerLogarithm = nearest * log(2) / sampleSize
    return parallelMap(depths.count, threads: threads) { index in
      guard depths[index] < .infinity else { return 1 }
      var response: Float = 0
      for (distance, weight) in [(reach, Float(0.6)), (4 * reach, Float(0.4))] {
        let drop = drop(depths, index, distance, keys.columns, keys.rows) * samplesPerLogarithm / Float(distance)
        response += weight * drop
      }
      return max(Self.darkest, exp(-Float(strength) * Self.darkening * response))
    }
  }

  /// How much deeper a sample is than pairs of opposite neighbours, on average.
  @inline(__always) private func drop(
    _ depths: [Float], _ index: Int, _ distance: Int, _ columns: Int, _ rows: Int
  ) -> Float {
    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
    let depth = depths[index]
    var sum: Float = 0
    for direction in Self.directions {
      let (dx, dy) = (direction.x * distance, direction.y * distance)
      guard column - abs(dx) >= 0, column + abs(dx) < columns, row - abs(dy) >= 0, row + abs(dy) < rows else {
        continue
      }
      let (one, other) = (depths[index + dy * columns + dx], depths[index - dy * columns - dx])
      // Nothing behind the cloud's border is compared with.
      guard one < .infinity, other < .infinity else { continue }
      sum += max(0, depth - (one + other) / 2)
    }
    return sum / Float(Self.directions.count)
  }
}
