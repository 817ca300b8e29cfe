import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct COPCTests {
  private static let names = ["simple.copc.laz", "1.2-with-color.copc.laz"]

  private func coordinates(_ cloud: PointCloud) -> [Vector3] {
    let (x, y, z) = (cloud.integers(axis: 0), cloud.integers(axis: 1), cloud.integers(axis: 2))
    let (scale, offset) = (cloud.header.scale, cloud.header.offset)
    return (0..<cloud.count).map { index in
      Vector3(
        x: Double(x[index]) * scale.x + offset.x, y: Double(y[index]) * scale.y + offset.y,
        z: Double(z[index]) * scale.z + offset.z)
    }
  }

  @Test(arguments: names) func `a query without limits gives the whole file`(name: String) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/formats/\(name)"
    let (all, whole) = (try COPCFile(path: path).read(threads: 2), try PointCloud.read(path: path))
    #expect(all.recordBytes == whole.recordBytes && all.header.pointCount == whole.header.pointCount)
    #expect(all.records == whole.records && !all.records.contains { $0.userIdentifier == "copc" })
  }

  @Test(arguments: names) func `bounds give exactly the points within`(name: String) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/formats/\(name)"
    let whole = try PointCloud.read(path: path)
    let (low, high) = (whole.header.minimum, whole.header.maximum)
    let middle = Vector3(x: (low.x + high.x) / 2, y: (low.y + high.y) / 2, z: high.z)
    let bounds = Box(minimum: low, maximum: middle)
    let some = try COPCFile(path: path).read(bounds: bounds, fields: [.classification])
    let expected = coordinates(whole).filter(bounds.contains)
    #expect(!expected.isEmpty && expected.count < whole.count)
    #expect(coordinates(some) == expected)
    #expect(some.header.pointCount == UInt64(expected.count))
    let nowhere = Box(minimum: Vector3(x: 0, y: 0, z: 0), maximum: Vector3(x: 1, y: 1, z: 1))
    #expect(try COPCFile(path: path).read(bounds: nowhere).count == 0)
  }

  @Test(arguments: names) func `a finer resolution gives more points`(name: String) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let file = try COPCFile(path: "\(folder)/lidar/formats/\(name)")
    let counts = try [1, 2, 4, 1024].map { try file.read(resolution: file.spacing / $0).count }
    #expect(counts == counts.sorted() && counts[0] > 0 && counts[0] < counts[3])
    #expect(counts[3] == Int(file.header.pointCount))
    #expect(throws: PointCloudError.self) { try file.read(resolution: 0) }
  }

  /// As a job, with the box and the distance as text and number.
  @Test(arguments: names) func `a conversion reads what is asked for`(name: String) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/formats/\(name)"
    let out = try TemporaryFolder()
    let whole = try PointCloud.read(path: path)
    let (low, high) = (whole.header.minimum, whole.header.maximum)
    let bounds = "\(low.x),\(low.y),\((low.x + high.x) / 2),\(high.y)"
    let box = try Box(bounds)
    let some = try ConvertPipeline.run(
      input: path, outputDirectory: out.path, parameters: ConvertParameters(bounds: bounds))
    let expected = coordinates(whole).filter(box.contains)
    #expect(some.points == expected.count && some.pointsWorked >= some.points && some.points < whole.count)
    #expect(some.pointsWorked <= whole.count)
    let written = try PointCloud.read(path: "\(out.path)/\(some.outputs[0])")
    #expect(coordinates(written) == expected)
    let spacing = try COPCFile(path: path).spacing
    let coarse = try ConvertPipeline.run(
      input: path, outputDirectory: out.path, parameters: ConvertParameters(resolution: spacing))
    #expect(coarse.points == (try COPCFile(path: path).read(resolution: spacing).count))
    let nowhere = #expect(throws: PointCloudError.self) {
      try ConvertPipeline.run(
        input: path, outputDirectory: out.path, parameters: ConvertParameters(bounds: "0,0,1,1"))
    }
    #expect(nowhere?.code == .empty)
  }

  @Test func `a query of other files is refused`() throws {
    let folder = try TemporaryFolder()
    let cloud = try ScanSimulator(seed: 1, points: 50).makeCloud()
    for name in ["a.las", "a.laz"] {
      try cloud.write(path: "\(folder.path)/\(name)", isCompressed: name == "a.laz")
      for parameters in [ConvertParameters(bounds: "0,0,1,1"), ConvertParameters(resolution: 1)] {
        let error = #expect(throws: PointCloudError.self) {
          try ConvertPipeline.run(input: "\(folder.path)/\(name)", outputDirectory: folder.path, parameters: parameters)
        }
        #expect(error?.code == .unsupported && error?.message.contains("COPC") == true)
      }
    }
  }

  @Test(arguments: ["1,2,3", "1,2,3,x", "3,0,1,1", "0,0,5,1,1,4", "1,2,nan,4", "1,2,inf,4", ",,,", "1,2,3,4,5"])
  func `a box that is none is refused`(text: String) {
    let error = #expect(throws: PointCloudError.self) { try Box(text) }
    #expect(error?.code == .invalidParameter)
  }

  @Test func `a box is read with heights and without`() throws {
    let flat = try Box("1, 2, 3, 4")
    #expect(flat.contains(Vector3(x: 1, y: 4, z: -1e9)) && !flat.contains(Vector3(x: 0.9, y: 4, z: 0)))
    let high = try Box("1,2,-5,3,4,6.5")
    #expect(high.contains(Vector3(x: 2, y: 3, z: 6.5)) && !high.contains(Vector3(x: 2, y: 3, z: 7)))
  }

  @Test func `other files are refused by name`() throws {
    let cloud = try ScanSimulator(seed: 1, points: 50).makeCloud()
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/a.laz", isCompressed: true)
    let error = #expect(throws: PointCloudError.self) { try COPCFile(path: "\(folder.path)/a.laz") }
    #expect(error?.code == .unsupported && error?.message.contains("COPC") == true)
  }

  /// Damage to the header, the octree's records and its pages, which lie outside the points.
  @Test func `no mutation of a sound file crashes a query`() throws {
    guard !SharedData.isAbsent, let shared = SharedData.folder else { return }
    let file = try bytes(ofFile: "\(shared)/lidar/formats/simple.copc.laz")
    let pages = file.count - 3_000..<file.count
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: testSeed)
    var outcomes: [String: Int] = [:]
    for _ in 0..<300 {
      var mutant = file
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let range = Bool.random(using: &random) ? pages : 0..<700
        mutant[Int.random(in: range, using: &random)] = [0, 1, 0x7F, 0xFF].randomElement(using: &random) ?? 0
      }
      let path = "\(folder.path)/mutant.copc.laz"
      try write(mutant, to: path)
      do throws(PointCloudError) {
        _ = try COPCFile(path: path).read(resolution: 1)
        outcomes["parsed", default: 0] += 1
      } catch {
        #expect(!error.message.isEmpty && !error.remedy.isEmpty, "seed \(testSeed)")
        outcomes[error.code.rawValue, default: 0] += 1
      }
    }
    print("COPC mutations (seed \(testSeed)): \(outcomes.sorted { $0.key < $1.key })")
    #expect(outcomes["corrupt", default: 0] > 0 && outcomes["parsed", default: 0] > 0, "seed \(testSeed)")
  }
}
