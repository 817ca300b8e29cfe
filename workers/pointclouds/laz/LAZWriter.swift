import Numerics
import Synchronization

/// Compresses the points of a cloud to a file, chunk by chunk.
struct LAZWriter {
  let record: LASzipRecord
  private let recordLength: Int

  init(_ header: LASHeader) throws(PointCloudError) {
    record = try LASzipRecord(for: header)
    recordLength = header.recordLength
  }

  private var chunkSize: Int { Int(record.chunkSize ?? LASzipRecord.writtenChunkSize) }

  /// Writes the place of the chunk table, the chunks and their table.
  ///
  /// A few chunks per thread are in memory at any time.
  ///
  /// - Parameters:
  ///   - start: where in the file the points begin.
  ///   - records: the bytes of some of the records.
  /// - Returns: where the points end.
  func write(
    count: Int, at start: Int, to file: borrowing AtomicFile, threads: Int,
    records: @Sendable (Range<Int>) -> [UInt8]
  ) throws(PointCloudError) -> Int {
    let coders = CoderPool(record, recordLength: recordLength)
    let chunks = (count + chunkSize - 1) / chunkSize
    var sizes: [Int] = []
    try file.write([UInt8](repeating: 0, count: 8))
    for first in stride(from: 0, to: chunks, by: 2 * threads) {
      let numbers = first..<min(chunks, first + 2 * threads)
      let coded = Mutex([[UInt8]](repeating: [], count: numbers.count))
      parallelFor(numbers.count, threads: threads) { index in
        let points = (first + index) * chunkSize..<min(count, (first + index + 1) * chunkSize)
        let bytes = coders.using { coder in encode(records(points), points.count, &coder) }
        coded.withLock { $0[index] = bytes }
      }
      for bytes in coded.withLock({ $0 }) {
        try file.write(bytes)
        sizes.append(bytes.count)
      }
    }
    let table = table(sizes)
    let place = start + 8 + sizes.reduce(0, +)
    try file.write(table)
    var pointer: [UInt8] = []
    pointer.append(Int64(place))
    try file.overwrite(pointer, at: start)
    return place + table.count
  }

  private func encode(_ records: [UInt8], _ count: Int, _ coder: inout any ChunkCoder) -> [UInt8] {
    var records = records
    return unsafe records.withUnsafeMutableBytes { buffer in
      unsafe coder.encode(buffer.baseAddress.unsafelyUnwrapped, count: count)
    }
  }

  /// The chunk table: version 0, the number of chunks, and their sizes in bytes.
  private func table(_ sizes: [Int]) -> [UInt8] {
    var table: [UInt8] = []
    table.append(UInt32(0))
    table.append(UInt32(sizes.count))
    guard !sizes.isEmpty else { return table }
    let output = CodeBytes()
    var encoder = ArithmeticCoder(into: output)
    var entries = ChunkEntries(UInt32(chunkSize))
    for size in sizes { _ = entries.code(ChunkEntries.Entry(bytes: size), with: &encoder) }
    encoder.finish()
    return table + output.bytes
  }
}
