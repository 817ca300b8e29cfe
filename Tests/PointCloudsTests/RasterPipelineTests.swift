import FoundationEssentials
import PointClouds
import Testing

@Suite struct RasterPipelineTests {
  private func scan(in folder: TemporaryFolder, points: Int = 20_000, classified: Bool = false) throws -> String {
    let simulator = ScanSimulator(seed: 12, points: points)
    let cloud = try simulator.makeCloud()
    let path = "\(folder.path)/scan.las"
    // Ground here and there, as somebody might have marked it.
    let classes = zip(0..<cloud.count, cloud.classifications()).map { classified && $0 % 3 == 0 ? $1 : 0 }
    try cloud.write(path: path, classifications: classes)
    return path
  }

  @Test(arguments: [RasterParameters.Method.tin, .idw]) func `a scan becomes every map`(
    method: RasterParameters.Method
  ) throws {
    let folder = try TemporaryFolder()
    let parameters = RasterParameters(products: RasterProduct.allCases, method: method)
    let summary = try RasterPipeline.run(
      input: scan(in: folder), outputDirectory: folder.path, parameters: parameters, threads: 2)
    let rasters = ["dtm", "dsm", "chm", "intensity", "density", "slope", "aspect"]
    let pictures = ["dsm", "chm", "intensity", "density", "hillshade", "slope", "aspect"]
    #expect(
      Set(summary.outputs)
        == Set(rasters.map { $0 + ".tif" } + pictures.map { $0 + ".png" } + ["contours.geojson", "summary.json"]))
    for name in rasters {
      #expect(try bytes(ofFile: "\(folder.path)/\(name).tif").prefix(4) == [0x49, 0x49, 42, 0])
    }
    for name in pictures {
      #expect(try bytes(ofFile: "\(folder.path)/\(name).png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }
    let written = try bytes(ofFile: "\(folder.path)/summary.json")
    #expect(try JSONDecoder().decode(RasterSummary.self, from: Data(written)) == summary)
    #expect(
      summary.groundFrom == .find && summary.stages.map(\.stage) == ["read", "ground", "maps", "write"])
    #expect(Set(summary.maps.keys) == Set(rasters))
    let (dtm, dsm, chm) = (summary.maps["dtm"], summary.maps["dsm"], summary.maps["chm"])
    // The simulated landscape lies about 100 high, and nothing on it is higher than a tree.
    let (top, ground) = (try #require(dsm?.highest), try #require(dtm?.highest))
    let lowest = try #require(dtm?.lowest)
    #expect((80...120).contains(lowest) && top > ground)
    let (tallest, coverage) = (try #require(chm?.highest), try #require(dtm?.coverage))
    #expect(chm?.lowest == 0 && (2...45).contains(tallest) && coverage > 0.9, "coverage \(coverage)")
  }

  @Test func `a map is the same on any number of threads`() throws {
    var files: [[UInt8]] = []
    for threads in [1, 3] {
      let folder = try TemporaryFolder()
      let parameters = RasterParameters(products: [.dtm, .chm, .slope])
      _ = try RasterPipeline.run(
        input: scan(in: folder), outputDirectory: folder.path, parameters: parameters, threads: threads)
      files.append(try ["dtm", "chm", "slope"].flatMap { try bytes(ofFile: "\(folder.path)/\($0).tif") })
    }
    #expect(files[0] == files[1])
  }

  @Test func `ground that is classified is taken, and found where it is not`() throws {
    let folder = try TemporaryFolder()
    let input = try scan(in: folder, classified: true)
    func run(_ ground: RasterParameters.Ground) throws -> RasterSummary {
      try RasterPipeline.run(
        input: input, outputDirectory: folder.path, parameters: RasterParameters(products: [.dtm], ground: ground))
    }
    let (auto, classified, found) = (try run(.auto), try run(.classified), try run(.find))
    #expect(auto.groundFrom == .classified && auto.ground == classified.ground && auto.maps == classified.maps)
    #expect(found.groundFrom == .find && found.ground! > 2 * auto.ground!)
    let bare = try scan(in: folder)
    let error = #expect(throws: PointCloudError.self) {
      try RasterPipeline.run(
        input: bare, outputDirectory: folder.path, parameters: RasterParameters(products: [.dtm], ground: .classified))
    }
    #expect(error?.code == .empty && error?.remedy.contains("find") == true)
  }

  @Test func `maps of cells alone need no ground`() throws {
    let folder = try TemporaryFolder()
    let summary = try RasterPipeline.run(
      input: scan(in: folder), outputDirectory: folder.path,
      parameters: RasterParameters(products: [.density, .dsm, .intensity], ground: .classified, gap: 0))
    #expect(summary.ground == nil && summary.groundFrom == nil)
    #expect(summary.stages.map(\.stage) == ["read", "maps", "write"])
  }

  @Test func `steps so unequal that there is no surface are refused`() throws {
    let folder = try TemporaryFolder()
    var file = try bytes(ofFile: scan(in: folder, points: 500, classified: true))
    for (index, byte) in withUnsafeBytes(of: Double(1e-300).bitPattern.littleEndian, Array.init).enumerated() {
      file[139 + index] = byte
    }
    let path = "\(folder.path)/flat.las"
    try Data(file).write(to: URL(filePath: path))
    let error = #expect(throws: PointCloudError.self) {
      try RasterPipeline.run(
        input: path, outputDirectory: folder.path, parameters: RasterParameters(products: [.dtm], ground: .classified))
    }
    #expect(error?.code == .unsupported)
  }

  @Test func `wrong parameters are refused before anything is read`() throws {
    for parameters in [
      RasterParameters(products: []), RasterParameters(reach: 0), RasterParameters(reach: .nan),
      RasterParameters(gap: -1),
      RasterParameters(gap: 1e9), RasterParameters(contourInterval: 0),
      RasterParameters(filter: GroundParameters(cell: 0)),
    ] {
      let error = #expect(throws: PointCloudError.self) {
        try RasterPipeline.run(input: "/nowhere", outputDirectory: "/nowhere", parameters: parameters)
      }
      #expect(error?.code == .invalidParameter)
    }
  }

  @Test(arguments: [0, 3, 9, 20]) func `cancelling at any moment ends the run and leaves no half file`(after: Int)
    throws
  {
    let folder = try TemporaryFolder()
    let input = try scan(in: folder, points: 3_000)
    var asked = 0
    let error = #expect(throws: PointCloudError.self) {
      try RasterPipeline.run(
        input: input, outputDirectory: folder.path, parameters: RasterParameters(products: RasterProduct.allCases),
        isCancelled: {
          asked += 1
          return asked > after
        })
    }
    #expect(error?.code == .cancelled)
    #expect(!folder.names.contains { $0.hasSuffix(".partial") })
  }
}
