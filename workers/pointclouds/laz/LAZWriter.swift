/// What a compressed file has beside its chunks: how they are coded, how long each is, and the table that says so.
struct LAZWriter: Sendable {
  let record: LASzipRecord
  let coders: IdlePool<ChunkCoder>
  /// The bytes of each chunk that was written.
  var sizes: [Int] = []

  init(_ header: LASHeader) throws(PointCloudError) {
    let (record, length) = (try LASzipRecord(for: header), header.recordLength)
    self.record = record
    coders = IdlePool { record.makeCoder(recordLength: length, fields: .all) }
  }

  /// Points per chunk; the last one has fewer.
  var chunkSize: Int { Int(record.chunkSize ?? LASzipRecord.writtenChunkSize) }

  /// The bytes of all chunks.
  var byteCount: Int { sizes.reduce(0, +) }

  /// The chunk table: version 0, the number of chunks, and their sizes in bytes.
  func table() -> [UInt8] {
    var table: [UInt8] = []
    table.append(UInt32(0))
    table.append(UInt32(sizes.count))
    guard !sizes.isEmpty else { return table }
    let output = CodeBytes()
    var encoder = ArithmeticEncoder(appendingTo: output)
    var entries = ChunkEntries(UInt32(chunkSize))
    for size in sizes { _ = entries.code(ChunkEntries.Entry(bytes: size), with: &encoder) }
    encoder.finish()
    return unsafe table + output.bytes
  }
}
