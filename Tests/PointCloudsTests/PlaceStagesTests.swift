import FoundationEssentials
import PointClouds
import Testing

@Suite struct PlaceStagesTests {
  private func run(_ cloud: PointCloud, _ stages: String) throws -> (cloud: PointCloud, summary: StagesSummary) {
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/scan.laz", isCompressed: true)
    let requests = try JSONDecoder().decode([StageRequest].self, from: Data(stages.utf8))
    let summary = try StagesPipeline.run(
      input: "\(folder.path)/scan.laz", outputDirectory: folder.path,
      parameters: StagesParameters(stages: requests, lengthUnit: .metres), threads: 2)
    #expect(summary.outputs == ["scan-processed.laz", "scan-processed.png", "summary.json"])
    #expect(try bytes(ofFile: "\(folder.path)/scan-processed.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    return (try PointCloud.read(path: "\(folder.path)/scan-processed.laz"), summary)
  }

  /// Ten by ten points, a metre apart, where EPSG:25832 is at home.
  private func lattice(_ wkt: String? = nil) throws -> PointCloud {
    var points: [NewPoint] = []
    for index in 0..<100 {
      let (row, column) = index.quotientAndRemainder(dividingBy: 10)
      points.append(
        NewPoint(x: 500_000 + Double(column), y: 5_800_000 + Double(row), z: Double(index % 7), intensity: 5))
    }
    return try PointCloud(points: points, systemIdentifier: "TEST", generatingSoftware: "", wkt: wkt)
  }

  @Test func `a box keeps its border, and its outside the rest`() throws {
    let cloud = try lattice()
    let box = #""min_x": 500002, "max_x": 500005, "max_y": 5800003"#
    let (inside, summary) = try run(cloud, "[{\"stage\": \"crop\", \(box)}]")
    #expect(inside.count == 16 && summary.steps[0].facts["removed"] == .integer(84))
    #expect(inside.header.minimum.x == 500_002 && inside.header.maximum.x == 500_005)
    #expect(try run(cloud, "[{\"stage\": \"crop\", \"keep\": \"outside\", \(box)}]").cloud.count == 84)
    let triangle = #""polygon": "POLYGON((500000 5800000, 500003 5800000, 500000 5800003, 500000 5800000))""#
    #expect(try run(cloud, "[{\"stage\": \"crop\", \(triangle)}]").cloud.count == 10)
  }

  @Test func `regions and targets that are none are refused by the place of their stage`() throws {
    let cloud = try lattice()
    for (stages, words) in [
      (#"[{"stage": "crop", "min_x": 2, "max_x": 1}]"#, "stage 1 (crop)"),
      (#"[{"stage": "crop", "polygon": "CIRCLE(1 2)"}]"#, "stage 1 (crop)"),
      (#"[{"stage": "thin"}, {"stage": "reproject"}]"#, "stage 2 (reproject)"),
      (#"[{"stage": "reproject", "target": "/etc/passwd"}]"#, "stage 1 (reproject)"),
    ] {
      let error = #expect(throws: PointCloudError.self) { try run(cloud, stages) }
      #expect(error?.code == .invalidParameter && error?.message.contains(words) == true, "\(stages)")
    }
  }

  /// Another try would not find a way either.
  @Test func `a system that nothing leads from is refused for good`() throws {
    let cloud = try lattice(#"LOCAL_CS["A site",UNIT["metre",1]]"#)
    let error = #expect(throws: PointCloudError.self) {
      try run(cloud, #"[{"stage": "reproject", "target": "EPSG:25832"}]"#)
    }
    #expect(error?.code == .unsupported)
  }

  /// There and back, and a stage that measures where the points are degrees between the two.
  @Test func `stages after a change of system measure in the new one`() throws {
    let cloud = try lattice(CoordinateSystem(definition: "EPSG:25832").wkt)
    let there = try run(cloud, #"[{"stage": "reproject", "target": "EPSG:4258"}]"#)
    #expect(there.summary.coordinateSystem?.isGeographic == true)
    #expect((8.9...9.1).contains(there.cloud.header.minimum.x) || (52.2...52.5).contains(there.cloud.header.minimum.x))
    let back = try run(
      there.cloud, #"[{"stage": "reproject", "target": "EPSG:25832"}, {"stage": "thin", "size": 2}]"#)
    // A cube has at most four columns of points, whose heights differ.
    #expect(abs(back.cloud.header.minimum.y - 5_800_000) < 2 && back.cloud.count >= 25 && back.cloud.count < 100)
    let error = #expect(throws: PointCloudError.self) {
      try run(
        cloud, #"[{"stage": "reproject", "target": "EPSG:4258"}, {"stage": "thin", "size": 2}]"#)
    }
    #expect(error?.code == .geographicCoordinates)
  }

  @Test func `a simulated scan is written with its picture, and says what it is`() throws {
    let folder = try TemporaryFolder()
    let summary = try SimulationPipeline.run(
      outputDirectory: folder.path,
      parameters: SimulationParameters(seed: 9, extent: .points(20_000), isCompressed: true), threads: 2)
    let cloud = try PointCloud.read(path: "\(folder.path)/simulated.laz")
    #expect(cloud.count == 20_000 && cloud.header.systemIdentifier.contains("SIMULATED"))
    for (kind, count) in summary.scan.pointsByClass { #expect(cloud.classifications().count { $0 == kind } == count) }
    #expect(try bytes(ofFile: "\(folder.path)/simulated.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    #expect(try bytes(ofFile: "\(folder.path)/summary.json") == summary.json())
    // The picture of the file is that of the cloud.
    try cloud.writePicture(
      path: "\(folder.path)/cloud.png", parameters: PictureParameters(coloring: .classification), threads: 1)
    #expect(try bytes(ofFile: "\(folder.path)/simulated.png") == bytes(ofFile: "\(folder.path)/cloud.png"))
    #expect(throws: PointCloudError.self) {
      try SimulationPipeline.run(
        outputDirectory: folder.path, parameters: SimulationParameters(extent: .points(1_000)), isCancelled: { true })
    }
  }
}
