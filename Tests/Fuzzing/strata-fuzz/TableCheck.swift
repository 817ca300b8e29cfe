import PointClouds

/// PLY, PCD and text, and LAS as a table: converted to a cloud, from that to another format, and back.
struct TableCheck {
  private let input: String
  private let folder: String

  init(_ scratch: Scratch, name: String) { (input, folder) = (scratch(name), scratch.path) }

  func callAsFunction(_ bytes: [UInt8]) {
    do { try Scratch.write(bytes, input) } catch { broken("\(error)") }
    guard let made = run(input, .laz, isSalvaging: bytes.count.isMultiple(of: 2)) else { return }
    guard let cloud = try? PointCloud.read(path: "\(folder)/in.laz") else { broken("what is converted can be read") }
    require(cloud.count == made.points, "a conversion tells how many points it has made")
    let format = [ScanFormat.ply, .pcd, .csv, .xyz][bytes.count / 2 % 4]
    guard let table = run("\(folder)/in.laz", format) else { return }
    require(table.points == cloud.count, "no point is lost on the way to \(format)")
    let scale = cloud.header.scale
    guard let back = run("\(folder)/in.\(format.rawValue)", .las, isOurs: true) else { return }
    require(
      back.points + back.pointsWithoutPlace == cloud.count, "no point is lost on the way from \(format)")
    let moved = [
      abs(back.minimum.x - table.minimum.x) / max(scale.x, back.scale.x),
      abs(back.maximum.x - table.maximum.x) / max(scale.x, back.scale.x),
      abs(back.minimum.z - table.minimum.z) / max(scale.z, back.scale.z),
      abs(back.maximum.z - table.maximum.z) / max(scale.z, back.scale.z),
    ]
    guard back.pointsWithoutPlace == 0 else { return }
    require(moved.allSatisfy { !($0 > 2) }, "points stay where they are by way of \(format): \(moved) steps")
  }

  /// Nil where it is refused, as it may be.
  private func run(_ path: String, _ format: ScanFormat, isSalvaging: Bool = false, isOurs: Bool = false)
    -> ConvertSummary?
  {
    do throws(PointCloudError) {
      return try ConvertPipeline.run(
        input: path, outputDirectory: folder, parameters: ConvertParameters(format: format, salvage: isSalvaging),
        limits: CloudCheck.limits)
    } catch {
      require(error.code != .fileAccess && !error.message.isEmpty, "an error says what is wrong: \(error)")
      require(!isOurs || ![.corrupt, .truncated].contains(error.code), "what is written can be read: \(error)")
      return nil
    }
  }

  /// A small scan in a format, and variants of its text.
  static func seeds(_ scratch: Scratch, _ format: ScanFormat) throws -> [[UInt8]] {
    let path = scratch("scan.las")
    try ScanSimulator(seed: 3, points: 6).makeCloud().write(path: path)
    _ = try ConvertPipeline.run(
      input: path, outputDirectory: scratch.path, parameters: ConvertParameters(format: format))
    return [try Scratch.read(scratch("scan.\(format.rawValue)"))] + (texts[format] ?? []).map { Array($0.utf8) }
  }

  private static let texts: [ScanFormat: [String]] = [
    .ply: [
      """
      ply
      format ascii 1.0
      comment a list and a colour
      element vertex 2
      property float x
      property double y
      property int z
      property uchar red
      property uchar green
      property uchar blue
      property list uchar int more
      element face 1
      property list uchar int vertex_index
      end_header
      0 0.5 1 255 0 7 2 3 4
      1e3 -2 nan 0 0 0 0
      3 0 1 1

      """,
      "ply\nformat binary_big_endian 1.0\nelement other 1\nproperty list uint8 int16 l\nelement vertex 2\n"
        + "property float32 x\nproperty int16 y\nproperty int8 z\nend_header\n\u{1}ab0000112222334",
    ],
    .pcd: [
      """
      # .PCD v.7 - Point Cloud Data file format
      VERSION .7
      FIELDS x y z rgb normal _
      SIZE 4 4 4 4 4 1
      TYPE F F F U F U
      COUNT 1 1 1 1 3 2
      WIDTH 2
      HEIGHT 1
      VIEWPOINT 0 0 0 1 0 0 0
      POINTS 2
      DATA ascii
      0.5 1 2 4808000 0 0 1 7 7
      nan 1e9 -2 0xFF 1 0 0 7 7

      """
    ],
    .csv: ["x,y,z,Intensity,\"class\"\n1,2,3,4,5\n1.5,2e3,-3,65536,5\n", "a;b;x;y;z\n# none\n1;nan;3;4;5;\n"],
    .xyz: ["1 2 3\n4\t5  6\n", "// none\r\n1 2 3 0.1\r\n-1 -inf 3 0x1p3\r\n"],
  ]

  /// Compressed PCD: no byte repeats, all do.
  static func compressedSeeds() -> [[UInt8]] {
    let header = """
      # .PCD v0.7 - Point Cloud Data file format
      VERSION 0.7
      FIELDS x y z intensity
      SIZE 4 4 4 1
      TYPE F F F U
      COUNT 1 1 1 1
      WIDTH 20
      HEIGHT 1
      POINTS 20
      DATA binary_compressed

      """
    let full = 20 * 13
    let literal = (0..<10).flatMap { (run: Int) -> [UInt8] in
      [25] + (0..<26).map { UInt8(truncatingIfNeeded: 7 * run + 3 * $0) }
    }
    // One byte, and a copy of what is one byte before that is as long as all others.
    let repeated: [UInt8] = [0, 0, 7 << 5, UInt8(full - 1 - 9), 0]
    return [literal, repeated].map { code in
      var bytes = Array(header.utf8)
      bytes.add(UInt64(code.count), 4)
      bytes.add(UInt64(full), 4)
      return bytes + code
    }
  }
}
