/// Codes whole chunks, one after another, with one set of models.
protocol ChunkCoder {
  /// Writes `count` records to `target`.
  mutating func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, count: Int
  ) -> ChunkOutcome
  /// The compressed bytes of `count` records, which are written over with what they are.
  mutating func encode(_ records: UnsafeMutableRawPointer, count: Int) -> [UInt8]
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
struct RecordCoder<Point: RecordItem, Time: RecordItem, Color: RecordItem>: ChunkCoder {
  private let arena = ModelArena()
  private var point: Point
  private var time: Time
  private var color: Color
  private var wave: WavePacketItem?
  private var extra: BytesItem?
  private let recordLength: Int
  private let output = CodeBytes()

  init(_ items: [LASzipRecord.Item], recordLength: Int) {
    self.recordLength = recordLength
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
    var decoder = unsafe ArithmeticCoder(UnsafeRawBufferPointer(rebasing: source[recordLength...]))
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
    var encoder = ArithmeticCoder(into: output)
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
    _ record: UnsafeMutableRawPointer, _ coder: inout ArithmeticCoder
  ) {
    unsafe point.code(record, with: &coder)
    unsafe time.code(record + Point.size, with: &coder)
    unsafe color.code(record + Point.size + Time.size, with: &coder)
    var rest = unsafe record + Point.size + Time.size + Color.size
    if wave != nil {
      coder = unsafe wave?.code(rest, with: coder) ?? coder
      unsafe rest += WavePacket.size
    }
    if extra != nil { coder = unsafe extra?.code(rest, with: coder) ?? coder }
  }
}

extension LASzipRecord {
  /// The coder for this record's items, all of one version.
  /// - Parameter fields: what is decoded of layered chunks; of others it is everything.
  func makeCoder(recordLength: Int, fields: PointFields) -> any ChunkCoder {
    if isLayered { return LayeredCoder(items, recordLength: recordLength, fields: fields) }
    let hasTime = items.contains { $0.kind == .time }
    let hasColor = items.contains { $0.kind == .color }
    switch (items[0].version, hasTime, hasColor) {
    case (1, false, false): return RecordCoder<PointItemV1, NoItem, NoItem>(items, recordLength: recordLength)
    case (1, true, false): return RecordCoder<PointItemV1, TimeItemV1, NoItem>(items, recordLength: recordLength)
    case (1, false, true): return RecordCoder<PointItemV1, NoItem, ColorItemV1>(items, recordLength: recordLength)
    case (1, true, true): return RecordCoder<PointItemV1, TimeItemV1, ColorItemV1>(items, recordLength: recordLength)
    case (_, false, false): return RecordCoder<PointItemV2, NoItem, NoItem>(items, recordLength: recordLength)
    case (_, true, false): return RecordCoder<PointItemV2, TimeItemV2, NoItem>(items, recordLength: recordLength)
    case (_, false, true): return RecordCoder<PointItemV2, NoItem, ColorItemV2>(items, recordLength: recordLength)
    case (_, true, true): return RecordCoder<PointItemV2, TimeItemV2, ColorItemV2>(items, recordLength: recordLength)
    }
  }
}
