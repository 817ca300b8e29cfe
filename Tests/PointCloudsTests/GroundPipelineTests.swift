import FoundationEssentials
import Glibc
import PointClouds
import Testing

@Suite struct GroundPipelineTests {
  private func scan(in folder: TemporaryFolder, points: Int = 20_000) throws -> String {
    let cloud = try ScanSimulator(seed: 12, points: points).makeCloud()
    let path = "\(folder.path)/scan.las"
    try cloud.write(path: path, classifications: [UInt8](repeating: 0, count: cloud.count))
    return path
  }

  @Test func `a scan becomes ground, terrain, picture and summary`() throws {
    let folder = try TemporaryFolder()
    let summary = try GroundPipeline.run(input: scan(in: folder), outputDirectory: folder.path, threads: 2)
    #expect(summary.points == 20_000)
    #expect(summary.outputs == ["scan-classified.las", "terrain.tif", "hillshade.png", "summary.json"])
    let cloud = try PointCloud.read(path: "\(folder.path)/scan-classified.las")
    #expect(cloud.classifications().count { $0 == 2 } == summary.ground)
    #expect((0.5...0.9).contains(summary.groundShare))
    let written = try bytes(ofFile: "\(folder.path)/summary.json")
    #expect(try JSONDecoder().decode(GroundSummary.self, from: Data(written)) == summary)
    #expect(summary.stages.map(\.stage) == ["read", "ground", "terrain", "write"])
    #expect(summary.inputOrigin.contains("SIMULATED"))
    #expect(try bytes(ofFile: "\(folder.path)/hillshade.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    #expect(try bytes(ofFile: "\(folder.path)/terrain.tif").prefix(4) == [0x49, 0x49, 42, 0])
    #expect((80...120).contains(try #require(summary.terrain.lowest)))
  }

  @Test func `progress grows from nothing to all`() throws {
    let folder = try TemporaryFolder()
    var fractions: [Double] = []
    var stages: [String] = []
    _ = try GroundPipeline.run(
      input: scan(in: folder), outputDirectory: folder.path,
      progress: { stage, fraction in
        fractions.append(fraction)
        if stages.last != stage { stages.append(stage) }
      })
    #expect(fractions.first == 0 && fractions.last == 1)
    #expect(zip(fractions, fractions.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(stages == ["read", "ground", "terrain", "write"])
  }

  @Test(arguments: [0, 3, 12, 25]) func `cancelling at any moment ends the run and leaves no half file`(after: Int)
    throws
  {
    let folder = try TemporaryFolder()
    let input = try scan(in: folder, points: 3_000)
    var asked = 0
    let error = #expect(throws: PointCloudError.self) {
      try GroundPipeline.run(
        input: input, outputDirectory: folder.path,
        isCancelled: {
          asked += 1
          return asked > after
        })
    }
    #expect(error?.code == .cancelled)
    #expect(access("\(folder.path)/summary.json", F_OK) != 0)
  }

  @Test func `degrees are refused with a way out`() throws {
    guard !SharedData.isAbsent, let shared = SharedData.folder else { return }
    let folder = try TemporaryFolder()
    let error = #expect(throws: PointCloudError.self) {
      try GroundPipeline.run(input: "\(shared)/lidar/formats/epsg_4326.las", outputDirectory: folder.path)
    }
    #expect(error?.code == .geographicCoordinates)
    #expect(error?.remedy.contains("Project") == true)
  }

  @Test func `feet are reported and metres are converted to them`() throws {
    guard !SharedData.isAbsent, let shared = SharedData.folder else { return }
    let folder = try TemporaryFolder()
    let summary = try GroundPipeline.run(
      input: "\(shared)/lidar/formats/autzen_trim.laz", outputDirectory: folder.path,
      parameters: GroundParameters(lengthUnit: .metres), threads: 2)
    #expect(summary.unit == "foot")
    #expect(abs(summary.effectiveParameters.cell * 0.3048 - 1) < 1e-9)
    #expect(abs(summary.effectiveParameters.threshold * 0.3048 - 0.5) < 1e-9)
    #expect(summary.effectiveParameters.slope == 0.15)
    #expect(summary.chunks == 3)
    #expect(summary.coordinateSystem?.name.contains("Lambert") == true)
  }

  @Test(arguments: [
    ("tiles/bcts_1.laz", 3005), ("forest/Topography.laz", 2949), ("forest/MixedConifer.laz", 26912),
    ("formats/epsg_4326.las", 4326),
  ]) func `coordinate systems are recognised`(file: String, epsg: Int) throws {
    guard !SharedData.isAbsent, let shared = SharedData.folder else { return }
    #expect(try PointCloud.read(path: "\(shared)/lidar/\(file)").coordinateSystem()?.epsg == epsg)
  }

  @Test func `a file without points is refused`() throws {
    guard !SharedData.isAbsent, let shared = SharedData.folder else { return }
    let folder = try TemporaryFolder()
    let error = #expect(throws: PointCloudError.self) {
      try GroundPipeline.run(input: "\(shared)/bad/lidar/pdal_no-points.las", outputDirectory: folder.path)
    }
    #expect(error?.code == .empty || error?.code == .geographicCoordinates)
  }

  @Test func `a folder that does not exist is a typed error`() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: PointCloudError.self) {
      try GroundPipeline.run(input: scan(in: folder, points: 500), outputDirectory: "\(folder.path)/missing")
    }
    #expect(error?.code == .fileAccess)
  }
}
