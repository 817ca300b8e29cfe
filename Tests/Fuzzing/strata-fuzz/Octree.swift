/// Makes COPC of layered LAZ with one chunk, which becomes the root.
enum Octree {
  /// - Parameter laz: whose only record is LASzip's.
  static func file(of laz: [UInt8]) -> [UInt8] {
    let (header, start) = (375, Int(laz.number(96, 4)))
    let chunk = laz[start + 8..<Int(laz.number(start, 8))]
    var file = Array(laz[..<header])
    let info = record("copc", 1, length: 160)
    file += info + [UInt8](repeating: 0, count: 160) + laz[header..<start]
    let points = file.count
    file.put(UInt64(points), 96, 4)
    file.put(2, 100, 4)
    // The place of a chunk table: COPC's readers need none.
    file.add(UInt64(points + 8 + chunk.count), 8)
    file += chunk
    let pages = file.count
    file.put(UInt64(pages), 235, 8)
    file.put(1, 243, 4)
    file += extendedRecord("copc", 1000, length: 64)
    let root = file.count
    file += entry(level: 0, place: points + 8, size: chunk.count, points: Int(laz.number(247, 8)))
    file += entry(level: 1, place: 0, size: 0, points: 0)
    // Half a size, a spacing, and where the root page lies.
    for (number, value) in [0, 0, 0, 4_000_000, 128].enumerated() {
      file.put(Double(value).bitPattern, header + info.count + 8 * number, 8)
    }
    file.put(UInt64(root), header + info.count + 40, 8)
    file.put(64, header + info.count + 48, 8)
    return file
  }

  private static func record(_ user: String, _ number: Int, length: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 54)
    bytes.replaceSubrange(2..<2 + user.utf8.count, with: user.utf8)
    bytes.put(UInt64(number), 18, 2)
    bytes.put(UInt64(length), 20, 2)
    return bytes
  }

  private static func extendedRecord(_ user: String, _ number: Int, length: Int) -> [UInt8] {
    record(user, number, length: length) + [UInt8](repeating: 0, count: 6)
  }

  private static func entry(level: Int, place: Int, size: Int, points: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for number in [level, 0, 0, 0] { bytes.add(UInt64(number), 4) }
    bytes.add(UInt64(place), 8)
    bytes.add(UInt64(size), 4)
    bytes.add(UInt64(points), 4)
    return bytes
  }
}
