/// Codes whole chunks, one after another, with one set of models.
///
/// It is made of functions, not a protocol: behind an existential the compiler keeps one body for all types of items, which
/// asks as it runs how each field of each point is coded. A function is made where the items are known.
@safe struct ChunkCoder {
  private let decodes: (UnsafeRawBufferPointer, UnsafeMutableRawPointer, Int) -> ChunkOutcome
  private let encodes: (UnsafeMutableRawPointer, Int) -> [UInt8]

  init<Point, Time, Color>(_ records: RecordCoder<Point, Time, Color>) {
    var records = records
    unsafe decodes = { source, target, count in unsafe records.decode(source, into: target, count: count) }
    unsafe encodes = { target, count in unsafe records.encode(target, count: count) }
  }

  init(_ layers: LayeredCoder) {
    unsafe decodes = { source, target, count in unsafe layers.decode(source, into: target, count: count) }
    unsafe encodes = { target, count in unsafe layers.encode(target, count: count) }
  }

  /// Writes `count` records to `target`.
  func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, count: Int
  ) -> ChunkOutcome {
    unsafe decodes(source, target, count)
  }

  /// The compressed bytes of `count` records, which are written over with what they are.
  func encode(_ records: UnsafeMutableRawPointer, count: Int) -> [UInt8] { unsafe encodes(records, count) }
}

/// How the decoding of a chunk ended.
enum ChunkOutcome {
  /// All points are there, and so many bytes were left over.
  case complete(unread: Int)
  /// The bytes ended at this point.
  case exhausted(point: Int)
  /// The chunk contradicts itself, in the way that is told.
  case damaged(String)

  /// Some writers pad chunks by a few bytes.
  static let paddingMax = 16
}

/// A coder of pointwise chunks made for one combination of items, so that the compiler can make one loop of them.
///
/// A chunk is its first record as it is, then one code of all other records, item by item.
struct RecordCoder<Point: RecordItem, Time: RecordItem, Color: RecordItem> {
  private let arena = ModelArena()
  private var point: Point
  private var time: Time
  private var color: Color
  private var wave: WavePacketItem?
  private var extra: BytesItem?
  /// Whether there are waveform packets or extra bytes.
  private let hasMore: Bool
  private let recordLength: Int
  private let output = CodeBytes()

  init(_ items: [LASzipRecord.Item], recordLength: Int) {
    self.recordLength = recordLength
    hasMore = items.contains { $0.kind == .wavePacket || $0.kind == .bytes }
    point = Point(arena)
    time = Time(arena)
    color = Color(arena)
    wave = items.contains { $0.kind == .wavePacket } ? WavePacketItem(arena) : nil
    extra = items.first { $0.kind == .bytes }.map { BytesItem(arena, count: $0.size, version: $0.version) }
  }

  mutating func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, count: Int
  ) -> ChunkOutcome {
    let first = unsafe source.baseAddress.unsafelyUnwrapped
    unsafe target.copyMemory(from: first, byteCount: recordLength)
    guard count > 1 else { return .complete(unread: 0) }
    unsafe begin(first)
    var decoder = unsafe ArithmeticDecoder(UnsafeRawBufferPointer(rebasing: source[recordLength...]))
    var record = unsafe target
    for index in 1..<count {
      unsafe record += recordLength
      unsafe codeRecord(record, &decoder)
      if decoder.isExhausted { return .exhausted(point: index) }
    }
    return .complete(unread: decoder.remaining)
  }

  mutating func encode(_ records: UnsafeMutableRawPointer, count: Int) -> [UInt8] {
    unsafe begin(records)
    output.removeAll()
    var encoder = ArithmeticEncoder(appendingTo: output)
    for index in 1..<max(1, count) { unsafe codeRecord(records + index * recordLength, &encoder) }
    encoder.finish()
    return unsafe [UInt8](UnsafeRawBufferPointer(start: records, count: recordLength)) + output.bytes
  }

  private mutating func begin(_ first: UnsafeRawPointer) {
    arena.reset()
    unsafe point.begin(first)
    unsafe time.begin(first + Point.size)
    unsafe color.begin(first + Point.size + Time.size)
    let rest = unsafe first + Point.size + Time.size + Color.size
    unsafe wave?.begin(rest)
    unsafe extra?.begin(rest + (wave == nil ? 0 : WavePacket.size))
  }

  @inline(__always) private mutating func codeRecord(
    _ record: UnsafeMutableRawPointer, _ coder: inout some ArithmeticCoder
  ) {
    unsafe point.code(record, with: &coder)
    unsafe time.code(record + Point.size, with: &coder)
    unsafe color.code(record + Point.size + Time.size, with: &coder)
    if hasMore { coder = unsafe codeMore(record + Point.size + Time.size + Color.size, coder) }
  }

  /// Works on a copy of the coder, so that the coder of the loop around it can stay in registers.
  @inline(never) private mutating func codeMore<Coder: ArithmeticCoder>(
    _ bytes: UnsafeMutableRawPointer, _ coder: Coder
  ) -> Coder {
    var coder = coder
    unsafe wave?.code(bytes, with: &coder)
    unsafe extra?.code(bytes + (wave == nil ? 0 : WavePacket.size), with: &coder)
    return coder
  }
}

extension LASzipRecord {
  /// The coder for this record's items, all of one version.
  /// - Parameter fields: what is decoded of layered chunks; of others it is everything.
  func makeCoder(recordLength: Int, fields: PointFields) -> ChunkCoder {
    if isLayered { return ChunkCoder(LayeredCoder(items, recordLength: recordLength, fields: fields)) }
    let hasTime = items.contains { $0.kind == .time }
    let hasColor = items.contains { $0.kind == .color }
    func coder<Point, Time, Color>(_: RecordCoder<Point, Time, Color>.Type) -> ChunkCoder {
      ChunkCoder(RecordCoder<Point, Time, Color>(items, recordLength: recordLength))
    }
    switch (items[0].version, hasTime, hasColor) {
    case (1, false, false): return coder(RecordCoder<PointItemV1, NoItem, NoItem>.self)
    case (1, true, false): return coder(RecordCoder<PointItemV1, TimeItemV1, NoItem>.self)
    case (1, false, true): return coder(RecordCoder<PointItemV1, NoItem, ColorItemV1>.self)
    case (1, true, true): return coder(RecordCoder<PointItemV1, TimeItemV1, ColorItemV1>.self)
    case (_, false, false): return coder(RecordCoder<PointItemV2, NoItem, NoItem>.self)
    case (_, true, false): return coder(RecordCoder<PointItemV2, TimeItemV2, NoItem>.self)
    case (_, false, true): return coder(RecordCoder<PointItemV2, NoItem, ColorItemV2>.self)
    case (_, true, true): return coder(RecordCoder<PointItemV2, TimeItemV2, ColorItemV2>.self)
    }
  }
}
