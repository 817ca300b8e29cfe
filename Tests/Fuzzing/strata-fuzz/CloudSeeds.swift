import PointClouds
import StrataCore

/// Small sound files of all point formats, and some that are compressed as nobody writes them any more.
struct CloudSeeds {
  private let scratch: Scratch

  init(_ scratch: Scratch) { self.scratch = scratch }

  /// A scan with a coordinate system, and points of each format.
  func uncompressed() throws -> [[UInt8]] {
    let scan = try ScanSimulator(seed: 1, points: 12).makeCloud()
    try scan.write(path: scratch("s.las"))
    let named = try scan.adding([ExtraColumn("Height", .float64(scan.integers(axis: 2).map { Double($0) / 8 }))])
    try named.write(path: scratch("n.las"))
    return [try Scratch.read(scratch("s.las")), try Scratch.read(scratch("n.las"))]
      + (0...10).map { file(format: $0, extraBytes: $0 % 3, count: 9) }
  }

  func compressed(_ formats: ClosedRange<Int>) throws -> [[UInt8]] {
    try formats.flatMap { format in
      let sound = try compressed(file(format: format, extraBytes: format % 3, count: 24))
      return [sound] + (format < 6 ? try Self.olderPointwise(sound) : [Self.otherVersion(sound, from: 3, to: 4)])
    } + [try twoChunks(formats.lowerBound)]
  }

  /// COPC of a root and of a root with a child.
  func octrees() throws -> [[UInt8]] {
    let chunks = try [6, 7].map { try compressed(file(format: $0, extraBytes: $0 % 3, count: 24)) }
    return chunks.map { Octree.file(of: $0) }
  }

  private func compressed(_ file: [UInt8]) throws -> [UInt8] {
    try PointCloud.read(bytes: file).write(path: scratch("c.laz"), isCompressed: true)
    return try Scratch.read(scratch("c.laz"))
  }

  /// Points that are alike take next to nothing.
  private func twoChunks(_ format: Int) throws -> [UInt8] {
    try compressed(file(format: format, extraBytes: 0, count: 50_003, changes: false))
  }

  /// LAS 1.4 whose points wander, return to where they were, and jump.
  private func file(format: Int, extraBytes: Int, count: Int, changes: Bool = true) -> [UInt8] {
    let length = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67][format] + extraBytes
    var random = SeededGenerator(seed: UInt64(format))
    var file = [UInt8](repeating: 0, count: 375)
    file.replaceSubrange(0..<4, with: "LASF".utf8)
    (file[24], file[25], file[104]) = (1, 4, UInt8(format))
    for (place, size, number) in [(94, 2, 375), (96, 4, 375), (105, 2, length), (247, 8, count)] {
      file.put(UInt64(number), place, size)
    }
    for place in [131, 139, 147] { file.put((0.001).bitPattern, place, 8) }
    var record = [UInt8](repeating: 0, count: length)
    for number in 0..<count {
      if changes {
        for place in record.indices where number % 8 < 6 && Int.random(in: 0..<4, using: &random) == 0 {
          record[place] &+= UInt8.random(in: 0..<(number % 8 == 5 ? 255 : 3), using: &random)
        }
      }
      file += record
    }
    return file
  }

  // MARK: Compressed otherwise

  /// Where the payload of LASzip's record begins, the only record of such a file.
  private static let laszip = 375 + 54

  /// The items of version 1, and points in one stretch, without a table.
  private static func olderPointwise(_ sound: [UInt8]) throws -> [[UInt8]] {
    var whole = sound
    whole.put(1, laszip, 2)
    let points = Int(sound.number(96, 4))
    let table = Int(sound.number(points, 8))
    whole = Array(whole[..<points] + whole[points + 8..<table])
    return [otherVersion(sound, from: 2, to: 1), whole]
  }

  private static func otherVersion(_ sound: [UInt8], from old: UInt64, to new: UInt64) -> [UInt8] {
    var file = sound
    for item in 0..<Int(file.number(laszip + 32, 2)) where file.number(laszip + 38 + 6 * item, 2) == old {
      file.put(new, laszip + 38 + 6 * item, 2)
    }
    return file
  }
}
