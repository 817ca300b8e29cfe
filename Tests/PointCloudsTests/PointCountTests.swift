import PointClouds
import StrataCore
import TestSupport
import Testing

/// What a file says of its points before any is read, which jobs are held for.
@Suite struct PointCountTests {
  private static let points = 1_234

  @Test(arguments: ScanFormat.allCases) func `is that of what is written`(format: ScanFormat) throws {
    let folder = try TemporaryFolder()
    let scan = "\(folder.path)/scan.las"
    try ScanSimulator(seed: 5, points: Self.points).makeCloud().write(path: scan)
    _ = try ConvertPipeline.run(
      input: scan, outputDirectory: folder.path, parameters: ConvertParameters(format: format))
    let name = folder.names.first { $0 != "scan.las" && $0.hasSuffix(".\(format.rawValue)") } ?? "scan.las"
    // Artifacts have no endings.
    let path = "\(folder.path)/stored"
    try write(try bytes(ofFile: "\(folder.path)/\(name)"), to: path)
    let count = try PointCount(ofFile: path, named: name)
    let isText = format == .xyz || format == .csv
    #expect(count.isExact == (format == .las || format == .laz))
    #expect(isText ? count.most >= Self.points : count.most == Self.points, "\(count)")
  }

  @Test func `of text is never less than its lines`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/short"
    let text = [String](repeating: "1 2 3", count: 100).joined(separator: "\n")
    for end in ["", "\n"] {
      try write(Array((text + end).utf8), to: path)
      #expect(try PointCount(ofFile: path, named: "short.xyz").most >= 100)
    }
  }

  @Test func `is no number that no reader would take`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/scan"
    for (name, text) in [
      ("a.ply", "ply\nformat ascii 1.0\nelement vertex 9223372036854775807\nproperty float x\nend_header\n"),
      (
        "a.pcd",
        "# .PCD v.7\nFIELDS x\nSIZE 4\nTYPE F\nWIDTH 9223372036854775807\nHEIGHT 1\nPOINTS 9223372036854775807\nDATA ascii\n"
      ),
    ] {
      try write(Array(text.utf8), to: path)
      let error = #expect(throws: PointCloudError.self) { try PointCount(ofFile: path, named: name) }
      #expect(error?.code == .limitExceeded, "\(name)")
    }
    #expect(try TilePart(1, of: 1).pointsMax(of: .max) == .max)
    #expect(try TilePart(2, of: 2).pointsMax(of: 0) == 0)
  }

  @Test func `is not guessed where a header is damaged`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/scan.las"
    try ScanSimulator(seed: 5, points: 10).makeCloud().write(path: path)
    var damaged = try bytes(ofFile: path)
    damaged[104] = 77
    try write(damaged, to: path)
    #expect(throws: PointCloudError.self) { try PointCount(ofFile: path, named: "scan.las") }
    try write(Array("P6 not a scan".utf8), to: path)
    let error = #expect(throws: PointCloudError.self) { try PointCount(ofFile: path, named: "photo.tif") }
    #expect(error?.code == .unsupported)
  }

  @Test func `of a simulation is never passed`() throws {
    for seed in testSeed..<testSeed + 6 {
      let site = SimulationParameters(
        seed: seed, extent: .site(width: 60, length: 45), density: 6, highNoiseRate: 0.5, lowNoiseRate: 0.5)
      #expect(try ScanSimulator(site).makeCloud().count <= site.pointsMax, "seed \(seed)")
      #expect(SimulationParameters(seed: seed, extent: .points(77)).pointsMax == 77)
    }
  }
}
