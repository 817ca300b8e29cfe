import FoundationEssentials
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct ConvertPipelineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ path: String, _ parameters: ConvertParameters = ConvertParameters()) throws -> ConvertSummary {
    try ConvertPipeline.run(input: path, outputDirectory: folder.path, parameters: parameters, threads: 2)
  }

  /// Converts bytes to LAS and reads the result.
  private func cloud(
    _ bytes: [UInt8], _ name: String, _ parameters: ConvertParameters = ConvertParameters()
  ) throws -> (PointCloud, ConvertSummary) {
    try write(bytes, to: "\(folder.path)/\(name)")
    let summary = try convert("\(folder.path)/\(name)", parameters)
    return (try PointCloud.read(path: "\(folder.path)/\(summary.outputs[0])"), summary)
  }

  private func places(_ cloud: PointCloud) -> [[Double]] {
    let (scale, offset) = (cloud.header.scale, cloud.header.offset)
    return zip([(scale.x, offset.x), (scale.y, offset.y), (scale.z, offset.z)], 0..<3).map { pair, axis in
      cloud.integers(axis: axis).map { Double($0) * pair.0 + pair.1 }
    }
  }

  private func expectSame(_ one: PointCloud, _ other: PointCloud) {
    for (left, right) in zip(places(one), places(other)) {
      #expect(left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) < 1e-6 })
    }
    #expect(one.intensities() == other.intensities() && one.classifications() == other.classifications())
    #expect(one.returnNumbers() == other.returnNumbers() && one.returnCounts() == other.returnCounts())
  }

  @Test(arguments: [ScanFormat.las, .laz, .ply, .pcd, .csv]) func `a scan goes to any format and comes back`(
    format: ScanFormat
  ) throws {
    let cloud = try ScanSimulator(seed: 4, points: 5_000).makeCloud()
    try cloud.write(path: "\(folder.path)/scan.las")
    let there = try convert("\(folder.path)/scan.las", ConvertParameters(format: format))
    #expect(there.outputs == ["scan.\(format.rawValue)", "summary.json"] && there.points == 5_000)
    #expect(there.stages.map(\.stage) == ["read", "convert", "write"])
    let written = try bytes(ofFile: "\(folder.path)/summary.json")
    #expect(try JSONDecoder().decode(ConvertSummary.self, from: Data(written)) == there)
    let back = try convert("\(folder.path)/scan.\(format.rawValue)")
    let result = try PointCloud.read(path: "\(folder.path)/scan.laz")
    #expect(back.largestRounding < 1e-9)
    expectSame(cloud, result)
    #expect(cloud.times() == result.times())
  }

  @Test func `text of coordinates alone says what was left out`() throws {
    let cloud = try ScanSimulator(seed: 4, points: 500).makeCloud()
    try cloud.write(path: "\(folder.path)/scan.las")
    let there = try convert("\(folder.path)/scan.las", ConvertParameters(format: .xyz))
    #expect(there.warnings.contains { $0.contains("intensity") && $0.contains("gps_time") })
    _ = try convert("\(folder.path)/scan.xyz")
    let result = try PointCloud.read(path: "\(folder.path)/scan.laz")
    for (left, right) in zip(places(cloud), places(result)) {
      #expect(zip(left, right).allSatisfy { abs($0 - $1) < 1e-9 })
    }
  }

  @Test(arguments: [ScanFormat.ply, .pcd, .csv]) func `colours and extra bytes come back`(format: ScanFormat) throws {
    let text = "x,y,z,red,green,blue,Amplitude\n0.5,1,2,257,514,65535,0.125\n1,2,3,0,0,300,-7.5\n"
    let (first, _) = try cloud(Array(text.utf8), "a.csv", ConvertParameters(format: .las))
    #expect(first.format.number == 7 && first.header.recordLength == 44)
    _ = try convert("\(folder.path)/a.las", ConvertParameters(format: format))
    let back = try convert("\(folder.path)/a.\(format.rawValue)")
    let result = try PointCloud.read(path: "\(folder.path)/\(back.outputs[0])")
    #expect(result.recordBytes == first.recordBytes && result.colors()?[0] == SIMD3(257, 514, 65_535))
    #expect(back.warnings.isEmpty)
  }

  /// Whatever bits stand for it: the fuzzer found one of which text said more than could be read.
  @Test(arguments: [ScanFormat.ply, .pcd, .csv]) func `what is no number comes back as that`(format: ScanFormat) throws
  {
    let bits: [UInt64] = [
      0xFFF2_677A_6E16_4193, 0x7FF0_0000_0000_0001, 0x7FF8_0000_0000_0000, 0xFFF8_0000_0000_0000,
      0x7FF0_0000_0000_0000, 0xFFF0_0000_0000_0000, 0x4009_21FB_5444_2D18,
    ]
    let doubles = bits.map { Double(bitPattern: $0) }
    let floats: [Float] = [.nan, .signalingNaN, -.signalingNaN, -.infinity, .infinity, 0, -0.25]
    let cloud = try PointCloud(
      points: bits.indices.map { NewPoint(x: Double($0), y: 1, z: 2) }, systemIdentifier: "", generatingSoftware: ""
    ).adding([ExtraColumn("wide", .float64(doubles)), ExtraColumn("narrow", .float32(floats))])
    try cloud.write(path: "\(folder.path)/scan.las")
    _ = try convert("\(folder.path)/scan.las", ConvertParameters(format: format))
    _ = try convert("\(folder.path)/scan.\(format.rawValue)")
    let back = try PointCloud.read(path: "\(folder.path)/scan.laz")
    for (name, values) in [("wide", doubles), ("narrow", floats.map(Double.init))] {
      let found = try #require(back.extraValues(named: name))
      #expect(zip(found, values).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN } && found.count == values.count)
    }
  }

  @Test func `PLY of either byte order and in text is the same`() throws {
    let head =
      "element vertex 2\nproperty float x\nproperty double y\nproperty short z\nproperty list uchar int more\n"
      + "property uchar red\nproperty uchar green\nproperty uchar blue\nproperty float scalar_curvature\n"
      + "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    func numbers(_ isBig: Bool) -> [UInt8] {
      func order(_ bits: UInt64, _ size: Int) -> [UInt8] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
        return isBig ? bytes.reversed() : bytes
      }
      var bytes: [UInt8] = []
      let rows: [(Float, Double, Int16)] = [(0.5, 0.25, -3), (1.5, 4.25, 7)]
      for (x, y, z) in rows {
        bytes += order(UInt64(x.bitPattern), 4)
        bytes += order(y.bitPattern, 8)
        bytes += order(UInt64(UInt16(bitPattern: z)), 2)
        bytes += [1]
        bytes += order(9, 4)
        bytes += [1, 2, 3]
        bytes += order(UInt64(Float(0.1).bitPattern), 4)
      }
      return bytes
    }
    let little = try cloud(Array("ply\nformat binary_little_endian 1.0\n\(head)".utf8) + numbers(false), "l.ply")
    let big = try cloud(Array("ply\nformat binary_big_endian 1.0\n\(head)".utf8) + numbers(true), "b.ply")
    let rows = "0.5 0.25 -3 1 9 1 2 3 0.1\n1.5 4.25 7 1 9 1 2 3 0.1\n3 0 1 1"
    let text = try cloud(Array("ply\nformat ascii 1.0\n\(head)\(rows)".utf8), "t.ply")
    #expect(little.0.recordBytes == big.0.recordBytes && little.0.recordBytes == text.0.recordBytes)
    #expect(places(little.0) == [[0.5, 1.5], [0.25, 4.25], [-3, 7]])
    #expect(little.0.colors()?[0] == SIMD3(257, 514, 771))
    #expect(little.1.warnings.count == 2 && little.1.warnings.contains { $0.contains("face") })
  }

  @Test func `PCD in text and compressed, with packed colours, padding, and points without a place`() throws {
    let head =
      "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z rgb _\nSIZE 4 4 4 4 1\nTYPE F F F U U\nCOUNT 1 1 1 1 2\nWIDTH 2\n"
      + "HEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 2\n"
    let text = try cloud(Array("\(head)DATA ascii\n1 2 3 66051 0 0\nnan 2 3 0 0 0\n".utf8), "t.pcd")
    #expect(text.1.points == 1 && text.1.pointsWithoutPlace == 1)
    #expect(text.0.colors() == [SIMD3(257, 514, 771)])
    let fields: [UInt32] = [1, 1, 2, 2, 3, 3].map { Float($0).bitPattern } + [66_051, 66_051]
    let plain = fields.flatMap { bits -> [UInt8] in (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) } }
    // Literals, then a copy of the last byte that goes on into itself.
    let packed: [UInt8] = [31] + plain + [0, 0, 32, 0]
    let sizes: [UInt8] = [UInt8(packed.count), 0, 0, 0, 36, 0, 0, 0]
    let (result, summary) = try cloud(Array("\(head)DATA binary_compressed\n".utf8) + sizes + packed, "c.pcd")
    #expect(places(result) == [[1, 1], [2, 2], [3, 3]] && summary.warnings.isEmpty)
    #expect(result.colors() == [SIMD3(257, 514, 771), SIMD3(257, 514, 771)])
  }

  @Test func `text is read with names and delimiters that are guessed or given`() throws {
    let guessed: [(String, [[Double]])] = [
      ("//X Y Z\n1 2 3\n\n4 5 6\n", [[1, 4], [2, 5], [3, 6]]), ("\"Z\";\"Y\";\"X\"\r\n1;2;3;\r\n", [[3], [2], [1]]),
      ("1\t2\t-3e2\r4\t5\t6\r", [[1, 4], [2, 5], [-300, 6]]),
    ]
    for (text, expected) in guessed { #expect(places(try cloud(Array(text.utf8), "a.txt").0) == expected) }
    let given = ConvertParameters(columns: ["-", "z", "x", "y", "classification"], delimiter: .comma)
    let (result, _) = try cloud(Array("9,1,2,3,6\n".utf8), "a.txt", given)
    #expect(places(result) == [[2], [3], [1]] && result.classifications() == [6])
  }

  @Test func `the step of coordinates is chosen, or refused where it does not fit`() throws {
    #expect(try cloud(Array("0 0 0\n0.12345678 0 0\n".utf8), "a.xyz").1.largestRounding <= 0.5e-7)
    let (far, wide) = try cloud(Array("0 0 0\n1e8 0.004 0\n".utf8), "a.xyz")
    #expect(far.header.scale.x == 0.1 && abs(wide.largestRounding - 0.004) < 1e-9)
    let (_, coarse) = try cloud(Array("0 0 0.3\n".utf8), "a.xyz", ConvertParameters(scale: 0.25))
    #expect(abs(coarse.largestRounding - 0.05) < 1e-9)
    let error = #expect(throws: PointCloudError.self) {
      try cloud(Array("0 0 0\n1e8 0 0\n".utf8), "a.xyz", ConvertParameters(scale: 0.001))
    }
    #expect(error?.code == .invalidParameter)
  }

  @Test func `what is rounded by much is told of, axis by axis`() throws {
    // Degrees beside metres: one step for all cannot keep both.
    let rows = (0..<50).map { "8.\(5_000_001 + $0 * 37),47.\(3_000_003 + $0 * 41),\($0 * 12)" }
    try write(Array(rows.joined(separator: "\n").utf8), to: "\(folder.path)/degrees.csv")
    let coarse = try convert("\(folder.path)/degrees.csv", ConvertParameters(scale: 0.001))
    #expect(coarse.warnings.contains { $0.hasPrefix("x and y were rounded") }, "\(coarse.warnings)")
    let chosen = try convert("\(folder.path)/degrees.csv")
    #expect(chosen.scale.x <= 1e-6 && chosen.largestRounding < 1e-6, "\(chosen)")
  }

  @Test func `a first line with a gap is a faulty point and not names`() throws {
    try write(Array("1,,3\n4,5,6\n7,8,9\n".utf8), to: "\(folder.path)/gap.csv")
    let named = ConvertParameters(columns: ["x", "y", "z"], delimiter: .comma)
    let error = #expect(throws: PointCloudError.self) { try convert("\(folder.path)/gap.csv", named) }
    #expect(error?.code == .corrupt && error?.message.contains("line 1") == true, "\(String(describing: error))")
    try write(Array("1,2,3,a\n4,5,6,b\n".utf8), to: "\(folder.path)/text.csv")
    let left = ConvertParameters(columns: ["x", "y", "z", "-"], delimiter: .comma)
    #expect(try convert("\(folder.path)/text.csv", left).points == 2)
  }

  @Test func `values that LAS has no room for are kept as extra bytes and told of`() throws {
    let (result, summary) = try cloud(Array("x y z intensity\n0 0 0 0.5\n1 1 1 0.25\n".utf8), "a.xyz")
    #expect(result.header.recordLength == 38 && result.intensities() == [0, 0])
    #expect(summary.warnings.contains { $0.contains("intensity") })
  }

  @Test func `a damaged file is salvaged when that is asked for`() throws {
    let cloud = try ScanSimulator(seed: 4, points: 1_000).makeCloud()
    try cloud.write(path: "\(folder.path)/scan.las")
    let half = Array(try bytes(ofFile: "\(folder.path)/scan.las").dropLast(28 * 400 + 5))
    try write(half, to: "\(folder.path)/half.las")
    let error = #expect(throws: PointCloudError.self) { try convert("\(folder.path)/half.las") }
    #expect(error?.code == .truncated)
    let summary = try convert("\(folder.path)/half.las", ConvertParameters(salvage: true))
    #expect(summary.points == 599 && summary.pointsLost == 401 && summary.losses.map(\.firstPoint) == [599])
  }

  private static let ply = "ply\nformat ascii 1.0\n"
  private static let xyz = "property float x\nproperty float y\nproperty float z\n"

  @Test(
    arguments: [
      (".ply", "\(ply)element vertex 9223372036854775807\n\(xyz)end_header\n1 2 3\n", .limitExceeded),
      (".ply", "\(ply)element vertex -1\n\(xyz)end_header\n", .corrupt),
      (".ply", "\(ply)element vertex 2\n\(xyz)end_header\n1 2 3\n  \n   ", .truncated),
      (".ply", "\(ply)element vertex 1\n\(xyz)end_header\n1 2 three\n", .corrupt),
      (".ply", "\(ply)element vertex 1\n\(xyz)end_header\nnan nan nan\n", .empty),
      (".ply", "\(ply)element vertex 1\nproperty list uchar int x\nend_header\n9 1 1\n", .corrupt),
      (".ply", "\(ply)element vertex 99999999\nend_header\n", .truncated),
      (".ply", "\(ply)element vertex 1\n\(String(repeating: "property float x\n", count: 300))end_header\n", .corrupt),
      (".ply", "\(ply)element vertex 1\n\(xyz)", .truncated),
      (".ply", "\(ply)element face 1\nend_header\n", .unsupported),
      (".ply", "ply\nformat binary_little_endian 1.0\nelement vertex 1\n\(xyz)end_header\n1234567", .truncated),
      (
        ".ply",
        "ply\nformat binary_little_endian 1.0\nelement face 1\nproperty list int int i\nelement vertex 0\n\(xyz)end_header\n\u{7F}\u{7F}\u{7F}\u{7F}",
        .truncated
      ),
      (".pcd", "FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nWIDTH 99999999\nHEIGHT 3\nDATA binary\n", .truncated),
      (".pcd", "FIELDS x y z\nSIZE 4 4 -4\nTYPE F F F\nWIDTH 1\nDATA binary\n", .corrupt),
      (".pcd", "FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 0\nWIDTH 1\nDATA binary\n", .corrupt),
      (".pcd", "FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nWIDTH 9223372036854775807\nHEIGHT 3\nDATA ascii\n", .corrupt),
      (".pcd", "FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nPOINTS 1\nDATA ascii\n1 2\n1 2", .corrupt),
      (".pcd", "FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nPOINTS 1\nDATA binary_compressed\n1111", .truncated),
      (".xyz", "1 2 3\n4 5\n", .corrupt), (".xyz", "x y z\n1 2 3a\n", .corrupt), (".xyz", "1 2 1e300\n", .unsupported),
      (".xyz", "a b c\n1 2 3\n", .unsupported), (".xyz", "", .empty), (".bin", "nothing", .unsupported),
    ] as [(String, String, PointCloudError.Code)]) func `a hostile file ends in a typed error`(
      ending: String, text: String, code: PointCloudError.Code
    ) throws
  {
    try write(Array(text.utf8), to: "\(folder.path)/a\(ending)")
    let error = #expect(throws: PointCloudError.self) { try convert("\(folder.path)/a\(ending)") }
    if text.isEmpty {
      #expect(error != nil)
    } else {
      #expect(error?.code == code, "\(error?.description ?? "no error") for \(text.prefix(200))")
    }
    #expect(!folder.names.contains { $0.hasSuffix(".partial") })
  }

  @Test func `no mutation crashes a reader`() throws {
    let path = "\(folder.path)/scan"
    try ScanSimulator(seed: 4, points: 30).makeCloud().write(path: path + ".las")
    var random = SeededGenerator(seed: testSeed)
    for format in [ScanFormat.ply, .pcd, .csv] {
      _ = try convert(path + ".las", ConvertParameters(format: format))
      let sound = try bytes(ofFile: "\(path).\(format.rawValue)")
      for round in 0..<400 {
        var bytes = sound
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          // Headers are short, and decide most.
          let reach = round.isMultiple(of: 2) ? min(300, bytes.count) : bytes.count
          let place = Int.random(in: 0..<reach, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: bytes.remove(at: place)
          case 1: bytes.insert(UInt8.random(in: 48...57, using: &random), at: place)
          default: bytes[place] = UInt8.random(in: 0...255, using: &random)
          }
        }
        if round.isMultiple(of: 7) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
        do throws(PointCloudError) {
          _ = try mutated(bytes, "m.\(format.rawValue)")
        } catch {
          #expect(!error.message.isEmpty && error.code != .fileAccess, "seed \(testSeed): \(error)")
        }
      }
    }
  }

  private func mutated(_ bytes: [UInt8], _ name: String) throws(PointCloudError) -> ConvertSummary {
    do { try write(bytes, to: "\(folder.path)/\(name)") } catch { Issue.record(error) }
    return try ConvertPipeline.run(
      input: "\(folder.path)/\(name)", outputDirectory: folder.path, parameters: ConvertParameters(format: .las))
  }

  @Test(arguments: [0, 1, 2, 3]) func `cancelling at any moment ends the run and leaves no half file`(after: Int) throws
  {
    try ScanSimulator(seed: 4, points: 3_000).makeCloud().write(path: "\(folder.path)/scan.las")
    var asked = 0
    let error = #expect(throws: PointCloudError.self) {
      try ConvertPipeline.run(
        input: "\(folder.path)/scan.las", outputDirectory: folder.path, parameters: ConvertParameters(format: .ply),
        isCancelled: {
          asked += 1
          return asked > after
        })
    }
    #expect(error?.code == .cancelled && !folder.names.contains { $0.hasSuffix(".partial") })
  }

  @Test func `shared PLY files are read`() throws {
    guard !SharedData.isAbsent else { return }
    let counts = [
      "source.ply": 69_792, "target.ply": 69_088, "trimesh_bunny.ply": 8_171, "assimp_float-color.ply": 3,
      "assimp_cube_binary_header_with_RN_newline.ply": 8, "assimp_cube_binary_starts_with_nl.ply": 8,
    ]
    let files = ["lidar/registration", "mesh"].flatMap { SharedData.files(in: $0, endings: [".ply"]) }
    if files.isEmpty { print("SKIPPED: no PLY files in the shared data") }
    for path in files {
      guard let count = counts[String(path.split(separator: "/").last ?? "")] else { continue }
      let summary = try convert(path)
      #expect(summary.points == count, "\(path)")
      let (low, high) = (summary.minimum, summary.maximum)
      let size = max(high.x - low.x, high.y - low.y, high.z - low.z)
      #expect(summary.largestRounding <= 1.001e-6 * size, "\(path)")
    }
  }
}
