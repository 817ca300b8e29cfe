/// What LASzip's own variable length record says about how the points are compressed.
struct LASzipRecord {
  /// One group of fields that are compressed together.
  struct Item: Hashable {
    enum Kind: Int { case bytes = 0, point = 6, time = 7, color = 8, wavePacket = 9 }
    let kind: Kind
    let size: Int
    let version: Int
  }

  /// Points per chunk of the files that are written: as other writers do, so that other readers are at home.
  static let writtenChunkSize: UInt32 = 50_000

  /// Points per chunk; nil when all points are in one stretch, without a table.
  let chunkSize: UInt32?
  let items: [Item]

  /// A chunk size that means: each chunk has a size of its own, in the table.
  static let variableChunkSize = UInt32.max

  init(_ record: VariableLengthRecord, _ header: LASHeader) throws(PointCloudError) {
    let bytes = Array(record.payload)
    guard bytes.count >= 34 else {
      throw .corrupt("the LASzip record has only \(bytes.count) bytes", at: header.headerSize)
    }
    let compressor = bytes.short(at: 0)
    guard compressor == 1 || compressor == 2 else { throw Self.unsupported(compressor) }
    guard bytes.short(at: 2) == 0 else { throw Self.unsupported("coder \(bytes.short(at: 2)) of LASzip is unknown") }
    let size = UInt32(bytes.short(at: 12)) | UInt32(bytes.short(at: 14)) << 16
    chunkSize = compressor == 1 ? nil : size
    guard size > 0 || compressor == 1 else { throw .corrupt("LASzip chunks have no points", at: header.headerSize) }
    let count = bytes.short(at: 32)
    guard bytes.count >= 34 + 6 * count else {
      throw .corrupt("the LASzip record announces \(count) items and ends before them", at: header.headerSize)
    }
    var items: [Item] = []
    for place in (0..<count).map({ 34 + 6 * $0 }) {
      items.append(try Self.item(bytes.short(at: place), bytes.short(at: place + 2), bytes.short(at: place + 4)))
    }
    self.items = items
    try checkLayout(header)
  }

  private static func unsupported(_ compressor: Int) -> PointCloudError {
    compressor == 3
      ? unsupported("layered LAZ compression (point formats 6–10, and COPC) is not read yet")
      : unsupported("compressor \(compressor) of LASzip is unknown")
  }

  private static func unsupported(_ message: String) -> PointCloudError {
    PointCloudError(.unsupported, message, remedy: "Convert the file to LAS, or to LAZ with point format 0–3.")
  }

  private static func item(_ type: Int, _ size: Int, _ version: Int) throws(PointCloudError) -> Item {
    guard let kind = Item.Kind(rawValue: type) else { throw unsupported("item type \(type) of LASzip is not read") }
    guard version == 1 || version == 2 else {
      throw unsupported("version \(version) of LASzip's item type \(type) is unknown")
    }
    return Item(kind: kind, size: size, version: version)
  }

  /// Each extra byte of a record has a model of 3 kB, for each thread.
  static let extraBytesMax = 4_096

  private static func tooManyExtraBytes(_ count: Int) -> PointCloudError {
    PointCloudError(
      .limitExceeded, "records have \(count) extra bytes, more than the \(extraBytesMax) read from compressed files",
      remedy: "Convert the file to LAS, or leave out extra dimensions.", offset: 105)
  }

  /// The items of a point format, in the order of its fields.
  private static func layout(_ format: PointFormat, recordLength: Int) -> [(kind: Item.Kind, size: Int)] {
    var layout: [(Item.Kind, Int)] = [(.point, 20)]
    if format.timeOffset != nil { layout.append((.time, 8)) }
    if format.colorOffset != nil { layout.append((.color, 6)) }
    let extra = recordLength - format.baseLength
    if extra > 0 { layout.append((.bytes, extra)) }
    return layout
  }

  /// Items must be those of the point format, in its order, and fill the record.
  private func checkLayout(_ header: LASHeader) throws(PointCloudError) {
    let extra = header.recordLength - header.pointFormat.baseLength
    guard extra <= Self.extraBytesMax else { throw Self.tooManyExtraBytes(extra) }
    let expected = Self.layout(header.pointFormat, recordLength: header.recordLength)
    let fits = items.count == expected.count && zip(items, expected).allSatisfy { ($0.kind, $0.size) == $1 }
    guard Set(items.lazy.filter { $0.kind != .bytes }.map(\.version)).count == 1 else {
      throw Self.unsupported("LASzip items of different versions in one file are not read")
    }
    guard fits, !header.pointFormat.isExtended else {
      throw .corrupt("LASzip's items do not make records of format \(header.pointFormat.number)", at: header.headerSize)
    }
  }
}

// Writing.
extension LASzipRecord {
  /// How points of a format are compressed here.
  init(for header: LASHeader) throws(PointCloudError) {
    chunkSize = Self.writtenChunkSize
    items = Self.layout(header.pointFormat, recordLength: header.recordLength).map { kind, size in
      Item(kind: kind, size: size, version: 2)
    }
    try checkLayout(header)
  }

  /// The record as it is written to a file.
  var variableLengthRecord: VariableLengthRecord {
    var payload: [UInt8] = []
    payload.append(UInt16(2))
    payload.append(UInt16(0))
    // The version of LASzip that wrote the first files of this kind, and no options.
    payload += [2, 2, 0, 0, 0, 0, 0, 0]
    payload.append(chunkSize ?? 0)
    // No special extended records, nowhere.
    payload.append(Int64(-1))
    payload.append(Int64(-1))
    payload.append(UInt16(items.count))
    for number in items.lazy.flatMap({ [$0.kind.rawValue, $0.size, $0.version] }) { payload.append(UInt16(number)) }
    return VariableLengthRecord(userIdentifier: "laszip encoded", recordIdentifier: 22_204, payload: payload)
  }
}

extension [UInt8] {
  /// Appends a number, least significant byte first.
  mutating func append(_ number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  fileprivate func short(at place: Int) -> Int { Int(self[place]) | Int(self[place + 1]) << 8 }
}
