import PointClouds
import Testing

/// How two labellings agree, ground or not.
struct Confusion {
  var counts: [[Double]] = [[0, 0], [0, 0]]

  init(_ truth: [Bool], _ found: [Bool]) {
    for (a, b) in zip(truth, found) { counts[a ? 0 : 1][b ? 0 : 1] += 1 }
  }

  var total: Double { counts.joined().reduce(0, +) }
  var agreement: Double { (counts[0][0] + counts[1][1]) / total }
  /// Cohen's kappa: agreement beyond what chance gives.
  var kappa: Double {
    let byChance = (0..<2).reduce(0.0) { sum, label in
      sum + (counts[label][0] + counts[label][1]) * (counts[0][label] + counts[1][label]) / (total * total)
    }
    return (agreement - byChance) / (1 - byChance)
  }
}

@Suite struct GroundFilterTests {
  @Test func `the ISPRS samples are filtered as well as the literature says`() throws {
    guard !SharedData.isAbsent else { return }
    let files = SharedData.files(in: "lidar/isprs", endings: [".las"])
    #expect(files.count == 8)
    let scores = try files.map { path in
      let cloud = try PointCloud.read(path: path)
      let ground = try cloud.classifyGround(GroundParameters(), threads: 2)
      return Confusion(cloud.classifications().map { $0 == 2 }, ground.classes.map { $0 == 2 })
    }
    let error = scores.map { 1 - $0.agreement }.reduce(0, +) / 8
    let kappa = scores.map(\.kappa).reduce(0, +) / 8
    print("ISPRS: mean total error \(100 * error) %, mean kappa \(100 * kappa) %")
    #expect(error <= 0.044)
    #expect(kappa >= 0.88)
  }

  @Test func `labels agree with those of PDAL`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let name = "\(folder)/lidar/smrf-oracle/pc-16-estonia-boreal"
    let points = try rows(of: "\(name).csv").map { row in
      NewPoint(x: row[0], y: row[1], z: row[2], returnNumber: Int(row[3]), returnCount: Int(row[4]))
    }
    let truth = try rows(of: "\(name)__smrf.csv").map { $0[3] == 2 }
    let cloud = try PointCloud(points: points, systemIdentifier: "test", generatingSoftware: "test")
    let parameters = GroundParameters(window: 16, scalar: 0)
    let ground = try cloud.classifyGround(parameters, threads: 2)
    let found = ground.classes.map { $0 == 2 }
    // PDAL looks at last returns only and leaves the others alone; they would agree for free.
    let last = points.indices.filter { points[$0].returnNumber == points[$0].returnCount }
    let score = Confusion(last.map { truth[$0] }, last.map { found[$0] })
    print("PDAL: agreement \(score.agreement) over \(last.count) last returns")
    #expect(last.count == 51_520)
    #expect(score.agreement >= 0.99)
  }

  private func rows(of path: String) throws -> [[Double]] {
    String(decoding: try bytes(ofFile: path), as: UTF8.self).split(separator: "\n").dropFirst().map { line in
      line.split(separator: ",").map { Double($0) ?? .nan }
    }
  }

  /// Three points whose places no grid of so small cells can tell apart: the interpolation of the terrain ran off it.
  @Test func `coordinates too far away for their cells are refused`() throws {
    let points = (0..<3).map { NewPoint(x: Double($0), y: 0, z: 0) }
    let folder = try TemporaryFolder()
    let near = try PointCloud(points: points, systemIdentifier: "test", generatingSoftware: "test")
    try near.write(path: "\(folder.path)/near.las", classifications: near.classifications())
    var file = try bytes(ofFile: "\(folder.path)/near.las")
    // The offset of x lies at byte 155 of the header.
    let offset = withUnsafeBytes(of: 910_359_850_227_265.4.bitPattern.littleEndian, Array.init)
    file.replaceSubrange(155..<163, with: offset)
    let cloud = try PointCloud.read(bytes: file)
    let error = #expect(throws: PointCloudError.self) {
      try cloud.classifyGround(GroundParameters(cell: 0.05, window: 5))
    }
    #expect(error?.code == .limitExceeded && error?.message.contains("2^50") == true)
    #expect(try near.classifyGround(GroundParameters(cell: 0.05, window: 5)).groundCount > 0)
  }

  @Test func `the number of threads does not change the ground`() throws {
    let cloud = try PointCloud(points: slopeWithBox(), systemIdentifier: "test", generatingSoftware: "test")
    let one = try cloud.classifyGround(GroundParameters(), threads: 1)
    #expect(try cloud.classifyGround(GroundParameters(), threads: 4).classes == one.classes)
  }

  /// A plane that rises by a twentieth, with a box of ten by ten on it.
  private func slopeWithBox() -> [NewPoint] {
    (0..<60).flatMap { row in
      (0..<60).map { column in
        let isBox = (20..<30).contains(row) && (20..<30).contains(column)
        return NewPoint(x: Double(column), y: Double(row), z: Double(column) * 0.05 + (isBox ? 6 : 0))
      }
    }
  }

  @Test func `a box on a slope is not ground and the slope is`() throws {
    let points = slopeWithBox()
    let cloud = try PointCloud(points: points, systemIdentifier: "test", generatingSoftware: "test")
    let ground = try cloud.classifyGround(GroundParameters())
    let expected = points.map { $0.z > $0.x * 0.05 + 1 ? PointClass.unclassified : PointClass.ground }
    #expect(ground.classes == expected)
    #expect(ground.groundCount == 3_500)
  }

  @Test func `a window smaller than the box keeps it`() throws {
    let cloud = try PointCloud(points: slopeWithBox(), systemIdentifier: "test", generatingSoftware: "test")
    // A disc does not reach into the box's corners, so these few cells still go.
    #expect(try cloud.classifyGround(GroundParameters(window: 3)).groundCount > 3_550)
  }

  @Test func `a pit and noise do not pull the ground down`() throws {
    var points = slopeWithBox()
    points.append(NewPoint(x: 5.2, y: 5.2, z: -40))
    points.append(NewPoint(x: 40.2, y: 5.2, z: -60, classification: PointClass.lowNoise))
    let cloud = try PointCloud(points: points, systemIdentifier: "test", generatingSoftware: "test")
    let ground = try cloud.classifyGround(GroundParameters())
    #expect(ground.groundCount >= 3_499)
    #expect(ground.classes.suffix(2) == [PointClass.unclassified, PointClass.lowNoise])
  }

  @Test func `one stray point far away is a clear error`() throws {
    let points = slopeWithBox() + [NewPoint(x: 2_000_000, y: 1_000_000, z: 0)]
    let cloud = try PointCloud(points: points, systemIdentifier: "test", generatingSoftware: "test")
    let error = #expect(throws: PointCloudError.self) { try cloud.classifyGround(GroundParameters()) }
    #expect(error?.code == .limitExceeded)
    #expect(error?.remedy.contains("stray") == true)
  }

  @Test(arguments: [
    GroundParameters(cell: 0), GroundParameters(slope: -1), GroundParameters(window: .nan),
    GroundParameters(threshold: -0.1), GroundParameters(scalar: .infinity), GroundParameters(cell: 0.001),
  ]) func `parameters outside their range are refused`(parameters: GroundParameters) throws {
    let cloud = try PointCloud(points: slopeWithBox(), systemIdentifier: "test", generatingSoftware: "test")
    let error = #expect(throws: PointCloudError.self) { try cloud.classifyGround(parameters) }
    #expect(error?.code == .invalidParameter)
  }

  @Test func `an empty cloud has no ground`() throws {
    let cloud = try PointCloud(points: [], systemIdentifier: "test", generatingSoftware: "test")
    let error = #expect(throws: PointCloudError.self) { try cloud.classifyGround(GroundParameters()) }
    #expect(error?.code == .empty)
  }

  @Test func `one point is ground`() throws {
    let cloud = try PointCloud(
      points: [NewPoint(x: 1, y: 2, z: 3)], systemIdentifier: "test", generatingSoftware: "test")
    #expect(try cloud.classifyGround(GroundParameters()).groundCount == 1)
  }

  @Test func `cancelling ends the filter`() throws {
    let cloud = try PointCloud(points: slopeWithBox(), systemIdentifier: "test", generatingSoftware: "test")
    let error = #expect(throws: PointCloudError.self) {
      try cloud.classifyGround(GroundParameters()) { $0 < 0.3 }
    }
    #expect(error?.code == .cancelled)
  }
}
