import FoundationEssentials
import Glibc
import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

/// Merging, change and colours as pipelines: what their summaries say is what is in their files.
@Suite struct SeveralInputsTests {
  private let folder: TemporaryFolder
  private let output: String

  init() throws {
    folder = try TemporaryFolder()
    output = folder.path
  }

  private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  private func cloud(_ places: [SIMD3<Double>], scale: Double = 0.001, epsg: Int? = nil) throws -> PointCloud {
    try PointCloud(
      points: places.map { NewPoint(x: $0.x, y: $0.y, z: $0.z, intensity: 7, classification: 2) }, scale: scale,
      systemIdentifier: "TEST", generatingSoftware: "",
      wkt: epsg.map { try CoordinateSystem(definition: "EPSG:\($0)").wkt })
  }

  private func save(_ cloud: PointCloud, _ name: String) throws -> String {
    try cloud.write(path: path(name), isCompressed: name.hasSuffix("z"))
    return path(name)
  }

  private func simulated(_ seed: UInt64, points: Int = 4_000, format: Int = 6, _ name: String) throws -> String {
    let cloud = try ScanSimulator(
      SimulationParameters(seed: seed, extent: .points(points), density: 2, pointFormat: format)
    ).makeCloud()
    return try save(cloud, name)
  }

  /// A slope of 20 by 20 m with noise of 1 cm; east of the middle the later one lies higher by `rise`.
  private func slope(_ seed: UInt64, rise: Double = 0, count: Int = 8_000) -> [SIMD3<Double>] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let (x, y) = (random.number(in: 0...20), random.number(in: 0...20))
      return SIMD3(x, y, 100 + 0.1 * y + (x > 10 ? rise : 0) + random.number(in: -0.01...0.01))
    }
  }

  /// What the folder holds beside the inputs.
  private func results(_ inputs: [String]) -> Set<String> {
    Set(folder.names).subtracting(inputs.map { String($0.dropFirst(folder.path.count + 1)) } + [".", ".."])
  }

  /// Gives a run up at each of its first `count` questions whether to go on, and after it twice as many.
  private func expectCancelled(
    _ inputs: [String],
    _ run: (_ isCancelled: @escaping () -> Bool, _ progress: @escaping (Double) -> Void) throws -> Void
  ) throws {
    var limit = 0
    while limit < 64 {
      var (asked, last) = (0, 0.0)
      let error = #expect(throws: PointCloudError.self) {
        try run(
          {
            asked += 1
            return asked > limit
          },
          { share in
            #expect(share >= last && share < 1)
            last = share
          })
        // It came to its end before it asked so often.
        throw PointCloudError(.unsupported, "finished", remedy: "")
      }
      if error?.message == "finished" { break }
      // Each step of the work that has begun may ask once more.
      #expect(error?.code == .cancelled && asked <= limit + 8)
      #expect(!results(inputs).contains("summary.json"))
      limit += limit < 4 ? 1 : limit
    }
    #expect(limit > 2)
  }

  // MARK: - Merging

  private func merge(_ inputs: [String], _ parameters: MergeParameters = MergeParameters()) throws -> MergeSummary {
    try MergePipeline.run(inputs: inputs, outputDirectory: output, parameters: parameters, threads: 2)
  }

  @Test(arguments: [ScanFormat.laz, .las]) func `scans are merged in the order of the inputs`(format: ScanFormat) throws
  {
    let inputs = [
      try simulated(2, "b.laz"), try simulated(1, points: 3_000, format: 1, "a.las"),
      try simulated(3, points: 500, "c.laz"),
    ]
    let summary = try merge(inputs, MergeParameters(format: format))
    let parts = try inputs.map { try PointCloud.read(path: $0) }
    let merged = try PointCloud.read(path: path("merged.\(format.rawValue)"))
    #expect(summary.inputs.map(\.name) == ["b.laz", "a.las", "c.laz"])
    #expect(summary.inputs.map(\.points) == [4_000, 3_000, 500] && summary.points == 7_500 && merged.count == 7_500)
    #expect(merged.header.isCompressed == (format == .laz))
    #expect(summary.inputs[1].format == "LAS 1.2, point format 1")
    #expect(merged.intensities() == parts.flatMap { $0.intensities() })
    #expect(merged.classifications() == parts.flatMap { $0.classifications() })
    let (found, expected) = (try merged.coordinates().all, try parts.flatMap { try $0.coordinates().all })
    let moved = zip(found, expected).map { max(abs($0.x - $1.x), abs($0.y - $1.y), abs($0.z - $1.z)) }.max() ?? .nan
    #expect(moved <= summary.largestRounding + 1e-9)
    #expect(summary.minimum.x == found.map(\.x).min() && summary.maximum.z == found.map(\.z).max())
    #expect(summary.outputFormat == merged.header.summaryFormat)
    #expect(summary.outputs == ["merged.\(format.rawValue)", "merged.png", "summary.json"])
    #expect(results(inputs) == Set(summary.outputs))
    #expect(summary.stages.map(\.stage) == ["read", "merge", "write", "picture"])
    let written = try bytes(ofFile: path("summary.json"))
    #expect(try summary.json() == written)
    #expect(try JSONDecoder().decode(MergeSummary.self, from: Data(written)).json() == written)
  }

  @Test func `rounding is told where steps cannot be kept`() throws {
    let near = try save(cloud([SIMD3(1_050.123, 5, 5)]), "near.las")
    let far = try save(cloud([SIMD3(9_000_000.05, 5, 5)], scale: 0.01), "far.las")
    let summary = try merge([near, far])
    let merged = try PointCloud.read(path: path("merged.laz")).coordinates()
    #expect(summary.scale.x == 0.01 && summary.largestRounding > 0.0029 && summary.largestRounding <= 0.0050001)
    #expect(max(abs(merged.x[0] - 1_050.123), abs(merged.x[1] - 9_000_000.05)) <= summary.largestRounding + 1e-8)
  }

  @Test func `scans that do not go together are named, as are missing ones`() throws {
    let north = try save(cloud(slope(1, count: 50), epsg: 25_832), "north.laz")
    let east = try save(cloud(slope(2, count: 50), epsg: 25_833), "east.laz")
    let unknown = try save(cloud(slope(3, count: 50)), "unknown.laz")
    let none = try save(cloud(slope(3, count: 50)).keeping([]), "none.las")
    let error = #expect(throws: PointCloudError.self) { try merge([unknown, north, east]) }
    #expect(error?.code == .unsupported && error?.message.contains("1 is north.laz, 2 is east.laz") == true)
    let summary = try merge([unknown, none, north])
    #expect(summary.points == 100 && summary.inputs[1].points == 0 && summary.coordinateSystem?.epsg == 25_832)
    #expect(summary.warnings.contains { $0.contains("0 is unknown.laz") })
    for (inputs, code, part) in [
      ([], PointCloudError.Code.invalidParameter, "number of inputs is 0"), ([north], .invalidParameter, "inputs is 1"),
      (Array(repeating: north, count: 65), .invalidParameter, "inputs is 65"), ([none, none], .empty, "no points"),
      ([north, path("absent.laz")], .fileAccess, "absent.laz"),
    ] {
      let error = #expect(throws: PointCloudError.self) { try merge(inputs) }
      #expect(error?.code == code && error?.message.contains(part) == true, "\(String(describing: error))")
    }
    let other = #expect(throws: PointCloudError.self) { try merge([north, north], MergeParameters(format: .ply)) }
    #expect(other?.code == .invalidParameter)
    try write(Array("no scan at all, but long enough to be looked at".utf8), to: path("text.laz"))
    let text = #expect(throws: PointCloudError.self) { try merge([north, path("text.laz")]) }
    #expect(text?.message.contains("text.laz") == true)
  }

  @Test func `a merge can be given up`() throws {
    let inputs = [try simulated(1, "a.laz"), try simulated(2, "b.laz")]
    try expectCancelled(inputs) { isCancelled, progress in
      _ = try MergePipeline.run(
        inputs: inputs, outputDirectory: output, progress: { progress(min($1, 0.999)) }, isCancelled: isCancelled)
    }
  }

  // MARK: - Change

  private func change(_ inputs: [String], _ parameters: ChangeParameters = ChangeParameters()) throws -> ChangeSummary {
    try ChangePipeline.run(inputs: inputs, outputDirectory: output, parameters: parameters, threads: 2)
  }

  @Test(arguments: ChangeParameters.Direction.allCases)
  func `change is found where it is, and the summary counts what is in the file`(
    direction: ChangeParameters.Direction
  ) throws {
    let before = try cloud(slope(testSeed))
    let inputs = [try save(before, "before.laz"), try save(cloud(slope(testSeed &+ 1, rise: 0.3)), "after.laz")]
    let summary = try change(inputs, ChangeParameters(coreSize: 1, direction: direction, least: 5))
    let written = try PointCloud.read(path: path("change.laz"))
    let places = try written.coordinates().all
    let distances = try #require(written.extraValues(named: "Distance"))
    let levels = try #require(written.extraValues(named: "LevelOfDetection"))
    let significant = try #require(written.extraValues(named: "Significant"))
    let cubes = Set(try before.coordinates().all.map { $0.rounded(.down) })
    #expect(
      written.count == cubes.count && Set(places.map { $0.rounded(.down) }) == cubes
        && summary.corePoints == cubes.count)
    let measured = distances.filter { !$0.isNaN }.sorted()
    #expect(summary.measured == measured.count && measured.count > 350)
    let counted = significant.count { $0 == 1 }
    #expect(
      summary.significant == counted && abs(summary.significantShare - Double(counted) / Double(measured.count)) < 1e-12
    )
    for index in 0..<written.count {
      #expect((significant[index] == 1) == (abs(distances[index]) > levels[index]), "seed \(testSeed)")
    }
    #expect(abs(summary.distances.mean - measured.reduce(0, +) / Double(measured.count)) < 1e-6)
    let middle = (measured[(measured.count - 1) / 2] + measured[measured.count / 2]) / 2
    #expect(abs(summary.distances.median - middle) < 1e-6)
    #expect(abs(summary.distances.lowest - measured[0]) < 1e-6)
    // Straight up it is the rise, along the normal of a slope of 1 in 10 less.
    let rise = direction == .vertical ? 0.3 : 0.3 / (1 + 0.01).squareRoot()
    // Straight up on a slope, the scans' points lie at different places of a cylinder, and so at different heights.
    let slack = direction == .vertical ? 0.06 : 0.01
    let below = zip(places, distances).filter { $0.0.x < 8.5 && !$0.1.isNaN }.map { abs($0.1) }
    let above = zip(places, distances).filter { $0.0.x > 11.5 && !$0.1.isNaN }.map { abs($0.1 - rise) }
    let (worstBelow, worstAbove) = (try #require(below.max()), try #require(above.max()))
    #expect(worstBelow < slack && worstAbove < slack, "seed \(testSeed)")
    #expect(summary.pictureRange >= rise - slack && summary.pictureRange < 0.4)
    #expect(summary.earlier.name == "before.laz" && summary.later.name == "after.laz" && summary.later.points == 8_000)
    #expect(results(inputs) == ["change.laz", "change.png", "summary.json"])
    let file = try bytes(ofFile: path("summary.json"))
    #expect(try summary.json() == file)
    #expect(try JSONDecoder().decode(ChangeSummary.self, from: Data(file)).json() == file)
    let back = try change(inputs.reversed(), ChangeParameters(coreSize: 0, format: .las))
    #expect(back.corePoints == 8_000 && abs(back.distances.mean + summary.distances.mean) < 0.02)
    #expect(try PointCloud.read(path: path("change.las")).count == 8_000)
  }

  /// EPSG:2227 is in US survey feet: the same scans there, with the same parameters in metres.
  @Test func `lengths in metres are converted to those of the scans`() throws {
    let foot = 1_200.0 / 3_937
    let metric = [slope(4), slope(5, rise: 0.3)]
    func run(_ epsg: Int, _ unit: Double) throws -> ChangeSummary {
      let inputs = try metric.enumerated().map { index, places in
        try save(cloud(places.map { $0 / unit }, epsg: epsg), "\(epsg)-\(index).laz")
      }
      return try change(inputs, ChangeParameters(coreSize: 0, registrationError: 0.005, lengthUnit: .metres))
    }
    let (metres, feet) = (try run(25_832, 1), try run(2_227, foot))
    #expect(feet.unit.contains("foot") && abs(feet.measured - metres.measured) < 80)
    #expect(abs(feet.distances.mean * foot - metres.distances.mean) < 0.001)
    #expect(abs(feet.meanLevelOfDetection * foot - metres.meanLevelOfDetection) < 0.001)
    #expect(metres.meanLevelOfDetection > 1.96 * 0.005)
  }

  @Test func `scans that cannot be compared are refused`() throws {
    let first = try save(cloud(slope(1, count: 500), epsg: 25_832), "first.laz")
    let other = try save(cloud(slope(2, count: 500), epsg: 25_833), "other.laz")
    let degrees = try save(cloud(slope(2, count: 500), epsg: 4_326), "degrees.laz")
    let away = try save(cloud(slope(2, count: 500).map { $0 + SIMD3(500, 0, 0) }, epsg: 25_832), "away.laz")
    let none = try save(cloud(slope(3, count: 50)).keeping([]), "none.las")
    for (inputs, code, part) in [
      ([first], PointCloudError.Code.invalidParameter, "number of inputs is 1"),
      ([first, first, first], .invalidParameter, "inputs is 3"), ([first, other], .unsupported, "first.laz is in"),
      ([first, degrees], .geographicCoordinates, "degrees.laz"), ([first, none], .empty, "none.las"),
      ([first, away], .empty, "core points"), ([first, path("absent.laz")], .fileAccess, "absent.laz"),
    ] {
      let error = #expect(throws: PointCloudError.self) { try change(inputs) }
      #expect(error?.code == code && error?.message.contains(part) == true, "\(String(describing: error))")
    }
    for parameters in [
      ChangeParameters(coreSize: -1), ChangeParameters(coreSize: .nan), ChangeParameters(normalScale: 0),
      ChangeParameters(diameter: .infinity), ChangeParameters(depth: -1), ChangeParameters(registrationError: .nan),
      ChangeParameters(least: 1), ChangeParameters(format: .csv),
    ] {
      let error = #expect(throws: PointCloudError.self) { try change([first, first], parameters) }
      #expect(error?.code == .invalidParameter)
    }
  }

  @Test func `a comparison can be given up`() throws {
    let inputs = [try save(cloud(slope(1)), "a.laz"), try save(cloud(slope(2)), "b.laz")]
    try expectCancelled(inputs) { isCancelled, progress in
      _ = try ChangePipeline.run(
        inputs: inputs, outputDirectory: output, progress: { progress(min($1, 0.999)) }, isCancelled: isCancelled)
    }
  }

  // MARK: - Colours

  private func colour(_ inputs: [String], _ parameters: ColourParameters = ColourParameters()) throws -> ColourSummary {
    try ColourPipeline.run(inputs: inputs, outputDirectory: output, parameters: parameters, threads: 2)
  }

  /// 20 by 20 m north-west of (1000, 2000), red by column and green by row; the two northern rows have no data.
  private func photo(epsg: Int? = nil) throws -> String {
    let bytes = ColouringTests.tiff(40, 40, bands: 3, noData: 0, epsg: epsg) { column, row, band in
      row < 2 ? 0 : band == 0 ? 100 + column : band == 1 ? 100 + row : 9
    }
    try write(bytes, to: path("photo.tif"))
    return path("photo.tif")
  }

  @Test(arguments: PixelSampling.allCases) func `a scan is coloured, and the summary counts what was`(
    sampling: PixelSampling
  ) throws {
    let places = slope(testSeed, count: 3_000).map { $0 + SIMD3(998, 1_979, 0) }
    let inputs = [try save(cloud(places), "site.laz"), try photo()]
    let summary = try colour(inputs, ColourParameters(sampling: sampling))
    let written = try PointCloud.read(path: path("site-coloured.laz"))
    let colors = try #require(written.colors())
    let at = try written.coordinates().all
    // x from 998 to 1018 and y from 1979 to 1999, of which the picture has 1000 to 1020 and 1980 to 2000.
    let outside = at.count { $0.x < 1_000 || $0.y < 1_980 }
    let withoutData = at.count { $0.x >= 1_000 && $0.y > 1_999 }
    #expect(summary.outside == outside && outside > 300 && summary.withoutData == withoutData)
    #expect(summary.coloured == colors.count { $0 != .zero } && summary.coloured == 3_000 - outside - withoutData)
    if sampling == .nearest {
      for (place, color) in zip(at, colors) where color != .zero {
        // A point on the lower border belongs to the last row.
        let (column, row) = (UInt16((place.x - 1_000) / 0.5), min(39, UInt16((2_000 - place.y) / 0.5)))
        #expect(color == SIMD3(100 + column, 100 + row, 9) &* 257, "seed \(testSeed)")
      }
    }
    #expect(summary.photo.name == "photo.tif" && summary.photo.columns == 40 && summary.photo.rows == 40)
    #expect(summary.outputFormat == written.header.summaryFormat && summary.input.points == 3_000)
    #expect(results(inputs) == ["site-coloured.laz", "site-coloured.png", "summary.json"])
    let file = try bytes(ofFile: path("summary.json"))
    #expect(try summary.json() == file)
    #expect(try JSONDecoder().decode(ColourSummary.self, from: Data(file)).json() == file)
  }

  @Test func `pictures that do not go with a scan are refused`() throws {
    let inside = slope(1, count: 50).map { $0 + SIMD3(1_000, 1_980, 0) }
    let site = try save(cloud(inside, epsg: 25_832), "site.laz")
    let away = try save(cloud(slope(1, count: 50)), "away.laz")
    let none = try save(cloud(inside).keeping([]), "none.las")
    let photo = try photo(epsg: 25_833)
    for (inputs, code, part) in [
      ([site], PointCloudError.Code.invalidParameter, "number of inputs is 1"),
      ([site, photo, photo], .invalidParameter, "inputs is 3"), ([site, photo], .unsupported, "photo.tif"),
      ([photo, site], .unsupported, "site.laz"), ([none, photo], .empty, "none.las"),
      ([away, photo], .empty, "50 are outside"),
      ([site, path("absent.tif")], .fileAccess, "absent.tif"),
    ] {
      let error = #expect(throws: PointCloudError.self) { try colour(inputs) }
      #expect(error?.code == code && error?.message.contains(part) == true, "\(String(describing: error))")
    }
    let same = try self.photo(epsg: 25_832)
    #expect(try colour([site, same], ColourParameters(format: .las)).warnings.isEmpty)
    #expect(try PointCloud.read(path: path("site-coloured.las")).count == 50)
  }

  @Test func `colouring can be given up`() throws {
    let places = slope(1).map { $0 + SIMD3(1_000, 1_980, 0) }
    let inputs = [try save(cloud(places), "site.laz"), try photo()]
    try expectCancelled(inputs) { isCancelled, progress in
      _ = try ColourPipeline.run(
        inputs: inputs, outputDirectory: output, progress: { progress(min($1, 0.999)) }, isCancelled: isCancelled)
    }
  }
}

extension LASHeader {
  /// As summaries tell of a file.
  fileprivate var summaryFormat: String {
    "LAS 1.\(minorVersion), point format \(pointFormat.number)\(isCompressed ? ", compressed" : "")"
  }
}
