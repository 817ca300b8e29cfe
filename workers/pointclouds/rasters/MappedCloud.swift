import Numerics

/// A scan whose points lie in the cells of a map. Noise (classes 7 and 18) does not count.
struct MappedCloud {
  let scan: Scan
  let frame: GridFrame
  let cells: PointsInCells

  init(_ scan: Scan, _ frame: GridFrame, threads: Int) {
    self.scan = scan
    self.frame = frame
    let counts = scan.cloud.classifications(threads: threads).map { !PointClass.isNoise($0) }
    cells = PointsInCells(scan.positions, frame, counts: counts, threads: threads)
  }

  /// Of each point, in the file's vertical unit.
  func heights(threads: Int) -> [Float] {
    parallelMap(scan.positions.count, threads: threads) { Float(scan.positions.height($0)) }
  }

  /// Of each first return the intensity; NaN of the others.
  func firstIntensities(threads: Int) -> [Float] {
    zip(scan.cloud.intensities(threads: threads), scan.cloud.returnNumbers(threads: threads)).map { intensity, number in
      number <= 1 ? Float(intensity) : .nan
    }
  }
}

/// Which points of a scan are ground, and how that is known.
struct GroundPoints {
  let classification: GroundClassification
  /// `classified` or `find`.
  let source: RasterParameters.Ground

  var isGround: [Bool] { classification.classes.map { $0 == PointClass.ground } }

  /// A surface has three corners.
  private static let pointsMin = 3

  /// - Throws: `empty` where fewer than three points are ground; as `PointCloud.classifyGround`.
  init(
    _ scan: Scan, _ parameters: RasterParameters, _ frame: GridFrame, threads: Int, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let classes = scan.cloud.classifications(threads: threads)
    let known = classes.count { $0 == PointClass.ground }
    if parameters.ground == .classified || parameters.ground == .auto && known >= Self.pointsMin {
      source = .classified
      classification = GroundClassification(classes: classes, groundCount: known, frame: frame)
    } else {
      source = .find
      let found = try scan.cloud.classifyGround(
        scan.positions.withHeights(times: scan.heightFactor), parameters.filter, threads: threads, progress: keepGoing)
      classification = GroundClassification(classes: found.classes, groundCount: found.groundCount, frame: frame)
    }
    guard classification.groundCount >= Self.pointsMin else {
      throw PointCloudError(
        .empty, "\(classification.groundCount) of the points are ground, which make no surface",
        remedy: source == .classified
          ? "Have ground found (`ground` = `find`), or classify it first."
          : "Check the parameters of the ground filter.")
    }
  }
}

extension GridFrame {
  /// The heights of a surface at the centres of cells; NaN where there is none.
  func heights(of surface: TriangulatedSurface, threads: Int) -> Grid<Float> {
    let values = parallelMap(columns * rows, threads: threads) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      return surface.height(SIMD2(x + Double(column) * cell, y + Double(row) * cell)).map(Float.init) ?? .nan
    }
    return Grid(columns: columns, rows: rows, values: values)
  }
}
