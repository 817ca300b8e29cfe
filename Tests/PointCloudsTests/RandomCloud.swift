import StrataCore

/// LAS 1.4 files with random points of any format: now still, now walking, now wild, so that every path of a coder is
/// taken; any bits in any field.
struct RandomCloud {
  let format: Int
  let extraBytes: Int
  let count: Int

  static let lengths = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67]

  var recordLength: Int { Self.lengths[format] + extraBytes }

  func file(using random: inout SeededGenerator) -> [UInt8] {
    var file = [UInt8](repeating: 0, count: 375)
    file.replaceSubrange(0..<4, with: "LASF".utf8)
    (file[24], file[25]) = (1, 4)
    Self.put(375, 2, &file, 94)
    Self.put(375, 4, &file, 96)
    file[104] = UInt8(format)
    Self.put(recordLength, 2, &file, 105)
    Self.put(count, 8, &file, 247)
    for place in [131, 139, 147] { Self.put(Int(bitPattern: UInt((0.001).bitPattern)), 8, &file, place) }
    var record = (0..<recordLength).map { _ in UInt8.random(in: 0...255, using: &random) }
    for _ in 0..<count {
      change(&record, using: &random)
      file += record
    }
    return file
  }

  /// Adds a little to some 16-bit numbers, or writes over some bytes, or leaves all as it is.
  private func change(_ record: inout [UInt8], using random: inout SeededGenerator) {
    let wildness = Int.random(in: 0..<100, using: &random)
    if wildness < 10 { return }
    for place in stride(from: 0, to: recordLength - 1, by: 2) where Int.random(in: 0..<3, using: &random) == 0 {
      let step = UInt16(truncatingIfNeeded: Int.random(in: -3...40, using: &random))
      let value = (UInt16(record[place]) | UInt16(record[place + 1]) << 8) &+ step
      (record[place], record[place + 1]) = (UInt8(value & 0xFF), UInt8(value >> 8))
    }
    if wildness > 90 {
      for _ in 0..<4 {
        record[Int.random(in: 0..<recordLength, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
    }
    if wildness == 99 { record.replaceSubrange(0..<4, with: [0, 0, 0, 0x80]) }
  }

  private static func put(_ number: Int, _ size: Int, _ file: inout [UInt8], _ place: Int) {
    for index in 0..<size { file[place + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
  }
}
