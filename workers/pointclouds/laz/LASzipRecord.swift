/// What LASzip's own variable length record says about how the points are compressed.
struct LASzipRecord: Sendable {
  /// One group of fields that are compressed together.
  struct Item: Hashable {
    enum Kind: Int {
      case bytes = 0
      case point = 6
      case time, color, wavePacket, layeredPoint, layeredColor, layeredInfrared, layeredWavePacket, layeredBytes
    }
    let kind: Kind
    let size: Int
    let version: Int
  }

  /// Points per chunk of the files that are written: as other writers do, so that other readers are at home.
  static let writtenChunkSize: UInt32 = 50_000

  /// Points per chunk; nil when all points are in one stretch, without a table.
  let chunkSize: UInt32?
  let items: [Item]
  /// Whether each field of a chunk is compressed on its own, as points of formats 6–10 are.
  var isLayered: Bool { items[0].kind == .layeredPoint }

  /// A chunk size that means: each chunk has a size of its own, in the table.
  static let variableChunkSize = UInt32.max

  init(_ record: VariableLengthRecord, _ header: LASHeader) throws(PointCloudError) {
    let bytes = Array(record.payload)
    guard bytes.count >= 34 else {
      throw .corrupt("the LASzip record has only \(bytes.count) bytes", at: header.headerSize)
    }
    let compressor = bytes.short(at: 0)
    guard (1...3).contains(compressor) else {
      throw Self.unsupported("compressor \(compressor) of LASzip is unknown")
    }
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
    guard isLayered == (compressor == 3) else {
      throw Self.unsupported("compressor \(compressor) of LASzip with format \(header.pointFormat.number) is not read")
    }
  }

  /// What the file says about its compressed points.
  static func find(
    in records: [VariableLengthRecord], _ header: LASHeader
  ) throws(PointCloudError) -> LASzipRecord {
    guard let laszip = records.first(where: \.isLASzip) else {
      throw .corrupt("the points are said to be compressed, but no LASzip record says how", at: header.headerSize)
    }
    return try LASzipRecord(laszip, header)
  }

  private static func unsupported(_ message: String) -> PointCloudError {
    PointCloudError(
      .unsupported, message, remedy: "Convert the file to LAS, or compress it again with LASzip 2 or later.")
  }

  private static func item(_ type: Int, _ size: Int, _ version: Int) throws(PointCloudError) -> Item {
    guard let kind = Item.Kind(rawValue: type) else { throw unsupported("item type \(type) of LASzip is not read") }
    guard kind.versions.contains(version) else {
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
    let isLayered = format.isExtended
    var layout: [(Item.Kind, Int)] = [isLayered ? (.layeredPoint, 30) : (.point, 20)]
    if format.timeOffset != nil, !isLayered { layout.append((.time, 8)) }
    if format.infraredOffset != nil {
      layout.append((.layeredInfrared, 8))
    } else if format.colorOffset != nil {
      layout.append((isLayered ? .layeredColor : .color, 6))
    }
    if format.wavePacketOffset != nil {
      layout.append((isLayered ? .layeredWavePacket : .wavePacket, WavePacket.size))
    }
    let extra = recordLength - format.baseLength
    if extra > 0 { layout.append((isLayered ? .layeredBytes : .bytes, extra)) }
    return layout
  }

  /// Items must be those of the point format, in its order, and fill the record.
  private func checkLayout(_ header: LASHeader) throws(PointCloudError) {
    let extra = header.recordLength - header.pointFormat.baseLength
    guard extra <= Self.extraBytesMax else { throw Self.tooManyExtraBytes(extra) }
    let expected = Self.layout(header.pointFormat, recordLength: header.recordLength)
    let fits = items.count == expected.count && zip(items, expected).allSatisfy { ($0.kind, $0.size) == $1 }
    guard fits else {
      throw .corrupt("LASzip's items do not make records of format \(header.pointFormat.number)", at: header.headerSize)
    }
    // Pointwise waveform packets have but one version, and extra bytes are coded apart.
    guard Set(items.lazy.filter { $0.kind != .bytes && $0.kind != .wavePacket }.map(\.version)).count == 1 else {
      throw Self.unsupported("LASzip items of different versions in one file are not read")
    }
  }
}

extension LASzipRecord.Item.Kind {
  fileprivate var versions: ClosedRange<Int> {
    switch self {
    case .wavePacket: 1...1
    case .bytes, .point, .time, .color: 1...2
    default: 3...4
    }
  }

  /// Version 4 of the layered items is read by fewer programs than 3.
  fileprivate var writtenVersion: Int { self == .wavePacket ? 1 : versions.contains(2) ? 2 : 3 }
}

// Writing.
extension LASzipRecord {
  /// How points of a format are compressed here.
  init(for header: LASHeader) throws(PointCloudError) {
    chunkSize = Self.writtenChunkSize
    items = Self.layout(header.pointFormat, recordLength: header.recordLength).map { kind, size in
      Item(kind: kind, size: size, version: kind.writtenVersion)
    }
    try checkLayout(header)
  }

  /// The record as it is written to a file.
  var variableLengthRecord: VariableLengthRecord {
    var payload: [UInt8] = []
    payload.append(UInt16(isLayered ? 3 : 2))
    payload.append(UInt16(0))
    // A version of LASzip that writes files of this kind, and no options.
    payload += isLayered ? [3, 4, 3, 0, 0, 0, 0, 0] : [2, 2, 0, 0, 0, 0, 0, 0]
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
