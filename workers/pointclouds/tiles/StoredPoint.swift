/// What is kept of a point while a scan is worked on tile by tile.
struct StoredPoint: BitwiseCopyable, Sendable {
  var x: Int32 = 0
  var y: Int32 = 0
  var z: Int32 = 0
  var intensity: UInt16 = 0
  var classification: UInt8 = 0
  var returns = Returns()
  /// Which point of the file it is, of the first 2^32.
  var index: UInt32 = 0

  /// Which of how many returns of its pulse it is, both 0 to 15.
  struct Returns: BitwiseCopyable, Sendable {
    private var bits: UInt8 = 0

    init(number: UInt8 = 0, count: UInt8 = 0) { bits = number | count << 4 }

    var number: UInt8 { bits & 15 }
    var count: UInt8 { bits >> 4 }
    /// The last return, or one of a file that does not count them.
    var isLast: Bool { number >= count || number == 0 }
    /// The first return, or one of a file that does not count them.
    var isFirst: Bool { number <= 1 }
  }
}

extension PointRecords {
  /// Hands what is kept of each point to `body`.
  func forEachStored(_ format: PointFormat, _ body: (_ index: Int, StoredPoint) -> Void) {
    let (mask, place, isExtended) = (format.classMask, format.classificationOffset, format.isExtended)
    for index in 0..<count {
      let record = unsafe block.base + start + index * length
      let returns = unsafe record.load(fromByteOffset: format.returnsOffset, as: UInt8.self)
      let (number, total) = isExtended ? (returns & 15, returns >> 4) : (returns & 7, returns >> 3 & 7)
      let point = unsafe StoredPoint(
        x: record.loadUnaligned(as: Int32.self), y: record.loadUnaligned(fromByteOffset: 4, as: Int32.self),
        z: record.loadUnaligned(fromByteOffset: 8, as: Int32.self),
        intensity: record.loadUnaligned(fromByteOffset: 12, as: UInt16.self),
        classification: record.load(fromByteOffset: place, as: UInt8.self) & mask,
        returns: StoredPoint.Returns(number: number, count: total),
        index: UInt32(truncatingIfNeeded: first + index))
      body(index, point)
    }
  }
}
