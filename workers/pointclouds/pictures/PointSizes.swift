import Glibc
import Numerics

/// How large points are drawn, so that surfaces are closed: by how many samples of each block have a point.
struct PointSizes {
  private static let block = 32
  /// Discs of this radius, in mean distances between points, leave about two samples in a hundred free of points that
  /// lie at random.
  private static let closing = 1.15

  /// A square of nine samples.
  private static let radiusMin = 1.5

  private let blockColumns: Int
  private let radii: [Float]

  init(_ samples: PictureSamples, _ parameters: PictureParameters) {
    let block = Self.block
    blockColumns = (samples.columns + block - 1) / block
    let blockRows = (samples.rows + block - 1) / block
    let blockColumns = blockColumns
    if let size = parameters.pointSize {
      radii = [Float](repeating: Float(size * Double(parameters.supersampling)) / 2, count: blockColumns * blockRows)
      return
    }
    var counts = [Int](repeating: 0, count: blockColumns * blockRows)
    for row in 0..<samples.rows {
      for column in 0..<samples.columns where samples.keys[row * samples.columns + column] != PictureSamples.none {
        counts[row / block * blockColumns + column / block] += 1
      }
    }
    let (spacings, usual) = Self.spacings(counts, blockColumns, blockRows)
    let radiusMax = max(
      Self.radiusMin, min(PictureParameters.pointSamplesMax / 2, Double(max(samples.columns, samples.rows)) / 60))
    radii = spacings.map { spacing in
      // Where there is little, as along the border, points stay about as large as elsewhere.
      Float(min(radiusMax, max(Self.radiusMin, Self.closing * min(spacing, 1.5 * usual))))
    }
  }

  /// The mean distance of points in each block and those around it, in samples, and the median of all.
  private static func spacings(_ counts: [Int], _ columns: Int, _ rows: Int) -> (each: [Double], usual: Double) {
    let size = Double(block * block)
    let each = counts.indices.map { index -> Double in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      var (sum, blocks) = (0, 0)
      for y in max(0, row - 1)...min(rows - 1, row + 1) {
        for x in max(0, column - 1)...min(columns - 1, column + 1) where counts[y * columns + x] > 0 {
          sum += counts[y * columns + x]
          blocks += 1
        }
      }
      guard blocks > 0 else { return 0 }
      // Points at random: the share of samples without one tells how many there were.
      let free = max(1 - Double(sum) / (size * Double(blocks)), 1e-3)
      return 1 / (-log(free)).squareRoot()
    }
    let sorted = zip(each, counts).filter { $0.1 > 0 }.map(\.0).sorted()
    return (each, sorted.isEmpty ? 1 : sorted[sorted.count / 2])
  }

  /// What is drawn: for each sample the point, and how deep its cone is there.
  private struct Target {
    let samples: PictureSamples
    let depths: SharedColumn<Float>
  }

  /// Each point as a cone whose tip is the point: nearer points hide what is behind, and among neighbours of one surface
  /// each sample has the colour and the depth of the point next to it.
  ///
  /// - Parameter slope: how much deeper a cone is for each sample from its tip.
  func spread(_ points: PictureSamples, slope: Float, threads: Int) -> PictureSamples {
    let reach = Int(radii.max() ?? 0)
    guard reach > 0 else { return points }
    let (columns, rows) = (points.columns, points.rows)
    let target = Target(
      samples: PictureSamples(columns: columns, rows: rows),
      depths: SharedColumn(repeating: Float.infinity, count: columns * rows))
    points.forEachBand(threads: threads, least: max(64, 2 * reach)) { band in
      for row in max(0, band.lowerBound - reach)..<min(rows, band.upperBound + reach) {
        for column in 0..<columns {
          let key = points.keys[row * columns + column]
          if key != PictureSamples.none { draw(key, column, row, band, slope, target) }
        }
      }
    }
    return target.samples
  }

  /// Draws a point in the rows of one band.
  @inline(__always) private func draw(
    _ key: UInt64, _ column: Int, _ row: Int, _ band: Range<Int>, _ slope: Float, _ target: Target
  ) {
    let columns = target.samples.columns
    let radius = radii[row / Self.block * blockColumns + column / Self.block]
    let reach = Int(radius)
    let depth = PictureSamples.depth(key)
    let first = max(band.lowerBound, row - reach)
    for y in first..<max(first, min(band.upperBound, row + reach + 1)) {
      for x in max(0, column - reach)...min(columns - 1, column + reach) {
        let away = Float((x - column) * (x - column) + (y - row) * (y - row))
        guard away <= radius * radius else { continue }
        let deeper = depth + away.squareRoot() * slope
        let index = y * columns + x
        // Of points that are equally near one is kept by its colour, whatever their order.
        guard
          deeper < target.depths[index] || deeper == target.depths[index] && key < target.samples.keys[index]
        else { continue }
        target.depths[index] = deeper
        target.samples.keys[index] = key
      }
    }
  }
}
