import FoundationEssentials
import Numerics
import PointClouds
import Testing

/// A scan that is worked on tile by tile, with what does not fit in memory in a scratch file, gives what it gives as a whole.
@Suite struct TilesTests {
  private static let points = 30_000
  /// Some fifty tiles, and everything in scratch files.
  private static let tilePoints = 1_000

  private func scan(in folder: TemporaryFolder, isCompressed: Bool = false) throws -> (cloud: PointCloud, path: String)
  {
    let cloud = try ScanSimulator(seed: 21, points: Self.points).makeCloud()
    let path = "\(folder.path)/scan.la\(isCompressed ? "z" : "s")"
    try cloud.write(path: path, isCompressed: isCompressed)
    return (cloud, path)
  }

  private func maps(
    _ products: [RasterProduct], _ path: String, tilePoints: Int, threads: Int = 2, reach: Double = 100,
    cell: Double = 1
  ) throws -> (values: [RasterProduct: Grid<Float>], tiles: Int) {
    let folder = try TemporaryFolder()
    let parameters = RasterParameters(
      products: products, ground: .classified, reach: reach, gap: 0, filter: GroundParameters(cell: cell))
    let summary = try RasterPipeline.run(
      input: path, outputDirectory: folder.path, parameters: parameters, threads: threads, tilePointsMax: tilePoints)
    var values: [RasterProduct: Grid<Float>] = [:]
    for product in products {
      values[product] = try RasterInput(path: "\(folder.path)/\(product.rawValue).tif").values(sideMax: 10_000).grid
    }
    return (values, summary.tiles)
  }

  /// With cells whose borders points lie on, too.
  @Test(arguments: [(100.0, 1.0), (4, 1), (10, 0.3), (10, 0.1)])
  func `maps made of tiles are those of the whole, to the last bit`(reach: Double, cell: Double) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder).path
    let products: [RasterProduct] = [.dtm, .slope, .aspect, .dsm, .density, .intensity]
    let whole = try maps(products, path, tilePoints: 1_000_000, reach: reach, cell: cell)
    let tiled = try maps(products, path, tilePoints: Self.tilePoints, reach: reach, cell: cell)
    #expect(whole.tiles == 1 && tiled.tiles > 30)
    for product in products {
      let (one, other) = (try #require(whole.values[product]), try #require(tiled.values[product]))
      #expect(one.columns == other.columns && one.rows == other.rows)
      let isSame = zip(one.values, other.values).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
      #expect(isSame && one.values.contains { !$0.isNaN }, "\(product)")
    }
  }

  /// Of one tile, too, whose parts are shared between threads.
  @Test(arguments: [tilePoints, 1_000_000]) func `maps do not depend on the number of threads`(tilePoints: Int) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder, isCompressed: true).path
    let products = RasterProduct.allCases.filter { $0 != .hillshade && $0 != .contours }
    let one = try maps(products, path, tilePoints: tilePoints, threads: 1)
    let three = try maps(products, path, tilePoints: tilePoints, threads: 3)
    for product in products {
      let (first, second) = (try #require(one.values[product]), try #require(three.values[product]))
      let pairs = zip(first.values, second.values)
      #expect(
        first.values.count == second.values.count && pairs.allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "\(product)"
      )
    }
  }

  @Test(arguments: [1, 3]) func `ground found in tiles is that of the whole, and points keep their order`(
    threads: Int
  ) throws {
    let folder = try TemporaryFolder()
    let (cloud, path) = try scan(in: folder, isCompressed: true)
    let whole = try cloud.classifyGround(GroundParameters(lengthUnit: .metres)).classes
    let summary = try GroundPipeline.run(
      input: path, outputDirectory: folder.path, parameters: GroundParameters(lengthUnit: .metres), threads: threads,
      tilePointsMax: Self.tilePoints)
    let result = try PointCloud.read(path: "\(folder.path)/scan-classified.las")
    #expect(summary.tiles > 30 && summary.ground == result.classifications().count { $0 == 2 })
    let differing = zip(whole, result.classifications()).count { $0 != $1 }
    print("of \(cloud.count) points in \(summary.tiles) tiles, \(differing) differ from those of the whole")
    // What fills gaps reaches farther than a tile, by ever less.
    #expect(differing * 1_000 <= cloud.count)
    let changed = zip(cloud.recordBytes, result.recordBytes).enumerated().filter { $0.element.0 != $0.element.1 }
    #expect(changed.allSatisfy { $0.offset % 28 == 15 })
  }

  @Test func `work on tiles can be cancelled at any moment`() throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder).path
    var asked = 0
    for after in [0, 5, 60, 200] {
      let out = try TemporaryFolder()
      asked = 0
      let error = #expect(throws: PointCloudError.self) {
        try GroundPipeline.run(
          input: path, outputDirectory: out.path, threads: 1, tilePointsMax: Self.tilePoints,
          isCancelled: {
            asked += 1
            return asked > after
          })
      }
      // Whoever has said so is not asked again.
      #expect(error?.code == .cancelled && asked == after + 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: out.path).isEmpty)
    }
  }

  /// The bounds in its header decide on how a scan is cut up; if they are wrong, or all points lie in one corner of them, nothing
  /// that grows with the scan may be in memory, and the result is the same.
  @Test func `a header whose bounds are wrong changes nothing`() throws {
    let folder = try TemporaryFolder()
    let (cloud, path) = try scan(in: folder)
    let expected = try maps([.dsm], path, tilePoints: Self.tilePoints)
    // 227 bytes of header: the greatest and least of x, y and z begin at 179.
    for (name, bounds) in [("far", (1e6, -1e6)), ("none", (0.0, 0.0))] {
      var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      for axis in 0..<2 {
        for (place, value) in [(179 + 16 * axis, bounds.0), (187 + 16 * axis, bounds.1)] {
          withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.replaceSubrange(place..<place + 8, with: $0) }
        }
      }
      let wrong = "\(folder.path)/\(name).las"
      #expect(FileManager.default.createFile(atPath: wrong, contents: Data(bytes)))
      let found = try maps([.dsm], wrong, tilePoints: Self.tilePoints)
      #expect(found.tiles > 30, "\(name): \(found.tiles)")
      let pairs = zip(expected.values[.dsm]!.values, found.values[.dsm]!.values)
      #expect(pairs.allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN } && cloud.count == Self.points)
    }
  }

  @Test func `too many points in one place are refused`() throws {
    let folder = try TemporaryFolder()
    let cloud = try ScanSimulator(seed: 3, points: Self.points).makeCloud()
    let path = "\(folder.path)/heap.las"
    let place = cloud.header.minimum
    let heap = try cloud.setting(
      coordinates: Coordinates(
        x: Array(repeating: place.x, count: cloud.count), y: Array(repeating: place.y, count: cloud.count),
        z: Array(repeating: place.z, count: cloud.count)),
      scale: cloud.header.scale, offset: cloud.header.offset)
    try heap.write(path: path)
    let error = #expect(throws: PointCloudError.self) {
      try maps([.density], path, tilePoints: Self.tilePoints)
    }
    #expect(error?.code == .limitExceeded && error?.message.contains("\(cloud.count) points") == true)
    #expect(try maps([.density], path, tilePoints: Self.points).tiles == 1)
  }

  @Test func `the smallest scans are tiles as well`() throws {
    for count in [1, 2, 30] {
      let folder = try TemporaryFolder()
      let cloud = try ScanSimulator(seed: 3, points: count).makeCloud()
      try cloud.write(path: "\(folder.path)/a.las")
      let summary = try GroundPipeline.run(
        input: "\(folder.path)/a.las", outputDirectory: folder.path, tilePointsMax: 1)
      #expect(summary.points == count)
      #expect(try PointCloud.read(path: "\(folder.path)/a-classified.las").count == count)
    }
  }
}
