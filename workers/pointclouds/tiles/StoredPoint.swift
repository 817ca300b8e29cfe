/// What is kept of a point while a scan is worked on tile by tile.
struct StoredPoint: BitwiseCopyable, Sendable {
  var x: Int32 = 0
  var y: Int32 = 0
  var z: Int32 = 0
  var intensity: UInt16 = 0
  var classification: UInt8 = 0
  var returns = Returns(rawValue: 0)

  struct Returns: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt8
    /// The last return of its pulse, or one of a file that does not count them.
    static let last = Returns(rawValue: 1)
    /// The first return, or one of a file that does not count them.
    static let first = Returns(rawValue: 2)
  }
}

extension PointRecords {
  /// Hands what is kept of each point to `body`.
  func forEachStored(_ format: PointFormat, _ body: (_ index: Int, StoredPoint) -> Void) {
    let (mask, place, isExtended) = (format.classMask, format.classificationOffset, format.isExtended)
    for index in 0..<count {
      let record = unsafe block.base + start + index * length
      let returns = unsafe record.load(fromByteOffset: format.returnsOffset, as: UInt8.self)
      let number = returns & (isExtended ? 15 : 7)
      let total = isExtended ? returns >> 4 : returns >> 3 & 7
      var kinds: StoredPoint.Returns = []
      if number >= total || number == 0 { kinds.insert(.last) }
      if number <= 1 { kinds.insert(.first) }
      let point = unsafe StoredPoint(
        x: record.loadUnaligned(as: Int32.self), y: record.loadUnaligned(fromByteOffset: 4, as: Int32.self),
        z: record.loadUnaligned(fromByteOffset: 8, as: Int32.self),
        intensity: record.loadUnaligned(fromByteOffset: 12, as: UInt16.self),
        classification: record.load(fromByteOffset: place, as: UInt8.self) & mask, returns: kinds)
      body(index, point)
    }
  }
}
