import Glibc
import Numerics

/// Shades what lies deeper than its surroundings (Boucheny 2009, section 4.4).
///
/// The depth of a sample is compared with those of eight neighbours, in logarithms, at two distances. Unlike there,
/// opposite neighbours are taken together: on an inclined plane one is as much nearer as the other is further, so that
/// only edges and hollows become dark.
struct EyeDomeLighting: Sendable {
  private let strength: Float
  /// How far the nearest neighbours are, in samples.
  private let reach: Int
  private let columns: Int
  private let rows: Int
  /// Logarithms of depths, endless where there is no point; none where nothing is shaded.
  private let depths: SharedColumn<Float>
  private let samplesPerLogarithm: Float

  /// Half of the neighbours; the others are opposite.
  private static let directions: [(x: Int, y: Int)] = [(1, 0), (1, 1), (0, 1), (-1, 1)]
  private static let darkest: Float = 0.3
  /// How much darker a drop by as much as the neighbour is away is, at the usual strength.
  private static let darkening: Float = 0.5

  /// - Parameter sampleSize: how wide a sample is, in the middle of the cloud.
  init(_ samples: PictureSamples, _ parameters: PictureParameters, sampleSize: Float, threads: Int) {
    (strength, reach) = (Float(parameters.shading), parameters.supersampling)
    (columns, rows) = (samples.columns, samples.rows)
    depths = SharedColumn(repeating: Float.infinity, count: strength > 0 ? samples.count : 0)
    // The nearest point of all is the least key.
    var least = PictureSamples.none
    if strength > 0 {
      for index in 0..<samples.count { least = min(least, samples.keys[index]) }
      let depths = depths
      samples.forEachBand(threads: threads, least: 1) { band in
        for index in band.lowerBound * samples.columns..<band.upperBound * samples.columns {
          let key = samples.keys[index]
          if key != PictureSamples.none { depths[index] = log2(PictureSamples.depth(key)) }
        }
      }
    }
    // A drop of a logarithm is one of so many samples, about.
    samplesPerLogarithm = PictureSamples.depth(least) * log(2) / sampleSize
  }

  /// How bright a sample is that has a point, from 0 to 1.
  @inline(__always) func shade(_ column: Int, _ row: Int) -> Float {
    guard strength > 0 else { return 1 }
    var response: Float = 0
    for (distance, weight) in [(reach, Float(0.6)), (4 * reach, Float(0.4))] {
      response += weight * drop(column, row, distance) * samplesPerLogarithm / Float(distance)
    }
    return response > 0 ? max(Self.darkest, exp(-strength * Self.darkening * response)) : 1
  }

  /// How much deeper a sample is than pairs of opposite neighbours, on average.
  @inline(__always) private func drop(_ column: Int, _ row: Int, _ distance: Int) -> Float {
    let index = row * columns + column
    let depth = depths[index]
    var sum: Float = 0
    for direction in Self.directions {
      let (dx, dy) = (direction.x * distance, direction.y * distance)
      guard column - abs(dx) >= 0, column + abs(dx) < columns, row - dy >= 0, row + dy < rows else { continue }
      let (one, other) = (depths[index + dy * columns + dx], depths[index - dy * columns - dx])
      // Nothing behind the cloud's border is compared with.
      guard one < .infinity, other < .infinity else { continue }
      sum += max(0, depth - (one + other) / 2)
    }
    return sum / Float(Self.directions.count)
  }
}
