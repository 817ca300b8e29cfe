import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct DamagedFileTests {
  /// What each odd file of other projects' test suites must end in: nil for a parse.
  static let expectations: [String: PointCloudError.Code?] = [
    "laspy_unregistered_extra_bytes.las": nil, "lasr_malformed_extrabytes.las": nil,
    "laszip_broken_compressor.laz": .unsupported, "laszip_broken_size.laz": .unsupported,
    "laszip_broken_version.laz": .unsupported, "pdal_1.2-empty-geotiff-vlrs.las": nil,
    "pdal_bad-geotiff-keys.las": nil, "pdal_bad_vlr_count.las": nil,
    "pdal_faceraster_numerical_imprecision.laz": nil, "pdal_garbage_nVariableLength.las": .truncated,
    "pdal_lots_of_vlr.las": nil, "pdal_no-points.las": nil,
    "pdal_simple-laszip-compressor-version-1.2r0.laz": nil, "pdal_spec_3.las": nil, "pdal_spurious.las": nil,
  ]

  @Test func `odd files end in a parse or in a typed error`() throws {
    guard !SharedData.isAbsent else { return }
    let files = SharedData.files(in: "bad/lidar", endings: [".las", ".laz"])
    #expect(files.count >= Self.expectations.count)
    for path in files {
      let name = String(path.split(separator: "/").last ?? "")
      var code: PointCloudError.Code?
      do throws(PointCloudError) { _ = try PointCloud.read(path: path) } catch { code = error.code }
      if let expected = Self.expectations[name] { #expect(code == expected, "\(name)") }
    }
  }

  @Test func `coordinate systems of odd files end in a parse or in a typed error`() throws {
    guard !SharedData.isAbsent else { return }
    for path in SharedData.files(in: "bad/lidar", endings: [".las", ".laz"]) {
      guard let cloud = try? PointCloud.read(path: path) else { continue }
      do throws(PointCloudError) { _ = try cloud.coordinateSystem() } catch { #expect(error.code == .raster) }
    }
  }

  /// Small sound files: a simulated one, and compressed ones where shared data are.
  private func seeds() throws -> [[UInt8]] {
    let folder = try TemporaryFolder()
    let cloud = try ScanSimulator(seed: 1, points: 300).makeCloud()
    try cloud.write(path: "\(folder.path)/a.las", classifications: cloud.classifications())
    var seeds = [try bytes(ofFile: "\(folder.path)/a.las")]
    var random = SeededGenerator(seed: testSeed)
    for format in [2, 5, 10] {
      let file = RandomCloud(format: format, extraBytes: 2, count: 200).file(using: &random)
      try PointCloud.read(bytes: file).write(path: "\(folder.path)/a.laz", isCompressed: true)
      seeds.append(try bytes(ofFile: "\(folder.path)/a.laz"))
    }
    if !SharedData.isAbsent, let shared = SharedData.folder {
      for name in [
        "extra-bytes.laz", "simple.laz", "point10.laz", "point-version-1-point-wise.laz", "1_4_w_evlr.las",
        "1_4_w_evlr.laz", "simple.copc.laz",
      ] {
        seeds.append(try bytes(ofFile: "\(shared)/lidar/formats/\(name)"))
      }
      seeds.append(try bytes(ofFile: "\(shared)/bad/lidar/pdal_simple-laszip-compressor-version-1.2r0.laz"))
    }
    return seeds
  }

  @Test func `no mutation of a sound file crashes the reader or the filter`() throws {
    var random = SeededGenerator(seed: testSeed)
    var outcomes: [String: Int] = [:]
    for seed in try seeds() {
      for _ in 0..<90 {
        let mutant = Self.mutate(seed, using: &random)
        do throws(PointCloudError) {
          let cloud = try PointCloud.read(bytes: mutant, threads: 2, limits: ReadLimits(pointsMax: 50_000_000))
          outcomes["parsed", default: 0] += 1
          #expect(UInt64(cloud.count) == cloud.header.pointCount && cloud.losses.isEmpty)
          _ = try? cloud.coordinateSystem()
          _ = try? cloud.classifyGround(GroundParameters(cellsMax: 20_000))
        } catch {
          #expect(!error.message.isEmpty && !error.remedy.isEmpty, "seed \(testSeed)")
          outcomes[error.code.rawValue, default: 0] += 1
          guard let rest = try? PointCloud.read(bytes: mutant, isSalvaging: true) else { continue }
          outcomes["salvaged", default: 0] += 1
          #expect(!rest.losses.isEmpty || !rest.warnings.isEmpty, "seed \(testSeed)")
        }
      }
    }
    print("mutations (seed \(testSeed)): \(outcomes.sorted { $0.key < $1.key })")
    #expect(outcomes["parsed", default: 0] > 0 && outcomes.count > 1, "seed \(testSeed)")
  }

  /// Changes a few bytes, mostly in the header and records, where they do most harm; or cuts the file.
  private static func mutate(_ file: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
    var mutant = file
    if Int.random(in: 0..<6, using: &random) == 0 {
      return Array(mutant.prefix(Int.random(in: 0..<mutant.count, using: &random)))
    }
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let range = Bool.random(using: &random) ? 0..<min(700, mutant.count) : 0..<mutant.count
      let place = Int.random(in: range, using: &random)
      mutant[place] =
        [0, 0xFF, 0x7F, 0x80, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
    }
    return mutant
  }

  /// The code that is beyond every interval: each symbol is a model's last, and no search goes past it.
  @Test(arguments: 0...10) func `a code of ones is damage or points`(format: Int) throws {
    var random = SeededGenerator(seed: testSeed)
    let cloud = RandomCloud(format: format, extraBytes: 2, count: 3_000)
    let folder = try TemporaryFolder()
    try PointCloud.read(bytes: cloud.file(using: &random)).write(path: "\(folder.path)/a.laz", isCompressed: true)
    var file = try bytes(ofFile: "\(folder.path)/a.laz")
    let start = (96..<100).reversed().reduce(0) { $0 << 8 | Int(file[$1]) }
    let table = (start..<start + 8).reversed().reduce(0) { $0 << 8 | Int(file[$1]) }
    // Layered chunks tell the number of points and the size of each layer before the first of them.
    let layers = [0, 0, 0, 0, 0, 0, 9, 10, 11, 10, 12][format]
    let code = start + 8 + cloud.recordLength + (layers == 0 ? 0 : 4 + 4 * (layers + 2))
    file.replaceSubrange(code..<table, with: repeatElement(0xFF, count: table - code))
    do throws(PointCloudError) {
      #expect(try PointCloud.read(bytes: file).count == cloud.count)
    } catch { #expect(error.code == .corrupt) }
  }

  /// Three chunks of about 270 kB: damage in each is found, and the chunk named.
  @Test(arguments: [(100_000, 0), (400_000, 1), (580_000, 2)]) func `damaged compressed points name the chunk`(
    place: Int, chunk: Int
  ) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    var file = try bytes(ofFile: "\(folder)/lidar/formats/autzen_trim.laz")
    for place in place..<place + 40 { file[place] ^= 0x5A }
    let error = #expect(throws: PointCloudError.self) { try PointCloud.read(bytes: file, threads: 2) }
    #expect(error?.code == .corrupt)
    #expect(error?.chunk == chunk)
    #expect(error?.offset.map { $0 < place } == true)
  }

  @Test func `records blown up with extra bytes are refused`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    var file = try bytes(ofFile: "\(folder)/lidar/formats/extra-bytes.laz")
    let name = Array("laszip encoded".utf8)
    let place = try #require(file.indices.first { file[$0...].starts(with: name) })
    // The record's payload begins 52 bytes after the name; the size of its fourth item lies 54 bytes into it.
    for offset in [105, place + 52 + 34 + 3 * 6 + 2] { (file[offset], file[offset + 1]) = (0xFF, 0xFF) }
    #expect(#expect(throws: PointCloudError.self) { try PointCloud.read(bytes: file) }?.code == .limitExceeded)
  }

  @Test func `what is not LAS is refused`() throws {
    for (bytes, code) in [([], .truncated), (Array("LASF".utf8), .truncated)] as [([UInt8], PointCloudError.Code)] {
      let error = #expect(throws: PointCloudError.self) { try PointCloud.read(bytes: bytes) }
      #expect(error?.code == code)
    }
    let text = [UInt8](repeating: 0x41, count: 1_000)
    #expect(#expect(throws: PointCloudError.self) { try PointCloud.read(bytes: text) }?.code == .unsupported)
    let missing = #expect(throws: PointCloudError.self) { try PointCloud.read(path: "/nonexistent/file.las") }
    #expect(missing?.code == .fileAccess)
  }

  @Test func `more points than the limit are refused before anything is allocated`() throws {
    let cloud = try ScanSimulator(seed: 1, points: 50).makeCloud()
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/a.las", classifications: cloud.classifications())
    let error = #expect(throws: PointCloudError.self) {
      try PointCloud.read(path: "\(folder.path)/a.las", limits: ReadLimits(pointsMax: 49))
    }
    #expect(error?.code == .limitExceeded)
  }
}
