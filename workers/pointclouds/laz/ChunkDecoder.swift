/// Decodes whole chunks, one after another, with one set of models.
protocol ChunkDecoder {
  /// Writes `count` records to `target`.
  mutating func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, count: Int
  ) -> ChunkOutcome
}

/// How the decoding of a chunk ended.
enum ChunkOutcome {
  /// All points are there, and so many bytes were left over.
  case complete(unread: Int)
  /// The bytes ended at this point.
  case exhausted(point: Int)
}

/// A chunk decoder made for one combination of items, so that the compiler can make one loop of them.
struct RecordDecoder<Point: ItemDecoder, Time: ItemDecoder, Color: ItemDecoder>: ChunkDecoder {
  private let arena = ModelArena()
  private var point: Point
  private var time: Time
  private var color: Color
  private var extra: BytesItem?
  private let recordLength: Int

  init(_ items: [LASzipRecord.Item], recordLength: Int) {
    self.recordLength = recordLength
    point = Point(arena)
    time = Time(arena)
    color = Color(arena)
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
      unsafe decodeRecord(record, &decoder)
      if decoder.isExhausted { return .exhausted(point: index) }
    }
    return .complete(unread: decoder.remaining)
  }

  private mutating func begin(_ first: UnsafeRawPointer) {
    arena.reset()
    unsafe point.begin(first)
    unsafe time.begin(first + Point.size)
    unsafe color.begin(first + Point.size + Time.size)
    unsafe extra?.begin(first + Point.size + Time.size + Color.size)
  }

  @inline(__always) private mutating func decodeRecord(
    _ record: UnsafeMutableRawPointer, _ decoder: inout ArithmeticDecoder
  ) {
    unsafe point.decode(into: record, from: &decoder)
    unsafe time.decode(into: record + Point.size, from: &decoder)
    unsafe color.decode(into: record + Point.size + Time.size, from: &decoder)
    unsafe extra?.decode(into: record + Point.size + Time.size + Color.size, from: &decoder)
  }
}

extension LASzipRecord {
  /// The decoder for this record's items, all of one version.
  func makeDecoder(recordLength: Int) -> any ChunkDecoder {
    let hasTime = items.contains { $0.kind == .time }
    let hasColor = items.contains { $0.kind == .color }
    switch (items[0].version, hasTime, hasColor) {
    case (1, false, false): return RecordDecoder<PointItemV1, NoItem, NoItem>(items, recordLength: recordLength)
    case (1, true, false): return RecordDecoder<PointItemV1, TimeItemV1, NoItem>(items, recordLength: recordLength)
    case (1, false, true): return RecordDecoder<PointItemV1, NoItem, ColorItemV1>(items, recordLength: recordLength)
    case (1, true, true): return RecordDecoder<PointItemV1, TimeItemV1, ColorItemV1>(items, recordLength: recordLength)
    case (_, false, false): return RecordDecoder<PointItemV2, NoItem, NoItem>(items, recordLength: recordLength)
    case (_, true, false): return RecordDecoder<PointItemV2, TimeItemV2, NoItem>(items, recordLength: recordLength)
    case (_, false, true): return RecordDecoder<PointItemV2, NoItem, ColorItemV2>(items, recordLength: recordLength)
    case (_, true, true): return RecordDecoder<PointItemV2, TimeItemV2, ColorItemV2>(items, recordLength: recordLength)
    }
  }
}
