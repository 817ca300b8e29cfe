import FoundationEssentials
import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct StagesPipelineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs stages, written as JSON, over a cloud.
  private func run(
    _ cloud: PointCloud, _ stages: String, format: ScanFormat = .laz, isCancelled: () -> Bool = { false }
  ) throws -> (cloud: PointCloud, summary: StagesSummary) {
    try cloud.write(path: "\(folder.path)/scan.laz", isCompressed: true)
    let requests = try JSONDecoder().decode([StageRequest].self, from: Data(stages.utf8))
    let summary = try StagesPipeline.run(
      input: "\(folder.path)/scan.laz", outputDirectory: folder.path,
      parameters: StagesParameters(stages: requests, format: format), threads: 2, isCancelled: isCancelled)
    let written = try bytes(ofFile: "\(folder.path)/summary.json")
    #expect(try summary.json() == written)
    #expect(try JSONDecoder().decode(StagesSummary.self, from: Data(written)).json() == written)
    return (try PointCloud.read(path: "\(folder.path)/\(summary.outputs[0])"), summary)
  }

  private func cloud(_ places: [SIMD3<Double>], classes: [UInt8]? = nil) throws -> PointCloud {
    try PointCloud(
      points: places.enumerated().map { index, place in
        NewPoint(
          x: place.x, y: place.y, z: place.z, intensity: UInt16(truncatingIfNeeded: index),
          classification: classes?[index] ?? 1)
      }, systemIdentifier: "TEST", generatingSoftware: "")
  }

  private func places(_ cloud: PointCloud) throws -> [SIMD3<Double>] { try cloud.coordinates().all }

  private func random(_ count: Int, in box: ClosedRange<Double>) -> [SIMD3<Double>] {
    var random = SeededGenerator(seed: testSeed)
    return (0..<count).map { _ in
      SIMD3(random.number(in: box), random.number(in: box), random.number(in: box)).rounded(toStep: 0.001)
    }
  }

  /// Against grouping by a dictionary: every voxel has one point, which is one of its own and the nearest to their mean.
  @Test func `a voxel keeps the point nearest to the mean of its points`() throws {
    let all = random(3_000, in: 0...10)
    let (kept, summary) = try run(cloud(all), #"[{"stage": "thin", "size": 1}]"#)
    var groups: [SIMD3<Double>: [Int]] = [:]
    for (index, place) in all.enumerated() { groups[place.rounded(.down), default: []].append(index) }
    let intensities = kept.intensities().map(Int.init)
    #expect(kept.count == groups.count && intensities == intensities.sorted())
    for index in intensities {
      let group = try #require(groups[all[index].rounded(.down)])
      let mean = group.reduce(SIMD3<Double>.zero) { $0 + all[$1] } / Double(group.count)
      let least = group.map { squaredLength(all[$0] - mean) }.min() ?? 0
      #expect(squaredLength(all[index] - mean) <= least + 1e-9, "seed \(testSeed)")
    }
    #expect(Set(intensities.map { all[$0].rounded(.down) }).count == groups.count)
    #expect(summary.pointsRead == 3_000 && summary.points == kept.count)
    #expect(summary.steps[0].facts["removed"] == .integer(3_000 - kept.count))
    #expect(summary.stages.map(\.stage) == ["read", "stage 1 (thin)", "write"])
    let centroids = try run(cloud(all), #"[{"stage": "thin", "size": 1, "keep": "centroid"}]"#).cloud
    for place in try places(centroids) {
      let group = try #require(groups[(place + 1e-9).rounded(.down)] ?? groups[(place - 1e-9).rounded(.down)])
      let mean = group.reduce(SIMD3<Double>.zero) { $0 + all[$1] } / Double(group.count)
      #expect(squaredLength(place - mean).squareRoot() < 0.001)
    }
  }

  @Test func `a random share is that share, and Poisson thinning keeps its distance`() throws {
    let all = random(2_000, in: 0...10)
    let half = try run(cloud(all), #"[{"stage": "thin", "method": "random", "share": 0.25}]"#)
    #expect(half.cloud.count == 500)
    let (kept, _) = try run(cloud(all), #"[{"stage": "thin", "method": "poisson", "distance": 0.8}]"#)
    let left = try places(kept)
    for (index, place) in left.enumerated() {
      #expect(left[(index + 1)...].allSatisfy { squaredLength($0 - place) >= 0.639_9 })
    }
    #expect(all.allSatisfy { place in left.contains { squaredLength($0 - place) <= 0.640_1 } })
  }

  @Test(arguments: ["statistical", "radius"]) func `points far away are marked or go`(method: String) throws {
    let all = random(2_000, in: 0...10) + [SIMD3(30, 30, 30), SIMD3(-20, 5, 60)]
    let marked = try run(
      cloud(all), #"[{"stage": "outliers", "method": "\#(method)", "neighbours": 4, "radius": 3, "class": 18}]"#)
    let classes = marked.cloud.classifications()
    #expect(classes.suffix(2) == [18, 18] && marked.cloud.count == 2_002)
    if method == "radius" {
      let far = all.map { place in all.count { squaredLength($0 - place) <= 9 } <= 4 }
      #expect(classes == far.map { $0 ? 18 : 1 })
    }
    let removed = try run(
      cloud(all),
      #"[{"stage": "outliers", "method": "\#(method)", "neighbours": 4, "radius": 3, "action": "remove"}]"#)
    #expect(removed.summary.steps[0].facts["outliers"] == marked.summary.steps[0].facts["outliers"])
    #expect(removed.cloud.intensities().map(Int.init) == classes.indices.filter { classes[$0] == 1 })
  }

  /// A roof of known slope: its normal is (−3, 0, 4) / 5 all over, and it is planar.
  @Test func `normals and features of a plane are those of the plane`() throws {
    var numbers = SeededGenerator(seed: testSeed)
    let all = (0..<2_000).map { _ -> SIMD3<Double> in
      let (x, y) = (numbers.number(in: 0...40), numbers.number(in: 0...40))
      return SIMD3(x, y, 0.75 * x)
    }
    let (made, summary) = try run(
      cloud(all), #"[{"stage": "normals"}, {"stage": "features", "scales": [10, 30]}]"#)
    for (name, value) in [("NormalX", -0.6), ("NormalY", 0), ("NormalZ", 0.8)] {
      let column = try #require(made.extraValues(named: name))
      #expect(column.allSatisfy { abs($0 - value) < 0.01 }, "\(name)")
    }
    for scale in [10, 30] {
      #expect(made.extraValues(named: "SurfaceVariation_\(scale)")?.allSatisfy { $0 < 1e-5 } == true)
      #expect(made.extraValues(named: "Verticality_\(scale)")?.allSatisfy { abs($0 - 0.2) < 0.01 } == true)
    }
    #expect(summary.extraDimensions.count == 19 && summary.extraDimensions == made.extraNames)
    #expect(made.header.pointFormat.number == 1 && made.count == 2_000)
  }

  @Test func `balls apart are clusters, and small ones are none where that is asked for`() throws {
    let ball = random(300, in: -0.5...0.5)
    let all =
      ball + ball.map { $0 + SIMD3(10, 0, 0) } + ball.prefix(30).map { $0 + SIMD3(0, 10, 0) } + [
        SIMD3(5, 5, 5)
      ]
    let (made, summary) = try run(
      cloud(all), #"[{"stage": "clusters", "radius": 0.6, "neighbours": 3, "least": 100}]"#)
    let labels = try #require(made.extraValues(named: "ClusterID"))
    #expect(labels == (0..<631).map { $0 < 300 ? 0 : $0 < 600 ? 1 : -1 })
    #expect(summary.steps[0].facts["clusters"] == .integer(2) && summary.steps[0].facts["largest"] == .integer(300))
  }

  @Test(arguments: ["growing", "sampling"]) func `floor and wall are two planes`(method: String) throws {
    var numbers = SeededGenerator(seed: testSeed)
    let floor = (0..<2_000).map { _ in SIMD3(numbers.number(in: 1...20), numbers.number(in: 0...20), 0) }
    let wall = (0..<1_000).map { _ in SIMD3(0, numbers.number(in: 0...20), numbers.number(in: 1...10)) }
    let (made, summary) = try run(
      cloud(floor + wall), #"[{"stage": "planes", "method": "\#(method)", "planes": 2, "distance": 0.05}]"#)
    let labels = try #require(made.extraValues(named: "PlaneID"))
    #expect(labels[..<2_000].count { $0 == 0 } > 1_950 && labels[2_000...].count { $0 == 1 } > 950)
    #expect(summary.steps[0].facts["level_planes"] == .integer(1))
  }

  @Test func `ground, heights above it and classes follow one another`() throws {
    let cloud = try ScanSimulator(seed: 4, points: 20_000).makeCloud()
    let (made, summary) = try run(
      cloud,
      """
      [{"stage": "ground", "slope": 0.3}, {"stage": "height_above_ground"},
       {"stage": "classes", "action": "drop", "classes": [2]}]
      """)
    let ground = try cloud.classifyGround(GroundParameters(slope: 0.3))
    #expect(summary.steps[0].facts["ground"] == .integer(ground.groundCount))
    #expect(made.count == cloud.count - ground.groundCount && !made.classifications().contains(2))
    let heights = try #require(made.extraValues(named: "HeightAboveGround"))
    // Against the height of the nearest ground point in the plane, which differs by the slope of the site.
    let all = try places(cloud)
    let low = all.indices.filter { ground.classes[$0] == 2 }.map { all[$0] }
    for (index, place) in try places(made).enumerated() where index % 97 == 0 {
      let nearest = low.min { flat($0 - place) < flat($1 - place) }
      #expect(abs(place.z - (nearest?.z ?? 0) - heights[index]) < 2)
    }
    #expect(heights.max() ?? 0 > 3)
  }

  private func flat(_ vector: SIMD3<Double>) -> Double { vector.x * vector.x + vector.y * vector.y }

  @Test func `what is not asked for is kept`() throws {
    guard !SharedData.isAbsent, let shared = SharedData.folder else { return }
    let cloud = try PointCloud.read(path: "\(shared)/lidar/formats/extrabytes.las")
    let (made, _) = try run(cloud, #"[{"stage": "normals"}]"#, format: .las)
    let (old, new) = (cloud.header.recordLength, made.header.recordLength)
    #expect(new == old + 12)
    for index in 0..<cloud.count {
      let isSame = made.recordBytes[index * new..<index * new + old].elementsEqual(
        cloud.recordBytes[index * old..<(index + 1) * old])
      #expect(isSame)
    }
    #expect(made.extraNames == cloud.extraNames + ["NormalX", "NormalY", "NormalZ"])
    // Once more writes over the columns that there are.
    #expect(try run(made, #"[{"stage": "normals"}]"#).cloud.extraNames == made.extraNames)
  }

  @Test(arguments: [
    (#"[{"stage": "thin"}, {"stage": "melt"}]"#, PointCloudError.Code.invalidParameter, "stage 2 (melt)"),
    (#"[{"stage": "thin", "siz": 1}]"#, .invalidParameter, "'siz'"),
    (#"[{"stage": "thin", "size": 0}]"#, .invalidParameter, "size is 0"),
    (#"[{"stage": "thin", "size": "big"}]"#, .invalidParameter, "size is not a number"),
    (#"[{"stage": "features", "scales": [1]}]"#, .invalidParameter, "scales"),
    (#"[{"stage": "classes"}]"#, .invalidParameter, "neither classes nor returns"),
    (#"[{"stage": "classes", "classes": [9]}]"#, .empty, "stage 1 (classes): no points are left"),
    (#"[{"stage": "height_above_ground"}]"#, .empty, "no point has class 2"),
    ("[]", .invalidParameter, "the number of stages is 0"),
  ]) func `what cannot be done is refused with its place`(
    stages: String, code: PointCloudError.Code, words: String
  ) throws {
    let points = try cloud(random(100, in: 0...10))
    let error = #expect(throws: PointCloudError.self) { try run(points, stages) }
    #expect(error?.code == code && error?.message.contains(words) == true, "\(String(describing: error))")
    #expect(folder.names.filter { !$0.hasPrefix(".") } == ["scan.laz"])
  }

  @Test func `a cancelled run leaves nothing`() throws {
    var asked = 0
    let points = try cloud(random(2_000, in: 0...10))
    let error = #expect(throws: PointCloudError.self) {
      try run(points, #"[{"stage": "features"}, {"stage": "clusters"}]"#) {
        asked += 1
        return asked > 4
      }
    }
    #expect(error?.code == .cancelled && folder.names.filter { !$0.hasPrefix(".") } == ["scan.laz"])
  }

  /// One place, one point, and points in a row: an answer or an error, but no crash.
  @Test(arguments: StageCatalogue.definitions.map(\.name), [1, 2, 500]) func `poor clouds do not crash a stage`(
    stage: String, count: Int
  ) throws {
    let one = Array(repeating: SIMD3<Double>(5, 5, 5), count: count)
    let row = (0..<count).map { SIMD3(Double($0), 0, 0) }
    for places in [one, row] {
      let points = try cloud(places, classes: Array(repeating: 2, count: count))
      let more = stage == "classes" ? #", "classes": [2]"# : ""
      do {
        let made = try run(points, #"[{"stage": "\#(stage)"\#(more)}]"#)
        #expect((1...count).contains(made.cloud.count))
      } catch let error as PointCloudError {
        #expect([.empty, .invalidParameter, .limitExceeded].contains(error.code), "\(error)")
      }
    }
  }
}

extension SIMD3<Double> {
  fileprivate func rounded(toStep step: Double) -> SIMD3<Double> { (self / step).rounded(.toNearestOrEven) * step }
}
